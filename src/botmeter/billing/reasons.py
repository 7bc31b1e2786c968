"""Reasons why sessions were added to closed cycles or removed from them."""

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from botmeter.billing.adjustment import Adjustment, Change, Reason, reason_by_correction
from botmeter.billing.stated import read_document
from botmeter.billing.statement_list import NO_SESSION
from botmeter.ledger.billing.closed_statements import ClosedStatement, SessionOrigin, session_origins
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.restatements import Cause


def with_reasons(
    ledger: ReadableLedger, adjustments: Sequence[Adjustment], *, since: ClosedStatement
) -> tuple[Adjustment, ...]:
    """Give each changed session its reason, from what happened since a statement was closed."""
    appends = read_document(since)["as_of"]["appends"]
    return tuple(
        replace(each, reasons=tuple(_reasons(ledger, each.sessions, appends=appends, since_us=since.closed_at)))
        for each in adjustments
    )


def _reasons(ledger: ReadableLedger, sessions: pa.Table, *, appends: int, since_us: int) -> list[Reason | None]:
    rows = sessions.select(["change", "funding_before", "funding"]).to_pylist()
    reasons: list[Reason | None] = []
    unexplained = []
    for position, row in enumerate(rows):
        change, before, funding = row["change"], row["funding_before"], row["funding"]
        reason = None
        if change != Change.MOVED:
            reason = reason_by_correction(change, funding_before=before, funding=funding)
            if reason is None or NO_SESSION in (before, funding):
                unexplained.append(position)
        reasons.append(reason)
    origins = session_origins(ledger, sessions.take(pa.array(unexplained, pa.int64())), since_us=since_us)
    for position, origin in zip(unexplained, origins, strict=True):
        reasons[position] = _reason(origin, is_new=rows[position]["funding_before"] == NO_SESSION, appends=appends)
    return reasons


def _reason(origin: SessionOrigin, *, is_new: bool, appends: int) -> Reason:
    if is_new and origin.append_no is not None and origin.append_no > appends:
        return Reason.LATE
    if origin.append_no is None or (Cause.IMPORT_UNDONE in origin.causes and len(origin.causes) == 1):
        return Reason.IMPORT_UNDONE
    if Cause.CUSTOMER_CHANGE in origin.causes:
        return Reason.MERGED
    if Cause.POLICY_CHANGE in origin.causes:
        return Reason.POLICY
    # An event that came late opened the customer's session earlier, so that this one begins elsewhere.
    return Reason.LATE
