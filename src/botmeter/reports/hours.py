"""When sessions start: by weekday and hour of the clock on the wall."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botmeter.domain.week_hours import HOURS_OF_WEEK
from botmeter.ledger.statements import statements_of
from botmeter.reports.counts import ints_of, sums
from botmeter.reports.facts import footprint_values, is_about_rows
from botmeter.reports.matching import run_matching, session_steps
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import snapshot, values_of
from botmeter.reports.wall_clock import wall_clock_of

sql = statements_of(__name__)

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Sessions by when they started, in the ask's zone; all together they are the headline.

    Attributes:
        counts: For each weekday, Monday first, the sessions that started in each of its 24 hours.
    """

    counts: tuple[tuple[int, ...], ...]


def hours(ledger: "ReadableLedger", query: UsageQuery) -> Hours:
    """The sessions that answer `ask`, by weekday and hour of their start."""
    clock = wall_clock_of(query.period)
    steps = {"origin_us": clock.origin_us, "step_us": clock.step_us}
    values = {**values_of(query, ledger.touchpoints), **steps}
    with snapshot(ledger) as moment:
        if is_about_rows(values):
            run_matching(moment, values)
            found = moment.table(sql("session_steps_from_rows"), values)
        else:
            found = session_steps(moment, footprint_values(moment, values))
    places = clock.week_hours(ints_of(found, "step"))
    counts = sums(places, ints_of(found, "session_count"), size=HOURS_OF_WEEK).reshape(7, 24).tolist()
    return Hours(counts=tuple(tuple(day) for day in counts))
