"""Numbers of charts over time, compared with counting the rows one by one."""

from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from botmeter.domain.instant import datetime_from_us
from botmeter.reports.hours import hours_of_days
from botmeter.reports.intervals import Interval, spans_of
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import open_snapshot
from botmeter.reports.ticket_trend import ticket_trend
from laws.test_report_laws import EXAMPLES, counted_tickets, ledger_of, matching_rows, queries, traffic
from support.event_strategies import policies
from support.oracle import Event


@given(traffic(), policies(), queries())
@EXAMPLES
def test_the_hours_of_days_are_those_of_the_rows_and_each_is_there_once(
    events: list[Event], policy: Any, query: UsageQuery
) -> None:
    with ledger_of(events, policy) as ledger, open_snapshot(ledger) as snapshot:
        counts = hours_of_days(snapshot, query)
    sessions = {row.session_id: row for row in matching_rows(events, policy, query=query)}.values()
    by_hand: Counter[tuple[Any, int]] = Counter()
    for row in sessions:
        wall = datetime_from_us(row.start_us).astimezone(ZoneInfo(query.period.timezone))
        by_hand[row.day, 24 * wall.weekday() + wall.hour] += 1
    keys = [(one.on, one.week_hour) for one in counts]
    assert len(set(keys)) == len(keys)
    assert [one.start_us for one in counts] == sorted(one.start_us for one in counts)
    assert Counter({(one.on, one.week_hour): one.session_count for one in counts if one.session_count}) == by_hand


@given(traffic(), policies(), queries(), st.sampled_from([Interval.DAY, Interval.WEEK, Interval.MONTH]))
@EXAMPLES
def test_the_tickets_of_a_span_are_distinct_in_total_and_by_type(
    events: list[Event], policy: Any, query: UsageQuery, interval: Interval
) -> None:
    spans = spans_of(query.period, interval)
    with ledger_of(events, policy) as ledger:
        answer = ticket_trend(ledger, query, spans=spans)
    tickets = counted_tickets(events, query=query)
    linked = {
        (next(number for number, span in enumerate(spans) if span.first_on <= row.day <= span.last_on), kind, ticket)
        for row in matching_rows(events, policy, query=query)
        for ticket, kind in tickets.get(row.conversation_id, ())
    }
    totals = Counter(number for number, _ in {(number, ticket) for number, _, ticket in linked})
    of_type = Counter((number, kind) for number, kind, _ in linked)
    numbers = range(len(spans))
    assert answer.totals == [totals[number] for number in numbers]
    assert answer.of_type == {
        kind: [of_type[number, kind] for number in numbers] for kind in {kind for _, kind, _ in linked}
    }
    assert set(answer.of_type) <= set(answer.known_types)
