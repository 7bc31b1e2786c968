"""Receipts: counts of outcomes per append."""

from botmeter.domain.receipt import Receipt
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


def keep_receipt(ledger: Ledger, receipt: Receipt, *, append_no: int, now_us: int, source: str, label: str) -> None:
    """Store an append's receipt. In a transaction."""
    counts = (receipt.accepted, receipt.duplicates, receipt.conflicts, receipt.rejected)
    ledger.connection.execute(sql("keep_receipt"), [append_no, now_us, source, label, *counts])
