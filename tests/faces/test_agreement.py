"""Page = API = command = Python, for any period, zone and filter."""

import io
import json
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botmeter import AccountReader
from botmeter.reports.compared_period import Compare
from botmeter.reports.export import write_rows
from botmeter.reports.filters import FILTERS
from botmeter.reports.presets import Preset
from botmeter.reports.row_lines import IDS_MAX
from faces.conftest import Ask
from support.examples import examples
from support.html import widget_values

# No example changes what the fixtures hold.
_SUPPRESSED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
EXAMPLES = settings(examples(cost=6), suppress_health_check=_SUPPRESSED)
# A page draws its charts, which takes a hundred times what its numbers take.
PAGE_EXAMPLES = settings(examples(cost=12), suppress_health_check=_SUPPRESSED)
REPORT = "reports/bot-session-consumption"
PREVIEW = {"only": "--preview", "without": "--no-preview"}
FIRST_ON = date(2026, 1, 25)
VALUES = {
    "bot_id": ("orders", "returns", "faq", "nobody"),
    "bot_version": ("1", "2", "orders/1", "nobody/2"),
    "channel": ("web", "whatsapp", "sms"),
    "customer_id": ("c1", "c2", "c3"),
    "conversation_id": ("v1", "v2", "v3"),
    "ticket_type": ("refund", "delivery", "unknown"),
    "cost_centre": ("Sales", "Online", "Nobody"),
    "started_at": ("mon-09", "tue-12", "wed-15", "thu-18", "fri-21"),
}
"""Values of filters, by the column with which they are compared."""


def some(*names: str) -> st.SearchStrategy[list[str]]:
    return st.one_of(st.just([]), st.lists(st.sampled_from(names), max_size=2, unique=True))


@st.composite
def queries(draw: st.DrawFn, zones: tuple[str, ...] = ("UTC", "Asia/Kolkata", "America/New_York")) -> dict[str, Any]:
    """Parameters of a query."""
    start = draw(st.integers(0, 60))
    first_on = FIRST_ON + timedelta(days=start)
    last_on = first_on + timedelta(days=draw(st.integers(0, 70 - start)))
    query: dict[str, Any] = {
        "from": first_on.isoformat(),
        "to": last_on.isoformat(),
        "timezone": draw(st.sampled_from(zones)),
    }
    for declared in FILTERS:
        values = VALUES[declared.column]
        # Mostly a few filters, or nothing would match.
        if draw(st.integers(0, 3)) == 0:
            query[declared.name] = draw(some(*values))
        if draw(st.integers(0, 5)) == 0:
            query[declared.not_parameter] = draw(some(*values))
    preview = draw(st.sampled_from([None, None, *PREVIEW]))
    return {**query, "preview": preview} if preview else query


def options(query: dict[str, Any]) -> list[str]:
    """The same query as options of a command."""
    words = [PREVIEW[query["preview"]]] if "preview" in query else []
    filters = {declared.name: declared.option for declared in FILTERS}
    filters |= {declared.not_parameter: declared.not_option for declared in FILTERS}
    for name, values in query.items():
        if name != "preview":
            for value in [values] if isinstance(values, str) else values:
                words += [filters.get(name, f"--{name}"), value]
    return words


def arguments(query: dict[str, Any]) -> dict[str, Any]:
    """The same query as arguments in Python."""
    named = {"from": "first", "to": "last"} | {each.not_parameter: f"not_{each.name}" for each in FILTERS}
    given = {named.get(name, name): value for name, value in query.items()}
    return given | ({"preview": query["preview"] == "only"} if "preview" in query else {})


def all_items(api: Ask, query: dict[str, Any], **view: str) -> list[Any]:
    items: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        answer = api("sessions", **query, **view, **cursor, limit="17")
        items += answer["items"]
        if answer["next_cursor"] is None:
            return items
        cursor = {"cursor": answer["next_cursor"]}


@EXAMPLES
@given(query=queries())
def test_the_report_is_the_same_by_api_command_and_python(
    api: Ask, command: Ask, python: AccountReader, query: dict[str, Any]
) -> None:
    report = api("reports/session-usage", **query)
    assert report == command("report", *options(query))
    assert report == python.report(**arguments(query)).to_dict()


@given(
    period=st.sampled_from([None, *Preset]),
    compare=st.sampled_from([one for one in Compare if one is not Compare.CUSTOM]),
)
@EXAMPLES
def test_named_periods_and_comparisons_are_the_same_by_api_command_and_python(
    api: Ask, command: Ask, python: AccountReader, period: Preset | None, compare: Compare
) -> None:
    named = {} if period is None else {"period": period.value}
    report = api("reports/session-usage", **named, compare=compare.value)
    words = [word for name, value in named.items() for word in (f"--{name}", value)]
    # A report of a running period is compared up to the present minute on pages, to the microsecond by commands.
    for other in (
        command("report", *words, "--compare", compare.value),
        python.report(**named, compare=compare).to_dict(),
    ):
        for one in (report, other):
            if one.get("comparison"):
                one["comparison"]["until"] = None
        assert report == other


