"""Quarantine: refused events, to inspect, export and send again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

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


def quarantined(ledger: ReadableLedger, *, code: str | None = None, limit: int | None = None) -> Iterator[Quarantined]:
    """Return refused events by number."""
    rows = ledger.connection.execute(sql("quarantined"), {"code": code, "limit": limit}).fetchall()
    return (
        Quarantined(
            number=row[0],
            append_no=row[1],
            recorded_at=row[2],
            source=row[3],
            position=row[4],
            event_id=row[5],
            code=row[6],
            detail=row[7],
            raw=row[8],
            is_pulled=row[9],
        )
        for row in rows
    )


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
    connection.execute(sql("release"), {"numbers": list(numbers)})
