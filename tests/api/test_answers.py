"""Answers have the documented shape and the numbers of the reports and commands."""

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from botmeter.reports.row_options import SortKey
from botmeter.web.api.document import document
from support.json_schema import faults, schema_of_answer

Ask = Callable[..., Any]
MARCH = {"from_": "2026-03-01", "to": "2026-03-31"}


def as_documented(answer: Any, operation: str) -> Any:
    assert not list(faults(answer, schema_of_answer(document(), operation), document=document()))
    return answer


def walked(ask: Ask, **query: Any) -> list[Any]:
    """The items of all pages."""
    items: list[Any] = []
    cursor: dict[str, str] = {}
    for page_no in count():
        assert page_no < 100
        page = as_documented(ask("sessions", **MARCH, **query, **cursor).json(), "sessions")
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = {"cursor": page["next_cursor"]}
    raise AssertionError


def test_the_report_has_the_documented_shape(ask: Ask) -> None:
    report = as_documented(ask("reports/session-usage", **MARCH).json(), "session_usage")
    assert (report["sessions_consumed"], report["previews"], report["tickets"]) == (4, 1, 1)
    assert sum(day["sessions"] or 0 for day in report["trend"]) == 4
    assert report["period"] == {"from": "2026-03-01", "to": "2026-03-31", "timezone": "UTC", "days": 31}
    as_documented(ask("reports/session-usage", **MARCH, preview="only").json(), "session_usage")


def test_the_default_period_is_the_last_30_days(ask: Ask) -> None:
    assert ask("reports/session-usage").json()["period"]["days"] == 30


def test_days_without_data_are_null(ask: Ask) -> None:
    report = as_documented(ask("reports/session-usage", from_="2026-02-01", to="2026-04-30").json(), "session_usage")
    days = {day["date"]: (day["sessions"], day["tickets"]) for day in report["trend"]}
    assert (days["2026-03-09"], days["2026-03-20"]) == ((None, None), (0, 0))
    months = {month["month"]: (month["sessions"], month["partial"]) for month in report["by_month"]}
    assert (months["2026-02"], months["2026-03"], months["2026-04"]) == ((None, False), (4, False), (0, False))
    to_come = ask("reports/session-usage", from_="2125-04-30", to="2125-04-30").json()
    assert to_come["trend"] == [{"date": "2125-04-30", "sessions": None, "tickets": None}]


def test_a_report_is_compared_only_if_that_is_requested(ask: Ask) -> None:
    assert "comparison" not in ask("reports/session-usage", **MARCH).json()
    days = {"from_": "2026-03-12", "to": "2026-03-13"}
    report = ask("reports/session-usage", **days, compare_from="2026-03-10", compare_to="2026-03-11").json()
    compared = ask("reports/session-usage", from_="2026-03-10", to="2026-03-11").json()
    before = as_documented(report, "session_usage")["comparison"]
    change = 100 * (report["sessions_consumed"] / compared["sessions_consumed"] - 1)
    assert before == {
        "with": "custom",
        "period": {"from": "2026-03-10", "to": "2026-03-11", "timezone": "UTC", "days": 2},
        "until": None,
        "days_with_data": 2,
        **{name: compared[name] for name in ("sessions_consumed", "previews", "conversations", "tickets")},
        "change_percent": round(change, 1),
        "change_per_day_percent": round(change, 1),
    }


def test_no_percentage_is_given_where_days_have_no_data(ask: Ask) -> None:
    report = ask("reports/session-usage", from_="2026-04-01", to="2026-04-30", compare="auto").json()
    before = as_documented(report, "session_usage")["comparison"]
    assert (before["with"], before["period"]["from"], before["period"]["days"]) == ("calendar", "2026-03-01", 31)
    assert (before["days_with_data"], before["sessions_consumed"], before["change_percent"]) == (22, 4, None)
    alone = ask("reports/session-usage", **MARCH, compare="previous").json()
    assert as_documented(alone, "session_usage")["comparison"] is None


def test_a_named_period_is_accepted(ask: Ask) -> None:
    report = ask("reports/session-usage", period="all").json()
    assert (report["period"]["from"], report["sessions_consumed"]) == ("2022-02-04", 4)


