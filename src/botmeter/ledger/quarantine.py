"""Events that were refused: kept with their reason, to be looked at, exported and sent again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """One refused event, as quarantine keeps it.

    Attributes:
        number: Its own, from 1.
        append_no: The submission that first brought it.
        recorded_at: When, µs UTC.
        source: Where it came from.
        position: Its place in the file or request, from 0.
        event_id: If it could be read.
        code: Why, stable; `docs/reference/errors.md`.
        detail: Why, in sentences.
        raw: As it was sent.
        is_pulled: A pull brought it.
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
    """The refused events in the order of their numbers, or those with `code` alone, at most `limit`."""
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
    """How many events are in quarantine, by code."""
    return dict(ledger.connection.execute(sql("quarantine_counts")).fetchall())


def quarantine_counts_of(ledger: ReadableLedger, source: str) -> dict[str, int]:
    """How many events of the source are in quarantine, by code, the most first."""
    return dict(ledger.connection.execute(sql("quarantine_counts_of"), {"source": source}).fetchall())


def release(ledger: Ledger, numbers: Sequence[int]) -> None:
    """Takes events out of quarantine, because they were taken in after all."""
    with ledger.transaction() as connection:
        delete_quarantined(connection, numbers)


def delete_quarantined(connection: duckdb.DuckDBPyConnection, numbers: Sequence[int]) -> None:
    """Delete events from quarantine, within a transaction."""
    connection.execute(sql("release"), {"numbers": list(numbers)})
