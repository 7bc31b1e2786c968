"""Grouped sessions, tickets and conversations of one query, at one moment.

Whole UTC days come from additive usage, parts of days from the sessions. For filters that usage does not know, sessions
are read where they choose whole sessions, and else rows.
"""

from dataclasses import dataclass

import pyarrow as pa

from botmeter.domain.instant import DAY_US
from botmeter.ledger.statements import statements_of
from botmeter.reports.conditions import query_parameters
from botmeter.reports.counts import Groups, Members, TicketCounts, groups_of, integers, ticket_counts_of
from botmeter.reports.grid import Grid, UtcParts, grid_of, utc_parts
from botmeter.reports.matching import run_matching, session_steps, with_hour_steps
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import Parameters, Snapshot

sql = statements_of(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Numbers of a report; days are in `session_days`, not in the groups."""

    groups: Groups
    session_days: list[int]
    tickets: TicketCounts
    conversation_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCounts:
    """Distinct conversations and tickets of a query's sessions."""

    conversation_count: int
    ticket_count: int


def contact_counts(snapshot: Snapshot, query: UsageQuery) -> ContactCounts:
    """Count contacts as a report does."""
    parameters = with_hour_steps(snapshot, query_parameters(query, snapshot))
    if not parameters["is_in_usage"] and not parameters["is_by_session"]:
        run_matching(snapshot, parameters)
    tickets = ticket_rows(snapshot, query, parameters=parameters)
    return ContactCounts(
        conversation_count=_conversation_count(snapshot, query, parameters=parameters),
        ticket_count=ticket_counts_of(tickets, day_count=query.period.day_count).ticket_count,
    )


def facts_of(snapshot: Snapshot, query: UsageQuery) -> Facts:
    """Read the facts of a query."""
    parameters, grid = with_hour_steps(snapshot, query_parameters(query, snapshot)), grid_of(query.period)
    groups = session_groups(snapshot, query, parameters=parameters)
    tickets = ticket_rows(snapshot, query, parameters=parameters)
    if parameters["is_in_usage"]:
        parts = utc_parts(query.start_us, query.end_us)
        session_days = _days_from_usage(snapshot, groups, grid=grid, parameters={**parameters, **parts.parameters})
    else:
        session_days = grid.counts(groups.day, groups.session_count)
    return Facts(
        groups=groups,
        session_days=session_days,
        tickets=ticket_counts_of(tickets, day_count=query.period.day_count),
        conversation_count=_conversation_count(snapshot, query, parameters=parameters),
    )


def _conversation_count(snapshot: Snapshot, query: UsageQuery, *, parameters: Parameters) -> int:
    statement = "conversations_from_rows"
    if parameters["is_in_usage"]:
        parameters = {**parameters, **utc_parts(query.start_us, query.end_us).parameters}
        statement = "conversations_outside" if parameters["excluded_touchpoints"] else "conversations_from_usage"
    elif parameters["is_by_session"]:
        statement = "conversations_outside"
    return int(snapshot.rows(sql(statement, **parameters["conditions"]), parameters)[0][0])


def session_groups(snapshot: Snapshot, query: UsageQuery, *, parameters: Parameters) -> Groups:
    """Matching sessions by touchpoints: from usage, sessions, or the rows, which then are in `matching`."""
    if parameters["is_in_usage"]:
        return _groups_from_usage(snapshot, query, parameters=parameters)
    if parameters["is_by_session"]:
        return _groups_from_sessions(snapshot, query, parameters=with_hour_steps(snapshot, parameters))
    run_matching(snapshot, parameters)
    grid, members = grid_of(query.period), snapshot.table(sql("members_from_rows"), parameters)
    return groups_of(
        grid.with_days(snapshot.table(sql("sessions_from_rows"), {**parameters, **grid.parameters})),
        Members(footprint=integers(members, "footprint"), touchpoint=integers(members, "touchpoint")),
        touchpoints=snapshot.touchpoints,
    )


def _groups_from_sessions(snapshot: Snapshot, query: UsageQuery, *, parameters: Parameters) -> Groups:
    grid, statement = grid_of(query.period), sql("sessions_by_footprint", **parameters["conditions"])
    sessions = grid.with_days(snapshot.table(statement, {**parameters, **grid.parameters}))
    return groups_of(sessions, parameters["members"], touchpoints=snapshot.touchpoints)


def ticket_rows(snapshot: Snapshot, query: UsageQuery, *, parameters: Parameters) -> pa.Table:
    """Matching tickets by day of the period: from usage, sessions, or the rows that are in `matching`."""
    grid = grid_of(query.period)
    if parameters["is_in_usage"]:
        parts = utc_parts(query.start_us, query.end_us)
        return _tickets_from_usage(snapshot, {**parameters, **parts.parameters}, grid=grid, parts=parts)
    name = "tickets_of_starts" if parameters["is_by_session"] else "tickets_from_rows"
    return grid.with_days(snapshot.table(sql(name, **parameters["conditions"]), {**parameters, **grid.parameters}))


def ticket_types(snapshot: Snapshot) -> tuple[str, ...]:
    """All types, in the order of their first use."""
    return tuple(name for (name,) in snapshot.rows(sql("ticket_types"), {}))


def _groups_from_usage(snapshot: Snapshot, query: UsageQuery, *, parameters: Parameters) -> Groups:
    parts = utc_parts(query.start_us, query.end_us)
    tables = [snapshot.table(sql("sessions_from_usage"), {**parameters, **parts.parameters})]
    for start_us, end_us in parts.partial_us:
        bounds = {"origin_us": query.start_us, "step_us": DAY_US, "start_us": start_us, "end_us": end_us}
        tables.append(snapshot.table(sql("sessions_of_partial_day"), {**parameters, **bounds}))
    return groups_of(pa.concat_tables(tables), parameters["members"], touchpoints=snapshot.touchpoints)


def _days_from_usage(snapshot: Snapshot, groups: Groups, *, grid: Grid, parameters: Parameters) -> list[int]:
    if grid.is_utc:
        return grid.counts(groups.day, groups.session_count)
    days = grid.with_days(session_steps(snapshot, {**parameters, **grid.parameters}))
    return grid.counts(integers(days, "day"), integers(days, "session_count"))


def _tickets_from_usage(snapshot: Snapshot, parameters: Parameters, *, grid: Grid, parts: UtcParts) -> pa.Table:
    # Usage has tickets by the touchpoints of their conversation, not of its session.
    if parameters["excluded_touchpoints"] or not grid.is_utc:
        statement = sql("tickets_of_starts", **parameters["conditions"])
        return grid.with_days(snapshot.table(statement, {**parameters, **grid.parameters}))
    tables = [snapshot.table(sql("tickets_from_usage"), parameters)]
    for start_us, end_us in parts.partial_us:
        bounds = {**grid.parameters, "start_us": start_us, "end_us": end_us}
        statement = sql("tickets_of_starts", **parameters["conditions"])
        tables.append(grid.with_days(snapshot.table(statement, {**parameters, **bounds})))
    return pa.concat_tables(tables)
