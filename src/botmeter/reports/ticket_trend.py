"""Tickets over time by type."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from botmeter.reports.conditions import query_parameters
from botmeter.reports.counts import integers, ticket_counts_of
from botmeter.reports.facts import ticket_rows, ticket_types
from botmeter.reports.intervals import Span
from botmeter.reports.matching import run_matching, with_hour_steps
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import open_snapshot

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTrend:
    """Distinct tickets of each span of a period.

    Attributes:
        of_type: By type, most tickets first; a ticket with two types is in both.
        known_types: In the order of their first use.
    """

    totals: list[int]
    of_type: dict[str, list[int]]
    known_types: tuple[str, ...]


def ticket_trend(ledger: "ReadableLedger", query: UsageQuery, *, spans: Sequence[Span]) -> TicketTrend:
    """Count tickets by span, in total and by type."""
    with open_snapshot(ledger) as snapshot:
        parameters = with_hour_steps(snapshot, query_parameters(query, snapshot))
        if not (parameters["is_in_usage"] or parameters["is_by_session"]):
            run_matching(snapshot, parameters)
        rows = ticket_rows(snapshot, query, parameters=parameters)
        known_types = ticket_types(snapshot)
    span_of_day = np.repeat(np.arange(len(spans)), [(span.last_on - span.first_on).days + 1 for span in spans])
    rows = rows.set_column(0, "day", pa.array(span_of_day[integers(rows, "day")], pa.int64()))
    counts = ticket_counts_of(rows, day_count=len(spans))
    return TicketTrend(
        totals=counts.of_day,
        of_type={one.ticket_type: counts.of_day_by_type[one.ticket_type] for one in counts.by_type},
        known_types=known_types,
    )
