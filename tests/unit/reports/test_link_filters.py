"""Filters that a single number sets to lead to its rows: what opened a session, its hour, the types of its tickets."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec
import pytest

from botmeter.domain.errors import Refused
from botmeter.domain.instant import us_from_text
from botmeter.domain.period import Period
from botmeter.domain.week_hours import HOURS_OF_WEEK, text_of_week_hour, week_hour_of_text
from botmeter.ledger.ledger import Ledger
from botmeter.reports.filters import FILTERS, Filters
from botmeter.reports.hours import hours
from botmeter.reports.query import UsageQuery
from botmeter.reports.row_lines import RowPage, SessionLine
from botmeter.reports.row_options import Grain, RowOptions
from botmeter.reports.row_pages import row_page, session_rows
from botmeter.reports.usage import usage_report
from support.facts import event, filled_ledger

ZONES = ("UTC", "Asia/Kathmandu", "America/New_York")


def at(text: str) -> int:
    return us_from_text(f"2026-{text}Z")


@pytest.fixture(scope="module")
def ledger() -> Iterator[Ledger]:
    """Three sessions: b1 on the web opens one with b2 on sms; b2 on sms opens one; b1 on sms, in an hour that
    comes twice in New York, opens one with two tickets."""
    linked: dict[str, Any] = {"kind": "ticket_linked", "actor": "system", "bot_id": None}
    filled = filled_ledger(
        [
            event("1", at("10-30T22:30:00")),
            event("2", at("10-30T23:00:00"), bot_id="b2", channel="sms", conversation_id="v2"),
            event("3", at("10-30T23:10:00"), conversation_id="v2", ticket_id="T1", ticket_type="refund", **linked),
            event("4", at("10-31T22:45:00"), bot_id="b2", channel="sms", customer_id="c2", conversation_id="v3"),
            event("5", at("11-01T06:15:00"), channel="sms", customer_id="c3", conversation_id="v4"),
            event("6", at("11-01T06:16:00"), conversation_id="v4", ticket_id="T2", ticket_type="refund", **linked),
            event("7", at("11-01T06:17:00"), conversation_id="v4", ticket_id="T3", ticket_type="delivery", **linked),
        ]
    )
    yield filled
    filled.connection.close()


def query_of(*, zone: str = "UTC", **filters: Any) -> UsageQuery:
    period = Period(first_on=date(2026, 10, 15), last_on=date(2026, 11, 14), timezone=zone)
    return UsageQuery(period=period, filters=Filters(**filters))


def page(ledger: Ledger, query: UsageQuery, *, search: str = "") -> RowPage:
    return row_page(ledger, query, options=RowOptions(search=search))


def customers(ledger: Ledger, **filters: Any) -> list[str]:
    return sorted(line.customer_id for line in page(ledger, query_of(**filters)).lines_of(SessionLine))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"opened_by": ("b1",)}, ["c1", "c3"]),
        ({"opened_by": ("b2",)}, ["c2"]),
        ({"opened_by": ("b1", "b2")}, ["c1", "c2", "c3"]),
        ({"opened_on": ("sms",)}, ["c2", "c3"]),
        ({"opened_by": ("b1",), "opened_on": ("sms",)}, ["c3"]),
        ({"opened_by": ("b1",), "bot": ("b2",)}, ["c1"]),
        ({"ticket_type": ("refund",)}, ["c1", "c3"]),
        ({"ticket_type": ("delivery",)}, ["c3"]),
        ({"ticket_type": ("refund",), "bot": ("b1",)}, ["c3"]),
        ({"hour": ("sun-06",)}, ["c3"]),
        ({"hour": ("fri-22", "sat-22")}, ["c1", "c2"]),
        ({"hour": ("fri-22",), "opened_by": ("b2",)}, []),
        ({"opened_by": ("nobody",)}, []),
        ({"ticket_type": ("\udcff",)}, []),
    ],
)
def test_a_filter_selects_the_sessions_that_it_names(
    ledger: Ledger, filters: dict[str, Any], expected: list[str]
) -> None:
    assert customers(ledger, **filters) == expected
    assert usage_report(ledger, query_of(**filters)).sessions_consumed == len(expected)


@pytest.mark.slow
@pytest.mark.parametrize("zone", ZONES)
def test_each_hour_of_the_week_has_the_sessions_of_its_cell(ledger: Ledger, zone: str) -> None:
    counts = [count for day in hours(ledger, query_of(zone=zone)) for count in day]
    assert sum(counts) == 3
    for hour, count in enumerate(counts):
        rows = page(ledger, query_of(zone=zone, hour=(text_of_week_hour(hour),)))
        assert rows.session_count == count, text_of_week_hour(hour)


def test_an_hour_is_local_time(ledger: Ledger) -> None:
    # At 06:15 UTC New York has 01:15 for the second time that night, Kathmandu noon.
    assert customers(ledger, zone="America/New_York", hour=("sun-01",)) == ["c3"]
    assert customers(ledger, zone="Asia/Kathmandu", hour=("sun-12",)) == ["c3"]


def test_under_a_type_filter_other_tickets_are_not_counted(ledger: Ledger) -> None:
    rows = page(ledger, query_of(ticket_type=("refund",)))
    tickets = row_page(ledger, query_of(ticket_type=("refund",)), options=RowOptions(grain=Grain.TICKET))
    assert (rows.session_count, tickets.line_count) == (2, 2)
    assert [line.ticket_count for line in rows.lines_of(SessionLine)] == [1, 1]
    [row] = session_rows(ledger, query_of(ticket_type=("refund",)), session_id=rows.lines_of(SessionLine)[0].session_id)
    assert (row.ticket_ids, row.ticket_types) == (["T2"], ["refund"])
    assert usage_report(ledger, query_of(ticket_type=("refund",))).ticket_count == 2


def test_an_excluded_session_has_no_rows(ledger: Ledger) -> None:
    [line] = page(ledger, query_of(opened_by=("b2",))).lines_of(SessionLine)
    assert len(session_rows(ledger, query_of(opened_by=("b2",)), session_id=line.session_id)) == 1
    assert session_rows(ledger, query_of(opened_by=("b1",)), session_id=line.session_id) == []


def test_a_search_applies_within_the_filters(ledger: Ledger) -> None:
    narrowed = query_of(ticket_type=("delivery",))
    assert page(ledger, narrowed, search="T3").session_count == 1
    assert page(ledger, narrowed, search="T2").session_count == 0
    assert page(ledger, narrowed, search="c1").session_count == 0


def test_a_report_lists_filters_that_are_set(ledger: Ledger) -> None:
    filters = msgspec.to_builtins(usage_report(ledger, query_of(hour=("sun-06",), opened_on=("sms",))))["filters"]
    assert (filters["hour"], filters["opened_on"]) == (["sun-06"], ["sms"])
    assert not {one.name for one in FILTERS if not one.always_in_json} & set(
        msgspec.to_builtins(usage_report(ledger, query_of()))["filters"]
    )


@pytest.mark.parametrize("text", ["", "xyz", "mon", "mon-24", "mon-9", "Mon-09", "mon-09 ", "mon-²9"])
def test_an_invalid_hour_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="such as mon-09") as refusal:
        Filters(hour=(text,))
    assert refusal.value.code == "parameter_invalid"


def test_each_hour_of_the_week_has_a_text() -> None:
    assert [week_hour_of_text(text_of_week_hour(hour)) for hour in range(HOURS_OF_WEEK)] == list(range(168))
    assert (text_of_week_hour(0), text_of_week_hour(167)) == ("mon-00", "sun-23")
