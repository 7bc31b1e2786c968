"""How an account's ledger is, for whoever keeps the server: what is refused, what waits, when something last came."""

from dataclasses import dataclass

from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.rows import row_of
from botmeter.ledger.statements import statements_of
from botmeter.ledger.tables import schema_version

sql = statements_of(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerHealth:
    """How a ledger is at one moment.

    Attributes:
        file_version: Of its tables.
        last_receipt_us: When the newest receipt was written, µs UTC, by the clock of that moment; None: there is none.
        quarantined_count: How many events are in quarantine.
        waiting_count: How many live events are on disk and not metered yet.
        waiting_since_us: When the first of them was taken in, µs UTC; None: there is none.
    """

    file_version: int
    last_receipt_us: int | None
    quarantined_count: int
    waiting_count: int
    waiting_since_us: int | None


def ledger_health(ledger: ReadableLedger) -> LedgerHealth:
    """How the ledger is now."""
    last_receipt_us, quarantined_count, waiting_count, waiting_since_us = row_of(ledger.connection, sql("condition"))
    return LedgerHealth(
        file_version=schema_version(ledger.connection),
        last_receipt_us=last_receipt_us,
        quarantined_count=quarantined_count,
        waiting_count=waiting_count,
        waiting_since_us=waiting_since_us,
    )
