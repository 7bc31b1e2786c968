"""Sessions by weekday and hour, in the period's zone."""

from typing import TYPE_CHECKING

from botmeter.domain.week_hours import HOURS_OF_WEEK
from botmeter.ledger.statements import statements_of
from botmeter.reports.conditions import values_of
from botmeter.reports.counts import Ints, ints_of, sums
from botmeter.reports.matching import run_matching, session_steps
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import Snapshot, snapshot
from botmeter.reports.wall_clock import wall_clock_of

sql = statements_of(__name__)

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


def hours(ledger: "ReadableLedger", query: UsageQuery) -> list[list[int]]:
    """Count sessions by weekday (Monday first) and hour of start."""
    with snapshot(ledger) as moment:
        counts: list[list[int]] = hour_counts(moment, query).reshape(7, 24).tolist()
    return counts


def hour_counts(moment: Snapshot, query: UsageQuery) -> Ints:
    """Count sessions by hour of the week, from Monday 0:00."""
    clock = wall_clock_of(query.period)
    values = {**values_of(query, moment), "origin_us": clock.origin_us, "step_us": clock.step_us}
    if values["is_in_usage"]:
        started = session_steps(moment, values)
    else:
        run_matching(moment, values)
        started = moment.table(sql("session_steps_from_rows"), values)
    week_hours = clock.week_hours(ints_of(started, "step"))
    return sums(week_hours, ints_of(started, "session_count"), size=HOURS_OF_WEEK)
