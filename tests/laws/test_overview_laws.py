"""Numbers beside the report on its page, compared with counting the rows one by one."""

from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import groupby, pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from botmeter.domain.instant import NEVER_US, datetime_from_us
from botmeter.reports.customers import CustomerUsage, customer_calendar, top_customers
from botmeter.reports.filter_values import filter_values
from botmeter.reports.filters import FILTERS, FilterDeclaration, Filters, FilterTarget
from botmeter.reports.hours import hours
from botmeter.reports.overview import overview
from botmeter.reports.query import UsageQuery
from botmeter.reports.usage import usage_report
from botmeter.reports.versions import VersionUsage, versions
from laws.test_report_laws import (
    CENTRES,
    EXAMPLES,
    WEEK_HOURS,
    Row,
    counted_tickets,
    ledger_of,
    matching_rows,
    queries,
    traffic,
)
from support.event_strategies import policies, schedules
from support.facts import touchpoint_of
from support.oracle import Event, sessions


@given(traffic(), schedules(), queries(), queries())
@EXAMPLES
def test_an_overview_is_two_reports_of_one_moment_and_the_counts_of_its_rows(
    events: list[Event], schedule: Any, query: UsageQuery, other: UsageQuery
) -> None:
    # Compared days are on the same calendar.
    other = replace(other, period=replace(other.period, timezone=query.period.timezone))
    with ledger_of(events, schedule) as ledger:
        page = overview(ledger, query, compared=other)
        assert page.report == usage_report(ledger, query)
        before = usage_report(ledger, other)
        has_data = any(day.session_count is not None for day in before.trend)
        assert page.compared == (before if has_data else None)
    rows = matching_rows(events, schedule, query=query)
    visits = {(row.session_id, row.touchpoint[0], row.touchpoint[2]) for row in rows}
    opened = {(row.session_id, row.opening[0], row.opening[2]) for row in rows}
    assert {(cell.bot_id, cell.channel): (cell.session_count, cell.opened_count) for cell in page.matrix} == {
        key: (sum(one[1:] == key for one in visits), sum(one[1:] == key for one in opened))
        for key in {one[1:] for one in visits | opened}
    }
    tickets = counted_tickets(events, query=query)
    linked = {(row.day, kind, ticket) for row in rows for ticket, kind in tickets.get(row.conversation_id, ())}
    of_day_and_type = Counter((day, kind) for day, kind, _ in linked)
    assert page.ticket_trend == {
        kind: [of_day_and_type[on, kind] for on in query.period.days()] for kind in {kind for _, kind, _ in linked}
    }
    instants_us = [event["occurred_at"] for event in events]
    assert page.recency.latest_event_us == max(instants_us)
    first = datetime_from_us(min(instants_us)).astimezone(ZoneInfo(query.period.timezone))
    assert page.first_event_on == first.date()


@given(traffic(), policies(), queries())
@EXAMPLES
def test_the_hours_are_local_and_add_up_to_the_headline(events: list[Event], policy: Any, query: UsageQuery) -> None:
    with ledger_of(events, policy) as ledger:
        counts = hours(ledger, query)
    starts_us = {row.session_id: row.start_us for row in matching_rows(events, policy, query=query)}
    walls = [datetime_from_us(start_us).astimezone(ZoneInfo(query.period.timezone)) for start_us in starts_us.values()]
    by_hand = Counter((wall.weekday(), wall.hour) for wall in walls)
    assert counts == [[by_hand[weekday, hour] for hour in range(24)] for weekday in range(7)]


@given(traffic(), schedules(), queries())
@EXAMPLES
def test_the_versions_of_bots_have_the_counts_of_their_rows(
    events: list[Event], schedule: Any, query: UsageQuery
) -> None:
    with ledger_of(events, schedule) as ledger:
        used = versions(ledger, query)
    rows = matching_rows(events, schedule, query=query)
    tickets, handed_over = counted_tickets(events, query=query), handoffs(events, schedule)
    opened = {(row.session_id, row.opening[:2]) for row in rows}
    assert {(one.bot_id, one.bot_version) for one in used} == {
        row.touchpoint[:2] for row in rows if row.touchpoint[0] is not None
    }
    assert_newest_first(used, events, schedule=schedule)
    for one in used:
        key = (one.bot_id, one.bot_version)
        own = [row for row in rows if row.touchpoint[:2] == key]
        conversations = {row.conversation_id for row in own}
        assert one.session_count == len({row.session_id for row in own})
        assert one.opened_count == sum(opening == key for _, opening in opened)
        assert one.conversation_count == len(conversations)
        assert one.ticket_count == len({ticket for name in conversations for ticket, _ in tickets.get(name, ())})
        handed = {
            (event, row.conversation_id)
            for row in own
            for event in handed_over.get((row.session_id, row.conversation_id, row.touchpoint), ())
        }
        assert one.handoff_count == len({event for event, _ in handed})
        assert one.handed_off_count == len({conversation for _, conversation in handed})


