"""Text that fits: tables, bars, sparklines, and the report at any width."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botmeter.cli.bars import bar, pooled, sparkline
from botmeter.cli.report_page import report_page
from botmeter.cli.terminal import Screen, cell_count, fitted, printable, share_text, size_text, table
from botmeter.domain.period import Period
from botmeter.reports.query import UsageQuery

TEXTS = st.text(max_size=60)


@given(text=TEXTS, width=st.integers(4, 40), right=st.booleans())
def test_a_fitted_text_has_exactly_its_width(text: str, width: int, *, right: bool) -> None:
    assert cell_count(fitted(printable(text), width, right=right)) == width


@given(TEXTS)
def test_printed_text_moves_no_cursor(text: str) -> None:
    drawn = printable(f"\x1b[31m\u202e\n\r{text}")
    assert not set(drawn) & set("\x1b\u202e\n\r\x07\u2028")


@given(st.lists(st.tuples(TEXTS, st.integers(0, 10**12), TEXTS), max_size=5), st.integers(40, 80))
def test_a_table_never_is_wider_than_its_screen(rows: list[tuple[str, int, str]], width: int) -> None:
    drawn = table(("name", "sessions", "a longer heading"), rows, screen=Screen(width=width))
    assert all(cell_count(line) <= width for line in drawn.split("\n"))


def test_numbers_in_a_table_are_right_aligned() -> None:
    drawn = table(("name", "sessions"), [("a", 1_204), ("b", 7)], screen=Screen())
    assert drawn == "name  sessions\na        1,204\nb            7\n"


@pytest.mark.parametrize(
    ("part", "most", "drawn"),
    [(0, 8, ""), (8, 8, "████"), (4, 8, "██"), (1, 8, "▌"), (1, 10_000, "▏"), (3, 0, ""), (5, 8, "██▌")],
)
def test_a_bar_is_as_long_as_its_share_and_nothing_disappears(part: int, most: int, drawn: str) -> None:
    assert bar(part, most=most, width=4) == drawn


@given(part=st.integers(0, 10**9), most=st.integers(1, 10**9), width=st.integers(1, 60), in_unicode=st.booleans())
def test_a_bar_never_is_longer_than_its_width(part: int, most: int, width: int, *, in_unicode: bool) -> None:
    assert len(bar(min(part, most), most=most, width=width, in_unicode=in_unicode)) <= width


def test_a_sparkline_has_zero_alone_on_its_lowest_step() -> None:
    assert sparkline([0, 1, 50, 100, None]) == "▁▂▅█·"
    assert sparkline([0, 1, 50, 100, None], in_unicode=False) == "_.=# "
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([]) == ""


@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=2_000), st.integers(10, 80))
def test_pooled_days_fit_and_keep_their_sum(values: list[int], width: int) -> None:
    pools, size = pooled(values, width=width)
    assert len(pools) <= width
    counts = [len(values) - size * (len(pools) - 1), *[size] * (len(pools) - 1)]
    assert sum((mean or 0) * count for mean, count in zip(pools, counts, strict=True)) == pytest.approx(sum(values))


def test_sizes_and_shares_read_as_people_write_them() -> None:
    assert [size_text(size) for size in (0, 999, 1_500, 3_400_000_000)] == ["0 bytes", "999 bytes", "1.5 kB", "3.4 GB"]
    assert [share_text(1, whole=whole) for whole in (0, 3)] == ["", "33.3 %"]


NAMES = st.text(min_size=1, max_size=50)


@given(
    width=st.integers(60, 80),
    in_unicode=st.booleans(),
    bots=st.lists(st.tuples(NAMES, st.integers(0, 10**9)), max_size=4),
    days=st.integers(1, 900),
)
def test_the_report_never_is_wider_than_its_screen(
    width: int, *, in_unicode: bool, bots: list[tuple[str, int]], days: int
) -> None:
    period = Period(first_on=date.fromordinal(738_000), last_on=date.fromordinal(738_000 + days - 1))
    answer = {
        "account": "acme", "policy": "freshchat.session@1", "filters": {"bot": [name for name, _ in bots]},
        "sessions_consumed": 10**9, "previews": 1, "conversations": 10**8, "tickets": 10**7,
        "trend": [{"date": day.isoformat(), "sessions": day.day * 7 % 11, "tickets": 0} for day in period.days()],
        "by_bot": [{"bot_id": "b", "bot_name": name, "sessions": count, "opened": count} for name, count in bots],
        "by_channel": [], "by_month": [{"month": "2021-07", "sessions": 5, "partial": True}],
        "by_ticket_type": [{"ticket_type": name, "tickets": 1, "sessions": 1} for name, _ in bots],
        "comparison": {
            "period": {"from": "2020-12-31", "to": "2021-06-30", "days": 182}, "days_with_data": 182,
            "sessions_consumed": 10**9, "change_percent": -12345.6, "change_per_day_percent": 12345.6,
        },
    }  # fmt: skip
    page = report_page(
        answer,
        query=UsageQuery(period=period, moved_from=date(2001, 1, 1)),
        screen=Screen(width=width, in_unicode=in_unicode),
    )
    assert not [line for line in page.split("\n") if cell_count(line) > width]
    assert in_unicode or page.isascii()


def test_a_report_of_more_than_ten_years_lists_the_newest_months() -> None:
    period = Period(first_on=date(2016, 1, 1), last_on=date(2026, 2, 28))
    months = [f"{year}-{month:02}" for year in range(2016, 2027) for month in range(1, 13)][:122]
    answer = {
        "account": "acme", "policy": "freshchat.session@1", "filters": {}, "sessions_consumed": 122, "previews": 0,
        "conversations": 122, "tickets": 0, "by_bot": [], "by_channel": [], "by_ticket_type": [],
        "trend": [{"date": day.isoformat(), "sessions": 0, "tickets": 0} for day in period.days()],
        "by_month": [{"month": month, "sessions": 1, "partial": False} for month in months],
    }  # fmt: skip
    page = report_page(answer, query=UsageQuery(period=period), screen=Screen(width=80))
    assert [month for month in months if month in page] == months[2:]
    assert "… and 2 earlier months; --format csv lists them all." in page