@EXAMPLES
@given(query=queries())
def test_the_rows_are_the_same_by_api_command_and_python(
    api: Ask, command: Ask, python: AccountReader, query: dict[str, Any]
) -> None:
    rows = all_items(api, query)
    assert rows == command("sessions", *options(query))
    out = io.BytesIO()
    write_rows(python.sessions(**arguments(query)), format="json", out=out, timezone=query["timezone"])
    assert rows == json.loads(out.getvalue())


@EXAMPLES
@given(query=queries(), grain=st.sampled_from(["session", "conversation", "ticket"]))
def test_the_lines_of_a_grain_are_the_number_of_the_report_by_api_and_command(
    api: Ask, command: Ask, query: dict[str, Any], grain: str
) -> None:
    report, items = api("reports/session-usage", **query), all_items(api, query, grain=grain)
    number = {"session": "sessions_consumed", "conversation": "conversations", "ticket": "tickets"}[grain]
    assert len(items) == report[number]
    if grain != "session":
        lines = command("sessions", *options(query), "--grain", grain)
        assert items == [{name: _as_in_an_item(value) for name, value in line.items()} for line in lines]


def _as_in_an_item(value: Any) -> Any:
    """A file has all ids, an item the first of many."""
    return value[:IDS_MAX] if isinstance(value, list) else value


@EXAMPLES
@given(query=queries())
def test_rows_and_sessions_are_what_the_report_counts(api: Ask, query: dict[str, Any]) -> None:
    consumed = api("reports/session-usage", **query)["sessions_consumed"]
    sessions = [item["session_id"] for item in all_items(api, query, group="session")]
    assert len(sessions) == len(set(sessions)) == consumed
    assert {row["session_id"] for row in all_items(api, query)} == set(sessions)


@PAGE_EXAMPLES
@given(query=queries())
def test_every_widget_of_the_page_has_the_numbers_of_the_api(api: Ask, page: Ask, query: dict[str, Any]) -> None:
    report, widgets = api("reports/session-usage", **query), widget_values(page(REPORT, **query))
    numbers = {name: [int(one["data-value"]) for one in values] for name, values in widgets.items()}
    assert numbers["sessions-consumed"][0] == report["sessions_consumed"]
    days = {one["data-day"]: int(one["data-value"]) for one in widgets.get("session-consumption-trend", [])}
    assert {on: count for on, count in days.items() if count} == {
        day["date"]: day["sessions"] for day in report["trend"] if day["sessions"]
    }
    assert sum(days.values()) == report["sessions_consumed"]
    months = {one["data-month"]: int(one["data-value"]) for one in widgets.get("monthly-consumption", [])}
    assert {on: count for on, count in months.items() if count} == {
        month["month"]: month["sessions"] for month in report["by_month"] if month["sessions"]
    }
    for widget, split in (("bot-consumption", "by_bot"), ("channel-consumption", "by_channel")):
        assert [number for number in numbers.get(widget, []) if number] == [
            part["sessions"] for part in report[split] if part["sessions"]
        ]


@PAGE_EXAMPLES
@given(query=queries())
def test_splits_by_opening_have_the_numbers_of_the_api(api: Ask, page: Ask, query: dict[str, Any]) -> None:
    report, widgets = api("reports/session-usage", **query), widget_values(page(REPORT, **query, split="opened"))
    for widget, split in (("bot-consumption", "by_bot"), ("channel-consumption", "by_channel")):
        opened = sorted(int(one["data-value"]) for one in widgets.get(widget, []) if one["data-value"] != "0")
        assert opened == sorted(part["opened"] for part in report[split] if part["opened"])
        assert sum(opened) == report["sessions_consumed"]


@PAGE_EXAMPLES
@given(query=queries())
def test_both_addresses_of_the_report_show_the_same_numbers(page: Ask, query: dict[str, Any]) -> None:
    reports = widget_values(page(REPORT, **query))
    billing = widget_values(page("admin/billing/session-usage-reports", **query))
    assert {name: [one["data-value"] for one in values] for name, values in reports.items()} == {
        name: [one["data-value"] for one in values] for name, values in billing.items()
    }


@PAGE_EXAMPLES
@given(query=queries())
def test_the_page_of_rows_counts_what_the_api_lists(api: Ask, page: Ask, query: dict[str, Any]) -> None:
    html = page(f"{REPORT}/rows", **query)
    rows = all_items(api, query)
    assert f'data-value="{len({row["session_id"] for row in rows})}"' in html
    assert f'data-rows="{len(rows)}"' in html


def test_an_explanation_is_the_same_by_api_and_command(api: Ask, command: Ask) -> None:
    query = {"from": "2026-02-01", "to": "2026-02-10"}
    sessions = [item["session_id"] for item in all_items(api, query, group="session")]
    assert sessions
    for session_id in sessions[:10]:
        assert api(f"sessions/{session_id}/explanation") == command("explain", session_id)
