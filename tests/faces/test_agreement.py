"""Page = API = command, for any period, zone and filter."""

from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botmeter.reports.filters import FILTERS
from faces.conftest import Asked
from support.examples import examples
from support.html import widget_values

# The fixtures hold nothing that an example changes.
_KEPT = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
EXAMPLES = settings(examples(cost=6), suppress_health_check=_KEPT)
# A page draws its charts, which takes a hundred times what its numbers take.
PAGE_EXAMPLES = settings(examples(cost=12), suppress_health_check=_KEPT)
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
    "started_at": ("mon-09", "tue-12", "wed-15", "thu-18", "fri-21"),
}
"""Values of filters, by the column with which they are compared."""


def some(*names: str) -> st.SearchStrategy[list[str]]:
    return st.one_of(st.just([]), st.lists(st.sampled_from(names), max_size=2, unique=True))


@st.composite
def questions(draw: st.DrawFn, zones: tuple[str, ...] = ("UTC", "Asia/Kolkata", "America/New_York")) -> dict[str, Any]:
    """The words of an address."""
    start = draw(st.integers(0, 60))
    first_on = FIRST_ON + timedelta(days=start)
    last_on = first_on + timedelta(days=draw(st.integers(0, 70 - start)))
    asked: dict[str, Any] = {
        "from": first_on.isoformat(),
        "to": last_on.isoformat(),
        "timezone": draw(st.sampled_from(zones)),
    }
    for declared in FILTERS:
        values = VALUES[declared.column]
        # Mostly a few filters, or nothing would match.
        if draw(st.integers(0, 3)) == 0:
            asked[declared.name] = draw(some(*values))
        if draw(st.integers(0, 5)) == 0:
            asked[declared.not_parameter] = draw(some(*values))
    preview = draw(st.sampled_from([None, None, *PREVIEW]))
    return {**asked, "preview": preview} if preview else asked


def options(asked: dict[str, Any]) -> list[str]:
    """The same question as a command takes it."""
    words = [PREVIEW[asked["preview"]]] if "preview" in asked else []
    filters = {declared.name: declared.option for declared in FILTERS}
    filters |= {declared.not_parameter: declared.not_option for declared in FILTERS}
    for name, values in asked.items():
        if name != "preview":
            for value in [values] if isinstance(values, str) else values:
                words += [filters.get(name, f"--{name}"), value]
    return words


def all_items(api: Asked, asked: dict[str, Any], **look: str) -> list[Any]:
    items: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        answer = api("sessions", **asked, **look, **cursor, limit="17")
        items += answer["items"]
        if answer["next_cursor"] is None:
            return items
        cursor = {"cursor": answer["next_cursor"]}


@EXAMPLES
@given(asked=questions())
def test_the_report_is_the_same_by_api_and_command(api: Asked, command: Asked, asked: dict[str, Any]) -> None:
    assert api("reports/session-usage", **asked) == command("report", *options(asked))


@EXAMPLES
@given(asked=questions())
def test_the_rows_are_the_same_by_api_and_command(api: Asked, command: Asked, asked: dict[str, Any]) -> None:
    assert all_items(api, asked) == command("sessions", *options(asked))


@EXAMPLES
@given(asked=questions())
def test_rows_and_sessions_are_what_the_report_counts(api: Asked, asked: dict[str, Any]) -> None:
    consumed = api("reports/session-usage", **asked)["sessions_consumed"]
    sessions = [item["session_id"] for item in all_items(api, asked, group="session")]
    assert len(sessions) == len(set(sessions)) == consumed
    assert {row["session_id"] for row in all_items(api, asked)} == set(sessions)


@PAGE_EXAMPLES
@given(asked=questions())
def test_every_widget_of_the_page_shows_what_the_api_says(api: Asked, page: Asked, asked: dict[str, Any]) -> None:
    report, shown = api("reports/session-usage", **asked), widget_values(page(REPORT, **asked))
    numbers = {name: [int(one["data-value"]) for one in values] for name, values in shown.items()}
    assert numbers["sessions-consumed"][0] == report["sessions_consumed"]
    days = {one["data-day"]: int(one["data-value"]) for one in shown.get("session-consumption-trend", [])}
    assert {on: count for on, count in days.items() if count} == {
        day["date"]: day["sessions"] for day in report["trend"] if day["sessions"]
    }
    assert sum(days.values()) == report["sessions_consumed"]
    months = {one["data-month"]: int(one["data-value"]) for one in shown.get("monthly-consumption", [])}
    assert {on: count for on, count in months.items() if count} == {
        month["month"]: month["sessions"] for month in report["by_month"] if month["sessions"]
    }
    for widget, split in (("bot-consumption", "by_bot"), ("channel-consumption", "by_channel")):
        assert [number for number in numbers.get(widget, []) if number] == [
            part["sessions"] for part in report[split] if part["sessions"]
        ]


@PAGE_EXAMPLES
@given(asked=questions())
def test_splits_by_what_opened_are_the_same_too(api: Asked, page: Asked, asked: dict[str, Any]) -> None:
    report, shown = api("reports/session-usage", **asked), widget_values(page(REPORT, **asked, split="opened"))
    for widget, split in (("bot-consumption", "by_bot"), ("channel-consumption", "by_channel")):
        opened = sorted(int(one["data-value"]) for one in shown.get(widget, []) if one["data-value"] != "0")
        assert opened == sorted(part["opened"] for part in report[split] if part["opened"])
        assert sum(opened) == report["sessions_consumed"]


@PAGE_EXAMPLES
@given(asked=questions())
def test_both_entries_show_one_report(page: Asked, asked: dict[str, Any]) -> None:
    reports = widget_values(page(REPORT, **asked))
    billing = widget_values(page("admin/billing/session-usage-reports", **asked))
    assert {name: [one["data-value"] for one in values] for name, values in reports.items()} == {
        name: [one["data-value"] for one in values] for name, values in billing.items()
    }


@PAGE_EXAMPLES
@given(asked=questions())
def test_the_page_of_rows_counts_what_the_api_lists(api: Asked, page: Asked, asked: dict[str, Any]) -> None:
    shown = page(f"{REPORT}/rows", **asked)
    rows = all_items(api, asked)
    assert f'data-value="{len({row["session_id"] for row in rows})}"' in shown
    assert f'data-rows="{len(rows)}"' in shown


def test_every_session_is_explained_in_the_same_words(api: Asked, command: Asked) -> None:
    asked = {"from": "2026-02-01", "to": "2026-02-10"}
    sessions = [item["session_id"] for item in all_items(api, asked, group="session")]
    assert sessions
    for session_id in sessions[:10]:
        assert api(f"sessions/{session_id}/explanation") == command("explain", session_id)
