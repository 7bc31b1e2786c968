"""Charges of sessions."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from botmeter.reports.conditions import of_sessions, query_parameters
from botmeter.reports.filters import Filters
from botmeter.reports.matching import filter_matching, matching_session_count, run_matching
from botmeter.reports.query import UsageQuery
from botmeter.reports.row_options import ChargeFilter
from botmeter.reports.snapshot import Parameters, open_snapshot

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

CHARGE: Final = pa.field("charge", pa.string())
"""Column of sessions where a plan is set: charged, void, test, stopped or preview_free; null before the first plan."""
CHARGED: Final = "charged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charges:
    """Sessions that are not charged.

    Attributes:
        session_ids, charges, starts_us: Of each, in any order.
        since_us: Start of the first plan (µs UTC).
    """

    session_ids: pa.Array
    charges: pa.Array
    starts_us: pa.Array
    since_us: int


def charge_column(session_ids: pa.Array, starts_us: pa.Array, *, charges: Charges | None) -> pa.Array:
    """Charge of each session."""
    if charges is None:
        return pa.nulls(len(session_ids), pa.string())
    found = charges.charges.take(pc.index_in(session_ids, charges.session_ids))
    is_billed = pc.greater_equal(starts_us, charges.since_us)
    return pc.if_else(is_billed, pc.fill_null(found, CHARGED), pa.scalar(None, pa.string()))


def with_charge(parameters: Parameters, charge: ChargeFilter, *, charges: Charges) -> Parameters:
    """Restrict the parameters to the sessions of a charge."""
    if charge is ChargeFilter.CHARGED:
        return of_sessions(parameters, charges.session_ids.to_pylist(), others_since_us=charges.since_us)
    picked = charges.session_ids
    if charge is not ChargeFilter.NOT_CHARGED:
        picked = picked.filter(pc.equal(charges.charges, charge.value))
    return of_sessions(parameters, picked.to_pylist())


def not_charged_count(ledger: "ReadableLedger", query: UsageQuery, *, charges: Charges) -> int:
    """Number of a query's sessions that are not charged."""
    with open_snapshot(ledger) as snapshot:
        parameters = query_parameters(query, snapshot)
        starts = charges.starts_us
        is_within = pc.and_(pc.greater_equal(starts, parameters["start_us"]), pc.less(starts, parameters["end_us"]))
        within = charges.session_ids.filter(is_within)
        if not len(within) or query.filters == Filters():
            return len(within)
        run_matching(snapshot, parameters)
        filter_matching(snapshot, within.to_pylist())
        return matching_session_count(snapshot)
