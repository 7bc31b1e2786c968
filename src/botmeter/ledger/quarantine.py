"""Quarantine: refused events, to inspect, export and send again."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from botmeter.domain.receipt import Rejection
from botmeter.ledger.admit import NumberedBatch
from botmeter.ledger.duckdb_calls import execute_with, records_of
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """One refused event.

    Attributes:
        append_no: First append that brought it.
        recorded_at: µs UTC.
        position: In the file or request, from 0.
        event_id: None: unreadable.
    """

    number: int
    append_no: int
    recorded_at: int
    source: str
    position: int
    event_id: str | None
    code: str
    detail: str
    raw: bytes
    is_pulled: bool


def quarantine(ledger: Ledger, rejections: Sequence[Rejection], *, batch: NumberedBatch, now_us: int) -> None:
    """Store rejected events of a batch, each once. In a transaction."""
    if not rejections:
        return
    columns = {name: [getattr(each, name) for each in rejections] for name in Rejection.__slots__}
    values = {"source": batch.source, "append_no": batch.append_no, "now": now_us, "is_pulled": batch.is_pulled}
    execute_with(ledger.connection, sql("insert_rejected"), input_rows=pa.table(columns), values=values)


def quarantined(ledger: ReadableLedger, *, code: str | None = None, limit: int | None = None) -> list[Quarantined]:
    """Return refused events by number."""
    rows = ledger.connection.execute(sql("quarantined"), {"code": code, "limit": limit}).fetchall()
    return records_of(Quarantined, rows)


def quarantine_counts(ledger: ReadableLedger) -> dict[str, int]:
    """Count the events in quarantine by code."""
    return dict(ledger.connection.execute(sql("quarantine_counts")).fetchall())


def quarantine_counts_of(ledger: ReadableLedger, source: str) -> dict[str, int]:
    """Count a source's quarantined events by code, most first."""
    return dict(ledger.connection.execute(sql("quarantine_counts_of"), {"source": source}).fetchall())


def release(ledger: Ledger, numbers: Sequence[int]) -> None:
    """Delete appended events from quarantine."""
    with ledger.transaction() as connection:
        delete_quarantined(connection, numbers)


def delete_quarantined(connection: duckdb.DuckDBPyConnection, numbers: Sequence[int]) -> None:
    """Delete events from quarantine, within a transaction."""
    connection.execute(sql("delete"), {"numbers": list(numbers)})
