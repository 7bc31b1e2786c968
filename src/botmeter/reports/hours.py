"""Sessions by weekday and hour, in the period's zone."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botmeter.domain.week_hours import HOURS_OF_WEEK
from botmeter.ledger.statements import statements_of
from botmeter.reports.conditions import values_of
from botmeter.reports.counts import Ints, ints_of, sums
from botmeter.reports.facts import footprint_values
from botmeter.reports.matching import run_matching, session_steps
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import Snapshot, snapshot
from botmeter.reports.wall_clock import wall_clock_of

sql = statements_of(__name__)

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger
    from botmeter.metering.touchpoints import Touchpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Sessions by weekday (Monday first) and hour of start."""

    counts: tuple[tuple[int, ...], ...]


def hours(ledger: "ReadableLedger", query: UsageQuery) -> Hours:
    """Count sessions by weekday and hour."""
    with snapshot(ledger) as moment:
        counts = hour_counts(moment, query, touchpoints=ledger.touchpoints).reshape(7, 24).tolist()
    return Hours(counts=tuple(tuple(day) for day in counts))


def hour_counts(moment: Snapshot, query: UsageQuery, *, touchpoints: "Touchpoints") -> Ints:
    """Count sessions by hour of the week, from Monday 0:00."""
    clock = wall_clock_of(query.period)
    values = {**values_of(query, touchpoints), "origin_us": clock.origin_us, "step_us": clock.step_us}
    if values["is_about_rows"]:
        run_matching(moment, values)
        started = moment.table(sql("session_steps_from_rows"), values)
    else:
        started = session_steps(moment, footprint_values(moment, values))
    places = clock.week_hours(ints_of(started, "step"))
    return sums(places, ints_of(started, "session_count"), size=HOURS_OF_WEEK)
