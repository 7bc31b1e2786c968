"""Receipts of submissions."""

from botmeter.domain.receipt import Receipt
from botmeter.ledger.duckdb_calls import parsed, row_of
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


def insert_receipt(ledger: Ledger, receipt: Receipt, *, append_no: int, now_us: int, source: str, label: str) -> None:
    """Store an append's receipt. In a transaction."""
    counts = (receipt.accepted, receipt.duplicates, receipt.conflicts, receipt.rejected)
    ledger.connection.execute(parsed(sql("insert_receipt")), [append_no, now_us, source, label, *counts])
    ledger.note_receipt(append_no)


def set_retry_of(ledger: Ledger, *, append_no: int, retry_of: int) -> None:
    """Note whose quarantined events an append brought, by append number. In a transaction."""
    ledger.connection.execute(sql("set_retry_of"), {"append_no": append_no, "retry_of": retry_of})


def last_receipt_us(ledger: ReadableLedger) -> int | None:
    """Newest receipt's instant, if any."""
    instant_us: int | None = row_of(ledger.connection, sql("last_receipt"))[0]
    return instant_us
