"""Receipts: for each append, how many of its events had which outcome."""

from botmeter.ledger.ledger import Ledger
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


def keep_receipt(ledger: Ledger, row: list[object]) -> None:
    """Store a receipt; the ledger is in a transaction.

    Args:
        ledger: The account's ledger.
        row: The columns of the table `receipt`, in order.
    """
    ledger.connection.execute(sql("keep_receipt"), row)
