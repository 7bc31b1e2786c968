"""Grouped sessions, tickets and conversations of one query, at one moment.

Whole UTC days come from additive usage, the rests from the sessions; filters beyond bots, versions and channels read
the rows.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from botmeter.domain.instant import DAY_US
from botmeter.ledger.statements import statements_of
from botmeter.reports.conditions import values_of
from botmeter.reports.counts import (
    Groups,
    Ints,
    TicketCounts,
    distinct,
    groups_of,
    ints_of,
    members_of,
    ticket_counts_of,
)
from botmeter.reports.grid import Grid, UtcParts, grid_of, utc_parts
from botmeter.reports.matching import run_matching, session_steps
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import Snapshot, Values

sql = statements_of(__name__)

if TYPE_CHECKING:
    from botmeter.metering.touchpoints import Touchpoints

Members = tuple[Ints, Ints]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The numbers of a report; days are in `session_days`, not in the groups."""

    groups: Groups
    session_days: list[int]
    tickets: TicketCounts
    conversation_count: int


def facts_of(moment: Snapshot, query: UsageQuery, *, touchpoints: "Touchpoints") -> Facts:
    """Read the facts of a query."""
    values = values_of(query, touchpoints)
    if values["is_about_rows"]:
        return _facts_from_rows(moment, query, values=values)
    return _facts_from_usage(moment, query, values=values)


def session_groups(moment: Snapshot, query: UsageQuery, *, values: Values) -> Groups:
    """Return matching sessions by touchpoints; the groups' `day` is not set."""
    if values["is_about_rows"]:
        run_matching(moment, values)
        return _groups_from_rows(moment, values, grid=grid_of(query.period))
    return _groups_from_usage(moment, query, values=values, members=_footprint_members(moment, values))


def footprint_values(moment: Snapshot, values: Values) -> Values:
    """Add the matching footprints, numbered as in additive usage."""
    return _with_footprints(values, _footprint_members(moment, values))


def _footprint_members(moment: Snapshot, values: Values) -> Members:
    places = moment.table(sql("places_from_usage"), values)
    return members_of(places, values["touchpoints"], excluded=values["excluded_touchpoints"])


def _with_footprints(values: Values, members: Members) -> Values:
    is_all = values["touchpoints"] is None and not values["excluded_touchpoints"]
    footprints = None if is_all else distinct(members[0]).tolist()
    # A conversation's touchpoints are among its session's, so exclusions apply to both.
    part_footprints = None if values["touchpoints"] is None else footprints
    return {**values, "footprints": footprints, "part_footprints": part_footprints}


def _facts_from_rows(moment: Snapshot, query: UsageQuery, *, values: Values) -> Facts:
    grid, chosen = grid_of(query.period), {"ticket_conditions": values["ticket_conditions"]}
    run_matching(moment, values)
    groups = _groups_from_rows(moment, values, grid=grid)
    return Facts(
        groups=groups,
        session_days=grid.counts(groups.day, groups.session_count),
        tickets=ticket_counts_of(
            grid.placed(moment.table(sql("tickets_from_rows", **chosen), {**values, **grid.values})),
            day_count=query.period.day_count,
        ),
        conversation_count=moment.rows(sql("conversations_from_rows"), values)[0][0],
    )


def _groups_from_rows(moment: Snapshot, values: Values, *, grid: Grid) -> Groups:
    members = members_of(moment.table(sql("places_from_rows"), values), None)
    sessions = moment.table(sql("sessions_from_rows"), {**values, **grid.values})
    return groups_of(grid.placed(sessions), members)


def _facts_from_usage(moment: Snapshot, query: UsageQuery, *, values: Values) -> Facts:
    grid, parts = grid_of(query.period), utc_parts(query.start_us, query.end_us)
    members = _footprint_members(moment, values)
    groups = _groups_from_usage(moment, query, values=values, members=members)
    values = {**_with_footprints(values, members), **parts.values}
    return Facts(
        groups=groups,
        session_days=_days_from_usage(moment, groups, grid=grid, values=values),
        tickets=ticket_counts_of(
            _tickets_from_usage(moment, values, grid=grid, parts=parts), day_count=query.period.day_count
        ),
        conversation_count=_conversations_from_usage(moment, values, parts=parts),
    )


def _conversations_from_usage(moment: Snapshot, values: Values, *, parts: UtcParts) -> int:
    if values["excluded_touchpoints"]:
        statement = sql("conversations_outside", row_conditions=values["row_conditions"])
    else:
        statement = sql("conversations_with_rests" if parts.rests_us else "conversations_from_usage")
    count: int = moment.rows(statement, values)[0][0]
    return count


def _groups_from_usage(moment: Snapshot, query: UsageQuery, *, values: Values, members: Members) -> Groups:
    parts = utc_parts(query.start_us, query.end_us)
    tables = [moment.table(sql("sessions_from_usage"), {**values, **parts.values})]
    for start_us, end_us in parts.rests_us:
        rest = {"origin_us": query.start_us, "step_us": DAY_US, "start_us": start_us, "end_us": end_us}
        tables.append(moment.table(sql("sessions_of_rest"), {**values, **rest}))
    return groups_of(pa.concat_tables(tables), members)


def _days_from_usage(moment: Snapshot, groups: Groups, *, grid: Grid, values: Values) -> list[int]:
    if grid.is_utc:
        return grid.counts(groups.day, groups.session_count)
    found = grid.placed(session_steps(moment, {**values, **grid.values}))
    return grid.counts(ints_of(found, "day"), ints_of(found, "session_count"))


def _tickets_from_usage(moment: Snapshot, values: Values, *, grid: Grid, parts: UtcParts) -> pa.Table:
    # Usage has tickets by the touchpoints of their conversation, not of its session.
    if values["excluded_touchpoints"] or not grid.is_utc:
        return grid.placed(moment.table(sql("tickets_of_starts"), {**values, **grid.values}))
    tables = [moment.table(sql("tickets_from_usage"), values)]
    for start_us, end_us in parts.rests_us:
        rest = {**grid.values, "start_us": start_us, "end_us": end_us}
        tables.append(grid.placed(moment.table(sql("tickets_of_starts"), {**values, **rest})))
    return pa.concat_tables(tables)
