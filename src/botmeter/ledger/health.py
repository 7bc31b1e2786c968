"""Health of an account's ledger."""

from dataclasses import dataclass

from botmeter.ledger.quarantine import quarantine_counts
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.receipts import last_receipt_us
from botmeter.ledger.settle import Backlog, backlog
from botmeter.ledger.tables import UNFINISHED_ERASURES, meta_value, schema_version


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerHealth:
    """State of a ledger.

    Attributes:
        last_receipt_us: µs UTC; None: none.
        has_unfinished_erasure: The file can still contain ids of an erased customer.
    """

    file_version: int
    last_receipt_us: int | None
    quarantined_count: int
    backlog: Backlog
    has_unfinished_erasure: bool


def ledger_health(ledger: ReadableLedger) -> LedgerHealth:
    """Ledger's present health."""
    return LedgerHealth(
        file_version=schema_version(ledger.connection),
        last_receipt_us=last_receipt_us(ledger),
        quarantined_count=sum(quarantine_counts(ledger).values()),
        backlog=backlog(ledger.connection),
        has_unfinished_erasure=meta_value(ledger.connection, UNFINISHED_ERASURES) is not None,
    )
