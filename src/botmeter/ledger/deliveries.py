"""Last deliveries of each source, with their outcomes."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from botmeter.ledger.duckdb_calls import execute_with, parsed, records_of, row_of
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

# More than a person reads through; a busy source sends as many in a second.
DELIVERIES_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDelivery:
    """Delivery as stored.

    Attributes:
        received_at: µs UTC.
        subject: The platform's event name, or how it was sent.
        ignored: Number of items that never count.
        detail: First rejection's reason and the notes; without either, the first ignored item's.
    """

    append_no: int
    received_at: int
    source: str
    delivery_id: str | None
    subject: str
    accepted: int
    duplicates: int
    conflicts: int
    rejected: int
    ignored: int
    detail: str | None


def deliveries(ledger: ReadableLedger, source: str, *, limit: int = 100) -> list[StoredDelivery]:
    """Source's last deliveries, newest first."""
    return _delivered(ledger, "deliveries", values={"source": source, "limit": limit})


def latest_delivery_by_source(ledger: ReadableLedger) -> dict[str, StoredDelivery]:
    """Each source's last delivery, if any."""
    return {each.source: each for each in _delivered(ledger, "latest_deliveries", values={})}


def insert_deliveries(ledger: Ledger, delivered: Sequence[StoredDelivery]) -> None:
    """Store deliveries in order. In a transaction."""
    columns = {name: [getattr(each, name) for each in delivered] for name in StoredDelivery.__slots__}
    execute_with(ledger.connection, sql("insert_deliveries"), input_rows=pa.table(columns))


def prune_deliveries(ledger: Ledger) -> None:
    """Delete all but the newest deliveries of each source. In a transaction."""
    # With so few in total no source can have too many.
    if row_of(ledger.connection, sql("delivery_count"))[0] > DELIVERIES_MAX:
        ledger.connection.execute(parsed(sql("prune_deliveries")), {"limit": DELIVERIES_MAX})


def _delivered(ledger: ReadableLedger, statement: str, *, values: dict[str, Any]) -> list[StoredDelivery]:
    # A cursor, since others may be reading the same ledger.
    with closing(ledger.connection.cursor()) as connection:
        rows = connection.execute(sql(statement), values or None).fetchall()
    return records_of(StoredDelivery, rows)
