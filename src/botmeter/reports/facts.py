"""Grouped sessions, tickets and conversations of one query, at one moment.

Whole UTC days come from additive usage, parts of days from the sessions; filters beyond bots, versions and channels
read the rows.
"""

from dataclasses import dataclass

import pyarrow as pa

from botmeter.domain.instant import DAY_US
from botmeter.ledger.statements import statements_of
from botmeter.reports.conditions import values_of
from botmeter.reports.counts import Groups, Members, TicketCounts, groups_of, ints_of, ticket_counts_of
from botmeter.reports.grid import Grid, UtcParts, grid_of, utc_parts
from botmeter.reports.matching import run_matching, session_steps
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import Snapshot, Values

sql = statements_of(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The numbers of a report; days are in `session_days`, not in the groups."""

    groups: Groups
    session_days: list[int]
    tickets: TicketCounts
    conversation_count: int


def facts_of(moment: Snapshot, query: UsageQuery) -> Facts:
    """Read the facts of a query."""
    values, grid = values_of(query, moment), grid_of(query.period)
    groups = session_groups(moment, query, values=values)
    conversations = "conversations_from_rows"
    if values["is_in_usage"]:
        parts = utc_parts(query.start_us, query.end_us)
        values = {**values, **parts.values}
        session_days = _days_from_usage(moment, groups, grid=grid, values=values)
        tickets = _tickets_from_usage(moment, values, grid=grid, parts=parts)
        conversations = "conversations_outside" if values["excluded_touchpoints"] else "conversations_from_usage"
    else:
        session_days = grid.counts(groups.day, groups.session_count)
        statement = sql("tickets_from_rows", ticket_conditions=values["ticket_conditions"])
        tickets = grid.with_days(moment.table(statement, {**values, **grid.values}))
    conversation_count = moment.rows(sql(conversations, row_conditions=values["row_conditions"]), values)[0][0]
    return Facts(
        groups=groups,
        session_days=session_days,
        tickets=ticket_counts_of(tickets, day_count=query.period.day_count),
        conversation_count=conversation_count,
    )


def session_groups(moment: Snapshot, query: UsageQuery, *, values: Values) -> Groups:
    """Return matching sessions by touchpoints, from usage or else from the rows, which then are in `matching`."""
    if values["is_in_usage"]:
        return _groups_from_usage(moment, query, values=values)
    run_matching(moment, values)
    grid, members = grid_of(query.period), moment.table(sql("members_from_rows"), values)
    return groups_of(
        grid.with_days(moment.table(sql("sessions_from_rows"), {**values, **grid.values})),
        Members(footprint=ints_of(members, "footprint"), touchpoint=ints_of(members, "touchpoint")),
        touchpoints=moment.touchpoints,
    )


def _groups_from_usage(moment: Snapshot, query: UsageQuery, *, values: Values) -> Groups:
    """Groups whose `day` is set for periods of UTC days alone."""
    parts = utc_parts(query.start_us, query.end_us)
    tables = [moment.table(sql("sessions_from_usage"), {**values, **parts.values})]
    for start_us, end_us in parts.partial_us:
        bounds = {"origin_us": query.start_us, "step_us": DAY_US, "start_us": start_us, "end_us": end_us}
        tables.append(moment.table(sql("sessions_of_partial_day"), {**values, **bounds}))
    return groups_of(pa.concat_tables(tables), values["members"], touchpoints=moment.touchpoints)


def _days_from_usage(moment: Snapshot, groups: Groups, *, grid: Grid, values: Values) -> list[int]:
    if grid.is_utc:
        return grid.counts(groups.day, groups.session_count)
    days = grid.with_days(session_steps(moment, {**values, **grid.values}))
    return grid.counts(ints_of(days, "day"), ints_of(days, "session_count"))


def _tickets_from_usage(moment: Snapshot, values: Values, *, grid: Grid, parts: UtcParts) -> pa.Table:
    # Usage has tickets by the touchpoints of their conversation, not of its session.
    if values["excluded_touchpoints"] or not grid.is_utc:
        return grid.with_days(moment.table(sql("tickets_of_starts"), {**values, **grid.values}))
    tables = [moment.table(sql("tickets_from_usage"), values)]
    for start_us, end_us in parts.partial_us:
        bounds = {**grid.values, "start_us": start_us, "end_us": end_us}
        tables.append(grid.with_days(moment.table(sql("tickets_of_starts"), {**values, **bounds})))
    return pa.concat_tables(tables)
