"""Closings for alerts on statements."""

from collections.abc import Iterator

from botmeter.billing.alerts.alert import StatementMoment
from botmeter.billing.stated import read_document
from botmeter.ledger.billing.closed_statements import ClosedStatement, closed_statements
from botmeter.ledger.readable import ReadableLedger


def statement_moments(
    ledger: ReadableLedger, *, since_us: int, now_us: int
) -> Iterator[tuple[int, tuple[StatementMoment, ...]]]:
    """Start of each cycle that was closed since an instant (µs UTC), and whether its statement adjusts others."""
    for each in closed_since(ledger, since_us):
        if each.closed_at > now_us:
            continue
        is_adjusting = bool(read_document(each)["adjustments"])
        moments = (StatementMoment.CLOSED, *([StatementMoment.ADJUSTED] if is_adjusting else ()))
        yield each.cycle_start, moments


def closed_since(ledger: ReadableLedger, since_us: int) -> list[ClosedStatement]:
    """Statements closed since an instant (µs UTC)."""
    return [each for each in closed_statements(ledger) if each.closed_at >= since_us]