def assert_newest_first(used: tuple[VersionUsage, ...], events: list[Event], *, schedule: Any) -> None:
    first_on: dict[tuple[str | None, str | None], date] = {}
    for session in sessions(events, schedule):
        on = datetime_from_us(session.start_us).date()
        for _, touchpoint in session.participations:
            first_on[touchpoint[:2]] = min(on, first_on.get(touchpoint[:2], on))
    assert [one.first_on for one in used] == [first_on[one.bot_id, one.bot_version] for one in used]
    for newer, older in pairwise(used):
        if newer.bot_id == older.bot_id and older.bot_version is not None:
            assert newer.first_on >= older.first_on
    bots = [bot_id for bot_id, _ in groupby(used, key=lambda one: one.bot_id)]
    assert len(bots) == len(set(bots))


def handoffs(events: list[Event], schedule: Any) -> dict[tuple[str, str, Any], set[tuple[str, str]]]:
    """The hand-offs between the start and the end of each session, by its conversations and touchpoints."""
    handed_over: dict[tuple[str, str, Any], set[tuple[str, str]]] = {}
    for session in sessions(events, schedule):
        end_us = NEVER_US if session.end_us is None else session.end_us
        for event in events:
            at_us = event["occurred_at"]
            is_within = session.start_us <= at_us and (at_us < end_us or at_us <= session.last_event_us)
            if event["kind"] == "handoff" and is_within:
                key = (session.session_id, event["conversation_id"], touchpoint_of(event))
                handed_over.setdefault(key, set()).add((event["source"], event["event_id"]))
    return handed_over


@given(traffic(), policies(), queries(), st.integers(1, 3))
@EXAMPLES
def test_the_customers_with_most_sessions_are_those_of_the_rows(
    events: list[Event], policy: Any, query: UsageQuery, limit: int
) -> None:
    rows = matching_rows(events, policy, query=query)
    with ledger_of(events, policy) as ledger:
        assert top_customers(ledger, query, limit=limit) == by_hand(rows)[:limit]
        for customer_id in {row.customer_id for row in rows}:
            calendar = customer_calendar(ledger, customer_id, period=query.period)
            own = matching_rows(
                events, policy, query=UsageQuery(period=query.period, filters=Filters(customer=(customer_id,)))
            )
            of_day = Counter(day for _, day in {(row.session_id, row.day) for row in own})
            assert calendar.days == {on: of_day[on] for on in query.period.days()}
            conversations = Counter(session for session, _ in {(row.session_id, row.conversation_id) for row in own})
            listed = {one.session_id: one.conversation_count for one in calendar.sessions}
            assert conversations.items() <= listed.items()
            assert len(calendar.sessions) == calendar.session_count


def by_hand(rows: list[Row]) -> tuple[CustomerUsage, ...]:
    usages = [
        CustomerUsage(
            customer_id=customer_id,
            session_count=len({row.session_id for row in own}),
            conversation_count=len({row.conversation_id for row in own}),
            last_started_us=max(row.start_us for row in own),
        )
        for customer_id in {row.customer_id for row in rows}
        for own in [[row for row in rows if row.customer_id == customer_id]]
    ]
    return tuple(sorted(usages, key=lambda one: (-one.session_count, one.customer_id)))


@given(traffic(), policies(), queries(), st.sampled_from(FILTERS), st.booleans())
@EXAMPLES
def test_a_filter_value_has_the_sessions_of_the_report_under_it(
    events: list[Event], policy: Any, query: UsageQuery, declared: FilterDeclaration, is_excluded: bool
) -> None:
    name, filters = declared.name, query.filters
    others = filters.without(name) if is_excluded else filters.with_values(name, ())
    chosen = filters.excluded_values(name) if is_excluded else filters.values(name)
    with ledger_of(events, policy) as ledger:
        values = filter_values(ledger, query, declared=declared, is_excluded=is_excluded).values
        counts = {
            value: usage_report(ledger, replace(query, filters=others.with_values(name, (value,)))).sessions_consumed
            for value in every_value(events, declared).union(chosen)
        }
    listed = {one.value: one.session_count for one in values}
    assert listed == {value: count for value, count in counts.items() if count or value in chosen}


def every_value(events: list[Event], declared: FilterDeclaration) -> set[str]:
    if declared.target is FilterTarget.HOUR:
        return set(WEEK_HOURS)
    if declared.target is FilterTarget.COST_CENTRE:
        return set(CENTRES.names)
    if declared.target is FilterTarget.TICKET:
        return {"refund", "delivery", "unknown"}
    return {event[declared.column] for event in events} - {None}
