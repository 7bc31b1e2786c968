"""Reports beside the main one: hours, versions, customers, conversations, filter values, bots."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec
import pytest

from botmeter.domain.errors import Missing
from botmeter.domain.instant import us_from_text
from botmeter.domain.period import Period
from botmeter.domain.session import ClosedBy
from botmeter.ledger.ledger import Ledger
from botmeter.reports.bots import bots
from botmeter.reports.conversation import conversation
from botmeter.reports.customers import customer_calendar, top_customers
from botmeter.reports.filter_values import VALUES_MAX, FilterValue, filter_values
from botmeter.reports.filters import Filters, filter_named
from botmeter.reports.hours import hours
from botmeter.reports.overview import overview
from botmeter.reports.query import UsageQuery
from botmeter.reports.usage import usage_report
from botmeter.reports.versions import versions
from support.facts import event, filled_ledger

SATURDAY = date(2026, 11, 21)


def at(text: str) -> int:
    return us_from_text(f"2026-{text}Z")


@pytest.fixture(scope="module")
def ledger() -> Iterator[Ledger]:
    """Two sessions: c1's of Saturday, 21 November, 22:30 with two bots; c2's of the Sunday at 10:00."""
    filled = filled_ledger(
        [
            event("0", at("11-21T22:00:00"), kind="conversation_created", actor="system", bot_id=None),
            event("1", at("11-21T22:30:00"), bot_name="Order bot", bot_version="1"),
            event("2", at("11-21T22:31:00"), actor="bot", bot_version="1"),
            event("3", at("11-21T22:32:00"), actor="bot", bot_version="1", kind="handoff"),
            event("4", at("11-21T22:40:00"), actor="agent", bot_id=None, ticket_id="T1"),
            event("5", at("11-21T22:50:00"), actor="agent", bot_id=None, ticket_id="T1", ticket_type="refund"),
            event("6", at("11-21T23:30:00"), bot_id="b2", channel="sms", conversation_id="v2"),
            event("7", at("11-22T10:00:00"), customer_id="c2", conversation_id="v3", bot_version="2", preview=True),
            # Outside of every session, and so not of any.
            event("8", at("11-25T10:00:00"), actor="bot", bot_version="2", kind="handoff"),
        ]
    )
    yield filled
    filled.connection.close()


def november(*, zone: str = "UTC", **filters: Any) -> UsageQuery:
    period = Period(first_on=date(2026, 11, 1), last_on=date(2026, 11, 30), timezone=zone)
    return UsageQuery(period=period, filters=Filters(**filters))


def test_a_report_in_a_zone_counts_on_its_days(ledger: Ledger) -> None:
    answer = msgspec.to_builtins(usage_report(ledger, november(zone="Asia/Kolkata")))
    assert answer["period"]["timezone"] == "Asia/Kolkata"
    assert [day["date"] for day in answer["trend"] if day["sessions"]] == ["2026-11-22"]
    assert answer["sessions_consumed"] == 2


def test_an_overview_has_the_first_day_of_data_and_its_recency(ledger: Ledger) -> None:
    page = overview(ledger, november(zone="Asia/Kolkata"), compared=None)
    assert (page.first_event_on, page.recency.latest_event_us, page.recency.received_us) == (
        date(2026, 11, 22),
        at("11-25T10:00:00"),
        0,
    )
    assert page.compared is None


def test_an_overview_of_an_account_without_events_is_empty() -> None:
    empty = filled_ledger([])
    page = overview(empty, november(), compared=november())
    empty.connection.close()
    assert (page.first_event_on, page.recency.latest_event_us, page.matrix) == (None, None, ())
    assert page.compared is None
    assert {day.session_count for day in page.report.trend} == {None}


def test_hours_are_those_of_the_requested_zone(ledger: Ledger) -> None:
    def used_hours(query: UsageQuery) -> set[tuple[int, int]]:
        counts = hours(ledger, query)
        return {(weekday, hour) for weekday in range(7) for hour in range(24) if counts[weekday][hour]}

    assert used_hours(november()) == {(5, 22), (6, 10)}
    assert used_hours(november(zone="Asia/Kolkata")) == {(6, 4), (6, 15)}
    assert used_hours(november(customer=("c1",))) == {(5, 22)}


def test_a_bot_has_its_versions_side_by_side(ledger: Ledger) -> None:
    used = [
        (one.bot_id, one.bot_name, one.bot_version, one.session_count, one.ticket_count, one.handed_off_count)
        for one in versions(ledger, november())
    ]
    # The newest first.
    assert used == [
        ("b1", "Order bot", "2", 1, 0, 0),
        ("b1", "Order bot", "1", 1, 1, 1),
        ("b2", "b2", None, 1, 0, 0),
    ]


def test_versions_of_one_day_are_ordered_by_the_numbers_in_their_names() -> None:
    names = ["1.10", "1.9", None, "1.9-beta"]
    filled = filled_ledger(
        [
            event(str(number), at("11-21T22:30:00"), customer_id=f"c{number}", bot_version=name)
            for number, name in enumerate(names)
        ]
    )
    assert [one.bot_version for one in versions(filled, november())] == ["1.10", "1.9-beta", "1.9", None]
    filled.connection.close()


def test_a_bot_that_matches_no_filter_has_no_versions_although_it_opened_the_sessions(ledger: Ledger) -> None:
    # b1 opened the only session with the channel sms.
    assert [one.bot_id for one in versions(ledger, november(channel=("sms",)))] == ["b2"]
    assert [one.bot_id for one in versions(ledger, november(bot=("b2",)))] == ["b2"]


def test_the_customers_with_most_sessions_come_first(ledger: Ledger) -> None:
    top = [
        (one.customer_id, one.session_count, one.conversation_count)
        for one in top_customers(ledger, november(), limit=5)
    ]
    assert top == [("c1", 1, 2), ("c2", 1, 1)]
    assert len(top_customers(ledger, november(), limit=1)) == 1


def test_a_calendar_lists_all_sessions_of_a_customer_and_counts_those_of_its_days(ledger: Ledger) -> None:
    period = Period(first_on=SATURDAY, last_on=date(2026, 11, 22), timezone="Asia/Kolkata")
    calendar = customer_calendar(ledger, "c1", period=period)
    assert calendar.days == {SATURDAY: 0, date(2026, 11, 22): 1}
    [session] = calendar.sessions
    assert (session.bot_names, session.channels) == (("Order bot", "b2"), ("sms", "web"))
    assert (session.conversation_count, session.event_count, session.closed_by) == (2, 4, ClosedBy.DURATION)
    assert session.ended_us == at("11-22T22:30:00")
    assert calendar.first_started_us == calendar.last_started_us == at("11-21T22:30:00")


@pytest.mark.parametrize("customer_id", ["nobody", "", "\ud800", "' OR 1=1 --"])
def test_a_customer_of_no_event_is_missing(ledger: Ledger, customer_id: str) -> None:
    with pytest.raises(Missing) as missing:
        customer_calendar(ledger, customer_id, period=november().period)
    assert missing.value.code == "customer_unknown"


def test_a_customer_without_a_session_is_known() -> None:
    greeted = filled_ledger([event("1", at("11-21T10:00:00"), actor="bot")])
    calendar = customer_calendar(greeted, "c1", period=november().period)
    greeted.connection.close()
    assert (calendar.sessions, calendar.session_count, calendar.first_started_us) == ((), 0, None)


def test_a_conversation_has_its_participants_and_sessions(ledger: Ledger) -> None:
    answer = conversation(ledger, "v1")
    assert (answer.customer_ids, answer.created_us, answer.updated_us) == (
        ("c1",),
        at("11-21T22:00:00"),
        at("11-25T10:00:00"),
    )
    assert [(one.opened_it, one.event_count) for one in answer.sessions] == [(True, 3)]
    assert (answer.bots, answer.channels) == ((("b1", "Order bot"),), ("web",))
    assert answer.tickets == (("T1", "refund"),)
    assert answer.event_counts == {"customer": 1, "bot": 3, "agent": 2, "system": 1}


def test_a_conversation_that_did_not_open_its_session_is_marked(ledger: Ledger) -> None:
    [session] = conversation(ledger, "v2").sessions
    assert not session.opened_it
    assert session.started_us == at("11-21T22:30:00")


def test_a_conversation_outside_every_session_has_none() -> None:
    greeted = filled_ledger([event("1", at("11-21T10:00:00"), actor="bot")])
    assert conversation(greeted, "v1").sessions == ()
    greeted.connection.close()


@pytest.mark.parametrize("conversation_id", ["nothing", "", "\ud800", "' OR 1=1 --"])
def test_a_conversation_of_no_event_is_missing(ledger: Ledger, conversation_id: str) -> None:
    with pytest.raises(Missing) as missing:
        conversation(ledger, conversation_id)
    assert missing.value.code == "conversation_unknown"


def values(ledger: Ledger, field: str, *, search: str = "", **filters: Any) -> list[tuple[str, str, int]]:
    listed = filter_values(ledger, november(**filters), declared=filter_named(field), search=search).values
    return [(one.value, one.label, one.session_count) for one in listed]


def test_a_bot_matches_part_of_its_name_or_id_ignoring_case(ledger: Ledger) -> None:
    assert values(ledger, "bot", search="ORDER") == [("b1", "Order bot", 2)]
    assert values(ledger, "bot", search="B2") == [("b2", "b2", 1)]
    assert values(ledger, "bot", search="nothing") == []


@pytest.mark.parametrize("field", ["customer", "conversation"])
@pytest.mark.parametrize("filters", [{}, {"preview": False}, {"conversation": ("v1", "v2", "v3")}])
def test_customers_and_conversations_match_the_start_of_their_id(ledger: Ledger, field: str, filters) -> None:
    letter = field[0] if field == "customer" else "v"
    names = {name for name, _, count in values(ledger, field, search=f"{letter}1", **filters) if count}
    assert f"{letter}1" in names
    assert values(ledger, field, search="1") == values(ledger, field, search="\ud800") == []
    assert {name for name, _, _ in values(ledger, field, search=f"{letter}…1", **filters)} == names
    assert {name for name, _, _ in values(ledger, field, search="…1", **filters)} == names
    assert values(ledger, field, search="x…1") == values(ledger, field, search=f"{letter}1…") == []


def test_a_filter_is_counted_under_the_others_but_not_under_itself(ledger: Ledger) -> None:
    assert values(ledger, "channel", bot=("b2",), channel=("web",)) == [("sms", "sms", 1), ("web", "web", 0)]


def test_selected_values_are_listed_whatever_the_search(ledger: Ledger) -> None:
    assert values(ledger, "bot", search="order", bot=("b2", "gone")) == [
        ("b1", "Order bot", 2),
        ("b2", "b2", 1),
        ("gone", "gone", 0),
    ]
    assert values(ledger, "customer", search="c2", customer=("c1", "gone", "\ud800")) == [
        ("c1", "c1", 1),
        ("c2", "c2", 1),
        ("gone", "gone", 0),
        ("\ud800", "\ud800", 0),
    ]


@pytest.mark.parametrize("field", ["channel", "customer", "conversation"])
def test_more_values_than_the_limit_are_cut_and_marked(field: str) -> None:
    def numbered(count: int) -> Ledger:
        names = {"channel": "channel", "customer": "customer_id", "conversation": "conversation_id"}
        ids = {"conversation_id": "v", "customer_id": "c"}
        return filled_ledger(
            event(str(n), at("11-21T10:00:00"), **{**{k: f"{v}{n}" for k, v in ids.items()}, names[field]: f"x{n:03}"})
            for n in range(count)
        )

    for count, is_cut in [(VALUES_MAX, False), (VALUES_MAX + 1, True)]:
        many = numbered(count)
        listed = filter_values(many, november(), declared=filter_named(field))
        many.connection.close()
        assert (len(listed.values), listed.is_cut) == (VALUES_MAX, is_cut)
        assert listed.values[0] == FilterValue(value="x000", label="x000", session_count=1)


def test_my_bots_are_listed_with_their_versions_and_activity(ledger: Ledger) -> None:
    listed = bots(ledger, now_us=at("12-21T00:00:00"))
    assert [(bot.bot_id, bot.name, bot.session_count) for bot in listed] == [("b1", "Order bot", 1), ("b2", "b2", 0)]
    assert [(one.bot_version, one.session_count) for one in listed[0].versions] == [("2", 1), ("1", 0)]
    assert (listed[0].first_event_us, listed[0].last_event_us) == (at("11-21T22:30:00"), at("11-25T10:00:00"))


def test_a_session_with_two_versions_of_a_bot_counts_once_for_the_bot() -> None:
    both = filled_ledger(
        [event("1", at("11-21T10:00:00"), bot_version="1"), event("2", at("11-21T10:05:00"), bot_version="2")]
    )
    [bot] = bots(both, now_us=at("11-21T12:00:00"))
    both.connection.close()
    assert bot.session_count == 1
    assert [one.session_count for one in bot.versions] == [1, 1]
