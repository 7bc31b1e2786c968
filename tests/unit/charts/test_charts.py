"""The shapes that each chart draws."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from tests.unit.charts.samples import HOUR_US, corners, mark, points, shapes, texts, timeline, trend

from botmeter.charts.columns import MonthColumn, Stack, monthly_svg, stacked_chart, stacked_svg
from botmeter.charts.plane import COLUMN_WIDTHS, WIDTHS
from botmeter.charts.timeline import LANES_MAX, Lane, timeline_svg
from botmeter.charts.trend import Trend, spark_svg, trend_chart, trend_svg
from botmeter.reports.intervals import Interval

WIDE = WIDTHS[-1]


def solid_lines(drawing: str) -> list[list[tuple[float, float]]]:
    """The lines of full points, from left to right."""
    return [
        corners(path)
        for path in shapes(drawing, "path", stroke="var(--accent)")
        if path.get("stroke-dasharray") is None
    ]


def test_days_before_the_data_are_a_gap_and_not_zero() -> None:
    some = tuple(replace(point, has_data=i >= 2) for i, point in enumerate(points(0, 0, 7, 9, 8)))
    assert [len(line) for line in solid_lines(trend_svg(Trend(name="t", points=some), width=WIDE))] == [3]


def test_a_gap_in_the_middle_parts_the_line_and_a_lone_day_is_a_dot() -> None:
    some = tuple(replace(point, has_data=i != 1) for i, point in enumerate(points(5, 0, 7, 9)))
    drawing = trend_svg(Trend(name="t", points=some, peak_word=""), width=WIDE)
    assert [len(line) for line in solid_lines(drawing)] == [2]
    assert [dot.attrib["cx"] for dot in shapes(drawing, "circle", fill="var(--accent)")] == ["8"]


def test_a_lone_day_is_a_dot_in_a_long_trend_too() -> None:
    some = tuple(replace(point, has_data=i != 1) for i, point in enumerate(points(*range(1, 401))))
    drawing = trend_svg(Trend(name="t", points=some, peak_word=""), width=WIDE)
    assert len(shapes(drawing, "circle", fill="var(--accent)")) == 1


def test_the_line_ends_at_the_last_full_day_and_dots_lead_to_today() -> None:
    some = points(5, 6, 2)
    made = Trend(name="t", points=(*some[:2], replace(some[2], is_partial=True)), partial_label="2 until 14:02")
    drawing = trend_svg(made, width=WIDE)
    (full,) = solid_lines(drawing)
    (dotted,) = (corners(path) for path in shapes(drawing, "path", stroke_dasharray="1 4"))
    (today,) = shapes(drawing, "circle", fill="var(--surface)")
    assert dotted[0] == full[-1]
    assert (float(today.attrib["cx"]), float(today.attrib["cy"])) == pytest.approx(dotted[1], abs=0.06)
    assert "2 until 14:02" in texts(drawing)


def test_the_compared_period_is_dashed_on_the_same_scale() -> None:
    some = tuple(replace(point, compared_count=90) for point in points(5, 6, 2))
    drawing = trend_svg(Trend(name="t", points=some), width=WIDE)
    (line,) = shapes(drawing, "path", stroke_dasharray="4 3")
    assert len({y for _, y in corners(line)}) == 1
    assert "100" in texts(drawing)


def test_a_compared_period_of_one_day_is_a_dot() -> None:
    some = (replace(points(5)[0], compared_count=3),)
    drawing = trend_svg(Trend(name="t", points=some), width=WIDE)
    assert len(shapes(drawing, "circle", fill="var(--compare)")) == 1


def test_thirty_days_are_labelled_on_mondays_and_today() -> None:
    drawing = trend_svg(Trend(name="t", points=points(*range(30)), last_label="Today"), width=1060)
    assert [text for text in texts(drawing) if "Oct" in text or ("Nov" in text and ":" not in text)] == [
        "26 Oct",
        "2 Nov",
        "9 Nov",
        "16 Nov",
    ]
    assert texts(drawing).count("Today") == 1


@pytest.mark.parametrize("day_count", [1, 2, 7, 31, 90, 200, 400])
@pytest.mark.parametrize("width", WIDTHS)
def test_labels_under_the_line_never_touch(day_count: int, width: int) -> None:
    drawing = trend_svg(Trend(name="t", points=points(*range(day_count)), last_label="Today"), width=width)
    labels = shapes(drawing, "text")
    below = max(float(each.attrib["y"]) for each in labels)
    positions = sorted(float(each.attrib["x"]) for each in labels if float(each.attrib["y"]) == below)
    assert positions
    assert all(after - before >= 40 for before, after in itertools.pairwise(positions))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("interval", [Interval.DAY, Interval.WEEK, Interval.MONTH])
def test_an_axis_over_several_years_names_each_of_them(interval: Interval, width: int) -> None:
    days = points(*range(800), first_on=date(2024, 6, 3))
    some = {Interval.DAY: days, Interval.WEEK: days[::7], Interval.MONTH: tuple(p for p in days if p.on.day == 1)}
    drawing = trend_svg(Trend(name="t", points=some[interval], interval=interval, peak_word=""), width=width)
    assert {text[-4:] for text in texts(drawing)} >= {"2025", "2026"}


def test_a_year_is_named_once_where_it_begins() -> None:
    made = Trend(name="t", points=points(*range(30), first_on=date(2026, 12, 14)), peak_word="")
    dates = [text for text in texts(trend_svg(made, width=WIDE)) if text[-1].isalpha() or len(text) > 8]
    assert dates == ["14 Dec 2026", "21 Dec", "28 Dec", "4 Jan 2027", "11 Jan"]


@pytest.mark.parametrize(("width", "step"), [(WIDTHS[0], 6), (700, 2), (WIDE, 1)])
def test_hours_are_labelled_with_clocks_and_midnight_with_the_day(width: int, step: int) -> None:
    (first,) = points(5)
    hours = tuple(replace(first, hour=hour) for hour in range(24))
    drawing = trend_svg(Trend(name="t", points=hours, interval=Interval.HOUR, peak_word=""), width=width)
    clocks = [text for text in texts(drawing) if ":" in text]
    assert "24 Oct" in texts(drawing)
    assert clocks == [f"{hour:02}:00" for hour in range(step, 24, step)]


def test_a_partial_hour_is_labelled_where_it_is_and_the_hours_to_come_are_empty() -> None:
    (first,) = points(5)
    hours = tuple(replace(first, hour=hour, is_partial=hour == 9, has_data=hour <= 9) for hour in range(24))
    made = Trend(name="t", points=hours, interval=Interval.HOUR, partial_label="5 until 09:20", peak_word="")
    drawing = trend_svg(made, width=WIDE)
    (now,) = shapes(drawing, "circle", fill="var(--surface)")
    (text,) = shapes(drawing, "text", font_weight="600")
    assert abs(float(now.attrib["cx"]) - float(text.attrib["x"])) <= 10
    assert [len(line) for line in solid_lines(drawing)] == [9]


def test_a_first_week_that_the_period_cuts_is_hollow_too() -> None:
    some = points(2, 6, 5, 1)
    cut = (replace(some[0], is_partial=True), *some[1:3], replace(some[3], is_partial=True))
    drawing = trend_svg(Trend(name="t", points=cut, interval=Interval.WEEK), width=WIDE)
    assert len(shapes(drawing, "circle", fill="var(--surface)")) == 2
    assert [len(line) for line in solid_lines(drawing)] == [2]


@pytest.mark.parametrize(("last_count", "is_moved"), [(10, False), (95, True)])
def test_the_last_label_gives_way_to_a_line_that_comes_in_level(last_count: int, is_moved: bool) -> None:
    some = points(90, 100, 96, 97, last_count)
    partial = (*some[:4], replace(some[4], is_partial=True))
    drawing = trend_svg(Trend(name="t", points=partial, partial_label="until 14:02"), width=WIDE)
    (label,) = shapes(drawing, "text", font_weight="600")
    (today,) = shapes(drawing, "circle", fill="var(--surface)")
    beside = float(today.attrib["cy"]) + 4
    assert (abs(float(label.attrib["y"]) - beside) > 0.02) is is_moved


def test_an_empty_trend_and_one_of_zeros_are_drawn() -> None:
    assert trend_chart(Trend(name="t", points=())).marks == ()
    assert texts(trend_svg(trend(0, 0, 0), width=WIDE))[:2] == ["0", "1"]


@pytest.mark.parametrize("greatest", [9, 79, 8_000, 99_999])
def test_the_marks_of_a_trend_fit_over_each_of_its_drawings(greatest: int) -> None:
    chart = trend_chart(trend(1, greatest, 2))
    assert len(chart.marks) == 3
    assert all(f'transform="translate({chart.left},' in drawing for drawing in chart.drawings)


def test_the_spark_line_has_no_words_and_ends_hollow_today() -> None:
    some = points(3, 4, 1)
    drawing = spark_svg((*some[:2], replace(some[2], is_partial=True)), name="t", width=200)
    assert not texts(drawing)
    assert [dot.attrib["cx"] for dot in shapes(drawing, "circle")] == ["193"]


def months(count: int) -> list[MonthColumn]:
    return [
        MonthColumn(on=date(2024 + i // 12, i % 12 + 1, 1), count=1000 + i, title=f"{i}", href=f"/m/{i}")
        for i in range(count)
    ]


@pytest.mark.parametrize("month_count", [2, 14, 40, 120])
@pytest.mark.parametrize("width", [width for width in COLUMN_WIDTHS if width >= 476])
def test_months_of_several_years_name_each_year_and_their_labels_never_touch(width: int, month_count: int) -> None:
    labels = shapes(monthly_svg(months(month_count), name="m", width=width), "text")
    below = max(float(each.attrib["y"]) for each in labels)
    dates = [each for each in labels if float(each.attrib["y"]) == below]
    years = {int(text[-4:]) for each in dates if (text := each.text or "")[-4:].isdigit()}
    assert years >= {2024 + year for year in range(month_count // 12)} if month_count < 120 else len(years) > 3
    positions = [float(each.attrib["x"]) for each in dates]
    assert all(after - before >= 30 for before, after in itertools.pairwise(positions))


@pytest.mark.parametrize(("width", "month_count"), [(476, 14), (594, 17), (860, 25)])
def test_months_carry_their_value_while_it_has_room_and_have_an_axis_beyond(width: int, month_count: int) -> None:
    assert "1,003" in texts(monthly_svg(months(month_count), name="m", width=width))
    many = texts(monthly_svg(months(month_count + 1), name="m", width=width))
    assert "1,003" not in many
    assert "500" in many


def test_a_partial_month_is_dashed_and_has_a_note() -> None:
    columns = months(3)
    columns[2] = replace(columns[2], is_partial=True, note="until 22 Nov")
    drawing = monthly_svg(columns, name="m", width=594)
    (link,) = (each for each in shapes(drawing, "a") if each.find("path[@stroke-dasharray='3 3']") is not None)
    assert link.attrib["href"] == "/m/2"
    assert "until 22 Nov" in texts(drawing)


def test_a_month_without_data_has_no_column_and_no_value() -> None:
    columns = months(2)
    columns[0] = replace(columns[0], count=0, has_data=False)
    drawing = monthly_svg(columns, name="m", width=594)
    assert [link.attrib["href"] for link in shapes(drawing, "a")] == ["/m/1"]
    assert "0" not in texts(drawing)


def stack(*counts: int) -> Stack:
    return Stack(on=date(2026, 11, 1), counts=counts, title="t")


def test_a_partial_stack_is_pale_with_a_dashed_edge() -> None:
    columns = [stack(2, 3), replace(stack(1, 1), is_partial=True)]
    drawing = stacked_svg(columns, name="s", interval=Interval.DAY, width=COLUMN_WIDTHS[-1])
    pale = shapes(drawing, "path", fill_opacity="0.35")
    assert [each.attrib["fill"] for each in pale] == ["var(--c1)", "var(--c2)"]
    (edge,) = shapes(drawing, "path", stroke_dasharray="3 3")
    assert edge.attrib["d"].count("M") == 1


@pytest.mark.parametrize("width", COLUMN_WIDTHS)
def test_stacked_parts_stand_on_each_other_in_the_fixed_order_of_colours(width: int) -> None:
    drawing = stacked_svg([stack(2, 0, 3)], name="s", interval=Interval.DAY, width=width)
    lower, upper = (each for each in shapes(drawing, "path") if each.attrib["fill"] != "none")
    assert (lower.attrib["fill"], upper.attrib["fill"]) == ("var(--c1)", "var(--c3)")
    assert upper.attrib["d"].split("V")[1].split("H")[0] == lower.attrib["d"].split(",")[1].split("H")[0]


def test_each_stack_has_a_mark_with_its_text_and_its_address() -> None:
    columns = [replace(stack(n), title=f"{n}", href=f"/{n}") for n in (1, 2)]
    assert [(mark.title, mark.href) for mark in stacked_chart(columns, name="s").marks] == [("1", "/1"), ("2", "/2")]


def test_a_ninth_series_is_a_mistake_of_the_page() -> None:
    with pytest.raises(ValueError, match="8 series at most; 9 were given"):
        stacked_chart([stack(*(1,) * 9)], name="s")


def test_the_window_has_a_link_for_each_mark_and_the_next_session_after_it() -> None:
    lane = Lane(
        title="Order bot", subtitle="web", marks=(mark(0, "opening"), mark(1), mark(1, "bot"), mark(2, "ticket"))
    )
    drawing = timeline_svg(timeline(lane, next_hours=24.2), width=WIDE)
    assert len(shapes(drawing, "a")) == 4
    assert "next session" in texts(drawing)


def test_marks_without_an_address_keep_their_hover_text() -> None:
    lane = Lane(title="Order bot", subtitle="web", marks=(mark(0, title="first", href=""),))
    drawing = timeline_svg(timeline(lane), width=WIDE)
    assert not shapes(drawing, "a")
    assert [each.text for each in shapes(drawing, "title")] == ["first"]


def test_a_next_session_weeks_later_is_not_drawn() -> None:
    drawing = timeline_svg(timeline(Lane(title="a", subtitle="b", marks=(mark(0),)), next_hours=900), width=WIDE)
    assert "next session" not in texts(drawing)


def test_marks_that_would_cover_each_other_stand_as_one_but_tickets_all_stand() -> None:
    crowd = tuple(mark(i / 3600) for i in range(5_000))
    tickets = tuple(mark(2 + i / 3600, "ticket") for i in range(3))
    drawing = timeline_svg(timeline(Lane(title="a", subtitle="b", marks=(*crowd, *tickets))), width=WIDE)
    assert len(shapes(drawing, "a")) < 200
    assert len(shapes(drawing, "rect", fill="var(--c2)")) == 3


@pytest.mark.parametrize("width", WIDTHS)
def test_past_twelve_conversations_the_last_line_counts_the_others(width: int) -> None:
    lanes = tuple(Lane(title=f"bot {i}", subtitle="web", marks=(mark(i),)) for i in range(LANES_MAX + 3))
    labels = texts(timeline_svg(timeline(*lanes), width=width))
    assert "and 3 more" in labels
    assert not any(text.startswith(f"bot {LANES_MAX}") for text in labels)


@pytest.mark.parametrize("hours", [0.05, 0.5, 24, 24 * 400])
def test_windows_of_any_length_have_a_few_round_times(hours: float) -> None:
    drawing = timeline_svg(timeline(Lane(title="a", subtitle="b", marks=(mark(0),)), hours=hours), width=WIDE)
    times = [text for text in texts(drawing) if len(text) == 5 and text[2] == ":"]
    assert 1 <= len(times) <= 16


def test_times_are_those_of_the_clocks_of_the_zone() -> None:
    lane = Lane(title="a", subtitle="b", marks=(mark(0),))
    drawing = timeline_svg(timeline(lane, timezone="Asia/Kolkata"), width=WIDE)
    times = [text for text in texts(drawing) if len(text) == 5 and text[2] == ":"]
    assert all(text.endswith(":00") for text in times)
    assert HOUR_US == 60 * 60 * 1_000_000


EVERY_KIND: tuple[Callable[[int], str], ...] = (
    lambda width: trend_svg(replace(trend(5, 80, 3, 9, 7), partial_label="7 until 14:02"), width=width),
    lambda width: stacked_svg([stack(9, 1)] * 40, name="s", interval=Interval.WEEK, width=width),
    lambda width: monthly_svg(months(30), name="m", width=width),
    lambda width: timeline_svg(
        timeline(Lane(title="Order bot", subtitle="web", marks=(mark(0),)), next_hours=25), width=width
    ),
)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("draw", EVERY_KIND)
def test_text_is_twelve_pixels_or_thirteen_and_starts_inside_at_every_width(
    draw: Callable[[int], str], width: int
) -> None:
    drawing = draw(width)
    assert shapes(drawing, "svg", width=str(width))
    (group,) = shapes(drawing, "g", fill="none")
    assert group.attrib["font-size"] == "12"
    left = float(group.attrib["transform"].removeprefix("translate(").split(",")[0])
    for label in shapes(drawing, "text"):
        assert label.get("font-size") in (None, "13")
        assert 0 <= left + float(label.attrib["x"]) <= width
