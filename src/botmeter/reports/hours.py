"""Sessions by weekday and hour, in the period's zone."""

from typing import TYPE_CHECKING

from botmeter.domain.week_hours import HOURS_OF_WEEK
from botmeter.ledger.statements import statements_of
from botmeter.reports.conditions import query_parameters
from botmeter.reports.counts import Ints, integers, sums
from botmeter.reports.matching import run_matching, session_steps
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import Snapshot, open_snapshot
from botmeter.reports.wall_clock import wall_clock_of

sql = statements_of(__name__)

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


def hours(ledger: "ReadableLedger", query: UsageQuery) -> list[list[int]]:
    """Count sessions by weekday (Monday first) and hour of start."""
    with open_snapshot(ledger) as snapshot:
        counts: list[list[int]] = hour_counts(snapshot, query).reshape(7, 24).tolist()
    return counts


def hour_counts(snapshot: Snapshot, query: UsageQuery) -> Ints:
    """Count sessions by hour of the week, from Monday 0:00."""
    clock = wall_clock_of(query.period)
    parameters = {**query_parameters(query, snapshot), "origin_us": clock.origin_us, "step_us": clock.step_us}
    if parameters["is_in_usage"]:
        started = session_steps(snapshot, parameters)
    else:
        run_matching(snapshot, parameters)
        started = snapshot.table(sql("session_steps_from_rows"), parameters)
    week_hours = clock.week_hours(integers(started, "step"))
    return sums(week_hours, integers(started, "session_count"), size=HOURS_OF_WEEK)
