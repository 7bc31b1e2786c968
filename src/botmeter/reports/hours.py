"""Sessions by hour of start on the clocks of the period's zone."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from botmeter.domain.week_hours import HOURS_OF_WEEK
from botmeter.reports.conditions import query_parameters
from botmeter.reports.counts import Ints, integers, sums
from botmeter.reports.matching import run_matching, session_steps, session_steps_from_rows
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import Snapshot, open_snapshot
from botmeter.reports.wall_clock import WallClock, wall_clock_of

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class HourCount:
    """Sessions that started in one hour of a day; an hour that clocks repeat is one."""

    on: date
    week_hour: int
    start_us: int
    session_count: int


def hours(ledger: "ReadableLedger", query: UsageQuery) -> list[list[int]]:
    """Count sessions by weekday (Monday first) and hour of start."""
    with open_snapshot(ledger) as snapshot:
        counts: list[list[int]] = hour_counts(snapshot, query).reshape(7, 24).tolist()
    return counts


def hours_of_days(snapshot: Snapshot, query: UsageQuery) -> tuple[HourCount, ...]:
    """Count sessions by day and hour of start, in order; hours that clocks skip are left out."""
    clock, edges_us = wall_clock_of(query.period), query.period.edges_us()
    started = _started(snapshot, query, clock=clock)
    steps = integers(started, "step")
    days = np.searchsorted(np.array(edges_us), clock.origin_us + steps * clock.step_us, side="right") - 1
    counts = sums(
        days * HOURS_OF_WEEK + clock.week_hours(steps),
        integers(started, "session_count"),
        size=HOURS_OF_WEEK * query.period.day_count,
    )
    return tuple(
        HourCount(
            on=on, week_hour=week_hour, start_us=start_us, session_count=int(counts[day * HOURS_OF_WEEK + week_hour])
        )
        for day, on in enumerate(query.period.days())
        for week_hour, start_us in clock.hours_between(edges_us[day], edges_us[day + 1])
    )


def hour_counts(snapshot: Snapshot, query: UsageQuery) -> Ints:
    """Count sessions by hour of the week, from Monday 0:00."""
    clock = wall_clock_of(query.period)
    started = _started(snapshot, query, clock=clock)
    week_hours = clock.week_hours(integers(started, "step"))
    return sums(week_hours, integers(started, "session_count"), size=HOURS_OF_WEEK)


def _started(snapshot: Snapshot, query: UsageQuery, *, clock: WallClock) -> pa.Table:
    parameters = {**query_parameters(query, snapshot), "origin_us": clock.origin_us, "step_us": clock.step_us}
    if parameters["is_in_usage"]:
        return session_steps(snapshot, parameters)
    run_matching(snapshot, parameters)
    return session_steps_from_rows(snapshot, parameters)
