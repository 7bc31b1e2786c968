"""Cost centres of sessions, which depend on what opened them and on the UTC day."""

from collections.abc import Iterator
from itertools import pairwise

from botmeter.domain.cost_centre import CostCentres
from botmeter.domain.period import day_of_us, day_start_us
from botmeter.ledger.billing.cost_centres import cost_centres_in
from botmeter.reports.filters import Filters
from botmeter.reports.snapshot import Parameters, Snapshot


def cost_centre_parameters(filters: Filters, snapshot: Snapshot, *, start_us: int, end_us: int) -> Parameters:
    """Bound values of the filter: touchpoints and the spans of time in which they open sessions of its cost centres.

    For `sql`: `centre_touchpoints`, `centre_starts`, `centre_ends`. For Python: `centre_openings`, the touchpoints
    without repetition (None: not filtered), and `has_centre_spans` (they hold for a part of the time).
    """
    selected, excluded = filters.cost_centre, filters.excluded_values("cost_centre")
    if not selected and not excluded:
        return {"centre_openings": None, "has_centre_spans": False}
    centres = cost_centres_in(snapshot.connection)
    spans = [
        (number, start, end)
        for start, end in unchanged_spans(centres, start_us=start_us, end_us=end_us)
        for number, touchpoint in enumerate(snapshot.touchpoints)
        for name in [centres.at(touchpoint.bot_id, touchpoint.channel, on=day_of_us(start))]
        if (not selected or name in selected) and name not in excluded
    ]
    openings = {number for number, _, _ in spans}
    return {
        "centre_openings": openings,
        "has_centre_spans": sum(end - start for _, start, end in spans) < len(openings) * (end_us - start_us),
        "centre_touchpoints": [number for number, _, _ in spans],
        "centre_starts": [start for _, start, _ in spans],
        "centre_ends": [end for _, _, end in spans],
    }


def unchanged_spans(centres: CostCentres, *, start_us: int, end_us: int) -> Iterator[tuple[int, int]]:
    """Cut [start_us, end_us) at the days on which a cost centre begins or ends."""
    changes = (day_start_us(day) for day in centres.change_days)
    yield from pairwise([start_us, *(change for change in changes if start_us < change < end_us), end_us])