def test_a_time_zone_moves_days_and_keeps_the_sum(ask: Ask) -> None:
    report = ask("reports/session-usage", **MARCH, timezone="Asia/Kolkata").json()
    days = {day["date"]: day["sessions"] for day in report["trend"] if day["sessions"]}
    assert days == {"2026-03-10": 1, "2026-03-11": 1, "2026-03-12": 2}
    assert report["period"]["timezone"] == "Asia/Kolkata"


@pytest.mark.parametrize(
    ("filters", "sessions"),
    [
        ({"bot": ["b1"]}, 3),
        ({"bot": ["b1", "b3"]}, 4),
        ({"bot_version": ["7"]}, 2),
        ({"channel": ["whatsapp"]}, 1),
        ({"channel": ["a\u202eb"]}, 1),
        ({"customer": ["c1"]}, 2),
        ({"customer": ["<b>=1+1</b>"]}, 1),
        ({"conversation": ["v5/../%2F"]}, 1),
        ({"preview": "without"}, 3),
        ({"opened_by": ["b1"]}, 3),
        ({"opened_by": ["b1", "nobody"], "opened_on": ["web"]}, 3),
        ({"ticket_type": ["refund"]}, 1),
        ({"ticket_type": ["delivery"]}, 0),
        ({"hour": ["tue-10", "wed-22"], "timezone": "UTC"}, 2),
        ({"bot": ["nobody"]}, 0),
        ({"customer": ["'; DROP TABLE session; --"]}, 0),
        ({"conversation": ["\x00"]}, 0),
    ],
)
def test_filters_select_the_sessions_they_name(ask: Ask, filters: dict[str, Any], sessions: int) -> None:
    report = as_documented(ask("reports/session-usage", **MARCH, **filters).json(), "session_usage")
    assert report["sessions_consumed"] == sessions
    assert len(walked(ask, group="session", **filters)) == sessions
    assert len({row["session_id"] for row in walked(ask, **filters)}) == sessions


@pytest.mark.parametrize(("sort", "limit"), [("session_start", 1), ("-customer", 2), ("-tickets", 3)])
def test_pages_of_any_length_have_every_row_once(ask: Ask, sort: str, limit: int) -> None:
    whole = walked(ask, sort=sort)
    assert len(whole) == 5
    assert walked(ask, sort=sort, limit=limit) == whole
    assert len(walked(ask, sort=sort, limit=limit, group="session")) == 4


@pytest.mark.parametrize("sort", [f"{sign}{key}" for key in SortKey for sign in ("", "-")])
def test_every_documented_order_is_accepted(ask: Ask, sort: str) -> None:
    assert len(walked(ask, sort=sort)) == 5


def test_rows_have_the_order_of_exports(ask: Ask) -> None:
    exported = b"".join(ask("sessions/export", **MARCH, format="ndjson").streaming_content)
    assert walked(ask) == [json.loads(line) for line in exported.splitlines()]


def test_instants_have_the_offset_of_the_time_zone(ask: Ask) -> None:
    rows = walked(ask, timezone="Asia/Kolkata", limit=1)
    assert rows[0]["session_start"] == "2026-03-10T15:30:00+05:30"
    exported = b"".join(ask("sessions/export", **MARCH, format="json", timezone="Asia/Kolkata").streaming_content)
    assert rows == json.loads(exported)


def test_search_finds_customers_and_tickets(ask: Ask) -> None:
    assert {row["customer_id"] for row in walked(ask, search="c2")} == {"c2"}
    assert [row["conversation_id"] for row in walked(ask, search="t1")] == ["v3"]


@pytest.mark.slow
def test_a_session_has_all_its_rows(ask: Ask) -> None:
    for line in walked(ask, group="session"):
        session = as_documented(ask(f"sessions/{line['session_id']}").json(), "session")
        rows = session.pop("rows")
        assert session == line
        assert rows == [row for row in walked(ask) if row["session_id"] == line["session_id"]]


def test_a_session_is_explained(ask: Ask) -> None:
    for line in walked(ask, group="session"):
        session = as_documented(ask(f"sessions/{line['session_id']}/explanation").json(), "explanation")
        assert (session["started_at"], session["customer_id"]) == (line["session_start"], line["customer_id"])
        assert line["session_id"] in session["text"]


def test_names_in_any_script_are_unchanged(ask: Ask) -> None:
    answer = ask("sessions", **MARCH, customer="<b>=1+1</b>")
    row = answer.json()["items"][0]
    assert (row["bot_name"], row["conversation_id"]) == ('<script>alert("1")</script>', "v5/../%2F")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
