"""The last requests that brought live events: what became of each and why."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.rows import row_of, write_given
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

# More of a source than a person looks through; a busy one sends them in a second.
DELIVERIES_KEPT = 500

_COLUMNS = {
    "append_no": pa.int32(),
    "received_at": pa.int64(),
    "source": pa.string(),
    "delivery_id": pa.string(),
    "subject": pa.string(),
    "accepted": pa.int64(),
    "duplicates": pa.int64(),
    "conflicts": pa.int64(),
    "rejected": pa.int64(),
    "ignored": pa.int64(),
    "detail": pa.string(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One request that brought live events.

    Attributes:
        append_no: The commit that took it in.
        received_at: When, µs UTC.
        source: Where it came from.
        delivery_id: What the sender calls the request; None: nothing.
        subject: What the platform calls what it is about, or how it was sent.
        accepted: Events that are new.
        duplicates: Events that were known.
        conflicts: Events that were known with another content.
        rejected: Events that were refused.
        ignored: Things in it that never count.
        detail: Why the first was refused, else why the first never counts; None: all of it counts.
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


def deliveries(ledger: ReadableLedger, source: str, *, limit: int = 100) -> list[Delivered]:
    """The last requests of the source, newest first."""
    return _delivered(ledger, "deliveries", values={"source": source, "limit": limit})


def latest_delivery_by_source(ledger: ReadableLedger) -> dict[str, Delivered]:
    """The last request of each source that ever sent one."""
    return {each.source: each for each in _delivered(ledger, "latest_deliveries", values={})}


def keep_deliveries(ledger: Ledger, delivered: Sequence[Delivered]) -> None:
    """Writes requests down, in their order; the ledger is in a transaction."""
    columns = {name: pa.array([getattr(each, name) for each in delivered], type_) for name, type_ in _COLUMNS.items()}
    write_given(ledger.connection, sql("keep_deliveries"), given=pa.table(columns))


def prune_deliveries(ledger: Ledger) -> None:
    """Leaves the newest requests of each source; the ledger is in a transaction."""
    # Where there are so few in all, no source has more.
    if row_of(ledger.connection, sql("delivery_count"))[0] > DELIVERIES_KEPT:
        ledger.connection.execute(sql("prune_deliveries"), {"kept": DELIVERIES_KEPT})


def _delivered(ledger: ReadableLedger, statement: str, *, values: dict[str, Any]) -> list[Delivered]:
    # A cursor, since others may be reading the same ledger.
    with closing(ledger.connection.cursor()) as connection:
        rows = connection.execute(sql(statement), values or None).fetchall()
    return [Delivered(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]
