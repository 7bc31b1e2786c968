"""Every number of a report links to exactly its rows: the filters of the link give as many as the number."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from botmeter.domain.instant import DAY_US
from botmeter.domain.period import Period, day_start_us
from botmeter.ledger.ledger import Ledger
from botmeter.metering.policy import FRESHCHAT
from botmeter.reports.filters import FILTER_NAMES, Filters
from botmeter.reports.hours import hours
from botmeter.reports.overview import Overview, overview
from botmeter.reports.query import UsageQuery
from botmeter.reports.row_options import Grain, RowOptions
from botmeter.reports.row_pages import row_page
from botmeter.reports.rows import underlying_rows
from laws.test_report_laws import WEEK_HOURS, ledger_of, queries, traffic
from support.event_strategies import schedules
from support.examples import examples
from support.facts import event
from support.oracle import Event

# Each example reads some dozens of pages of rows.
EXAMPLES = examples(cost=6)
OPTIONS = RowOptions(limit=1)
TICKETS = RowOptions(limit=1, grain=Grain.TICKET)

Link = tuple[int, UsageQuery]


def only(query: UsageQuery, **values: str) -> UsageQuery:
    """The query with each of these filters set to its one value."""
    named: dict[str, Any] = {name: (value,) for name, value in values.items()}
    return replace(query, filters=replace(query.filters, **named))


def on(query: UsageQuery, *, first_on: date, last_on: date) -> UsageQuery:
    return replace(query, period=Period(first_on=first_on, last_on=last_on, timezone=query.period.timezone))


def session_links(page: Overview, query: UsageQuery) -> Iterator[Link]:
    """(sessions, the query of their rows) of every bar, point and cell."""
    report = page.report
    for bot in report.by_bot:
        if bot.bot_id is not None:
            yield bot.session_count, only(query, bot=bot.bot_id)
            yield bot.opened_count, only(query, opened_by=bot.bot_id)
    for one in report.by_channel:
        yield one.session_count, only(query, channel=one.channel)
        yield one.opened_count, only(query, opened_on=one.channel)
    for cell in page.matrix:
        if cell.bot_id is not None:
            yield cell.session_count, only(query, bot=cell.bot_id, channel=cell.channel)
            yield cell.opened_count, only(query, opened_by=cell.bot_id, opened_on=cell.channel)
    for kind in report.by_ticket_type:
        yield kind.session_count, only(query, ticket_type=kind.ticket_type)
    for day in report.trend:
        yield day.session_count or 0, on(query, first_on=day.on, last_on=day.on)
    for month in report.by_month:
        own = [day.on for day in report.trend if f"{day.on:%Y-%m}" == month.month]
        yield month.session_count or 0, on(query, first_on=own[0], last_on=own[-1])


def hour_links(ledger: Ledger, query: UsageQuery) -> Iterator[Link]:
    """The same for each hour with a session, and for all hours of the query without one."""
    counts = dict(zip(WEEK_HOURS, [count for day in hours(ledger, query) for count in day], strict=True))
    for hour, count in counts.items():
        if count:
            yield count, only(query, hour=hour)
    # Hours outside the query's own filter are not quiet: that filter excludes their sessions.
    quiet = tuple(hour for hour in query.filters.hour or WEEK_HOURS if not counts[hour])
    if quiet:
        yield 0, replace(query, filters=replace(query.filters, hour=quiet))


def narrows(link: UsageQuery, query: UsageQuery) -> bool:
    """Return True if each filter of the link has only values of the query's own filter."""
    pairs = {name: (set(getattr(link.filters, name)), set(getattr(query.filters, name))) for name in FILTER_NAMES}
    return all(not own or linked <= own for linked, own in pairs.values())


def friday_and_saturday() -> list[Event]:
    """Two sessions: c1's on Friday at noon with b1, c2's on Saturday at noon, opened by b2 and joined by b1."""
    friday_us = day_start_us(date(2026, 3, 6)) + DAY_US // 2
    return [
        event("e1", friday_us),
        event("e2", friday_us + DAY_US, customer_id="c2", conversation_id="v2", bot_id="b2"),
        event("e3", friday_us + DAY_US + 1, customer_id="c2", conversation_id="v2"),
    ]


def march(**filters: Any) -> UsageQuery:
    return UsageQuery(period=Period(first_on=date(2026, 3, 5), last_on=date(2026, 3, 14)), filters=Filters(**filters))


@pytest.mark.slow
@given(traffic(), schedules(), queries())
@example(friday_and_saturday(), FRESHCHAT, march(hour=("fri-12",)))
@example(friday_and_saturday(), FRESHCHAT, march(hour=("fri-12", "mon-00")))
@example(friday_and_saturday(), FRESHCHAT, march(opened_by=("b2",)))
@EXAMPLES
def test_every_bar_point_and_cell_leads_to_as_many_sessions_as_it_shows(
    events: list[Event], schedule: Any, query: UsageQuery
) -> None:
    with ledger_of(events, schedule) as ledger:
        page = overview(ledger, query, compared=None)
        for session_count, link in [*session_links(page, query), *hour_links(ledger, query)]:
            # No page links a 0 that comes from the query's own filter: the link would replace that filter.
            if session_count or narrows(link, query):
                assert row_page(ledger, link, options=OPTIONS).session_count == session_count, link


@given(traffic(), schedules(), queries())
@EXAMPLES
def test_every_ticket_type_leads_to_its_tickets_and_to_no_others(
    events: list[Event], schedule: Any, query: UsageQuery
) -> None:
    with ledger_of(events, schedule) as ledger:
        for kind in overview(ledger, query, compared=None).report.by_ticket_type:
            link = only(query, ticket_type=kind.ticket_type)
            rows = underlying_rows(ledger, link).read_all().to_pylist()
            assert row_page(ledger, link, options=TICKETS).line_count == kind.ticket_count
            assert len({ticket for row in rows for ticket in row["ticket_ids"]}) == kind.ticket_count
            assert {name for row in rows for name in row["ticket_types"]} == {kind.ticket_type}


@given(traffic(), schedules(), st.lists(queries(), min_size=3, max_size=3))
@EXAMPLES
def test_a_list_of_tickets_has_as_many_as_the_report(
    events: list[Event], schedule: Any, several: list[UsageQuery]
) -> None:
    with ledger_of(events, schedule) as ledger:
        for query in several:
            report = overview(ledger, query, compared=None).report
            assert row_page(ledger, query, options=TICKETS).line_count == report.ticket_count
