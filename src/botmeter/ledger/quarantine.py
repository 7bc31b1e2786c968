"""Quarantine: refused events, to inspect, correct, send again and discard.

An entry waits until its corrected event is accepted or somebody discards it; only an erasure deletes it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa

from botmeter.domain.reason import checked_reason
from botmeter.domain.receipt import Rejection
from botmeter.ledger.admit import NumberedBatch
from botmeter.ledger.duckdb_calls import execute_with, records_of, row_of
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
        discarded_at: µs UTC; None: waiting.
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
    discarded_at: int | None
    discarded_by: str | None
    discarded_for: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineFilter:
    """Choice of entries; None: any.

    Attributes:
        search: Part of the event id, the detail or the event, in any case.
        finds_content: Search the event, too.
    """

    code: str | None = None
    source: str | None = None
    search: str | None = None
    is_discarded: bool = False
    numbers: tuple[int, ...] | None = None
    finds_content: bool = True

    @property
    def values(self) -> dict[str, object]:
        return {
            "code": self.code,
            "source": self.source,
            "search": self.search or None,
            "is_discarded": self.is_discarded,
            "numbers": None if self.numbers is None else list(self.numbers),
            "finds_content": self.finds_content,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineGroup:
    """Entries with one code.

    Attributes:
        latest_at: µs UTC of the newest one, the example.
    """

    code: str
    entry_count: int
    latest_at: int
    sources: tuple[str, ...]
    example: Quarantined


ALL_WAITING = QuarantineFilter()
_ROWS_A_BATCH = 500
"""Sorting all of a million events took 580 MB; an entry of a platform can be as large as a request."""


def quarantine(ledger: Ledger, rejections: Sequence[Rejection], *, batch: NumberedBatch, now_us: int) -> list[int]:
    """Store a batch's rejected events, each once; return those of earlier entries. In a transaction."""
    if not rejections:
        return []
    columns = {name: [getattr(each, name) for each in rejections] for name in Rejection.__slots__}
    rejected = pa.table(columns)
    connection, source = ledger.connection, {"source": batch.source}
    execute_with(connection, sql("waiting_alike"), input_rows=rejected, values=source)
    number = {"append_no": batch.append_no}
    again = []
    if batch.again_no is not None:
        again = execute_with(connection, sql("rejected_again"), input_rows=rejected, values=number).fetchall()
    values = {**source, **number, "now": now_us, "is_pulled": batch.is_pulled}
    execute_with(connection, sql("insert_rejected"), input_rows=rejected, values=values)
    return [number for (number,) in again]


def note_again(connection: duckdb.DuckDBPyConnection, numbers: Sequence[int], *, again_no: int | None) -> None:
    """Note which entries were rejected again, as `NumberedBatch.again_no`. In a transaction."""
    if numbers:
        connection.execute(sql("note_again"), {"numbers": list(numbers), "again_no": again_no})


def quarantined(
    ledger: ReadableLedger,
    chosen: QuarantineFilter = ALL_WAITING,
    *,
    after: int = 0,
    limit: int | None = None,
    raw_bytes_max: int | None = None,
) -> list[Quarantined]:
    """Return entries by number, those after `after`; longer events are cut."""
    values = chosen.values | {"after": after, "limit": limit, "raw_bytes_max": raw_bytes_max}
    return records_of(
        Quarantined, ledger.connection.execute(sql("quarantined", numbers=sql("numbers")), values).fetchall()
    )


def quarantine_stream(ledger: ReadableLedger, chosen: QuarantineFilter = ALL_WAITING) -> Iterator[Quarantined]:
    """Read entries by number, a few at a time."""
    numbers = quarantined_numbers(ledger, chosen)
    for start in range(0, len(numbers), _ROWS_A_BATCH):
        some = tuple(numbers[start : start + _ROWS_A_BATCH])
        yield from quarantined(ledger, QuarantineFilter(is_discarded=chosen.is_discarded, numbers=some))


def quarantined_by(ledger: ReadableLedger, append_no: int, *, limit: int) -> list[Quarantined]:
    """First entries of a submission, discarded ones too."""
    values = {"append_no": append_no, "limit": limit}
    return records_of(Quarantined, ledger.connection.execute(sql("quarantined_by"), values).fetchall())


def quarantined_numbers(ledger: ReadableLedger, chosen: QuarantineFilter = ALL_WAITING) -> list[int]:
    """Numbers of entries, ascending."""
    return [number for (number,) in ledger.connection.execute(sql("numbers"), chosen.values).fetchall()]


def waiting_positions(ledger: ReadableLedger, *, first_append_no: int) -> list[tuple[int, int]]:
    """Return (append number, position) of waiting entries, of that append and later ones."""
    values = {"append_no": first_append_no}
    return ledger.connection.execute(sql("waiting_positions"), values).fetchall()


def quarantine_groups(
    ledger: ReadableLedger, chosen: QuarantineFilter = ALL_WAITING, *, raw_bytes_max: int | None = None
) -> list[QuarantineGroup]:
    """Group entries by code, the largest group first."""
    groups = []
    for code, entry_count, latest_at, sources, number in ledger.connection.execute(
        sql("groups", numbers=sql("numbers")), chosen.values
    ).fetchall():
        [example] = quarantined(ledger, replace(chosen, numbers=(number,)), raw_bytes_max=raw_bytes_max)
        groups.append(
            QuarantineGroup(
                code=code, entry_count=entry_count, latest_at=latest_at, sources=tuple(sources), example=example
            )
        )
    return groups


def quarantine_sources(ledger: ReadableLedger) -> list[str]:
    """Sources of all entries, discarded ones too."""
    return [source for (source,) in ledger.connection.execute(sql("sources")).fetchall()]


def discarded_count(ledger: ReadableLedger) -> int:
    """Count the discarded entries."""
    return int(row_of(ledger.connection, sql("discarded_count"))[0])


def quarantine_counts(ledger: ReadableLedger, *, from_us: int | None = None) -> dict[str, int]:
    """Count the waiting events by code, most first; those refused since `from_us` (µs UTC)."""
    return dict(ledger.connection.execute(sql("quarantine_counts"), {"from_us": from_us}).fetchall())


def quarantine_counts_of(ledger: ReadableLedger, source: str) -> dict[str, int]:
    """Count a source's waiting events by code."""
    return dict(ledger.connection.execute(sql("quarantine_counts_of"), {"source": source}).fetchall())


def discard(ledger: Ledger, numbers: Sequence[int], *, reason: str, now_us: int, by: str | None = None) -> int:
    """Discard waiting entries; return their number.

    Raises:
        Refused: `reason_invalid`.
    """
    values = {"numbers": list(numbers), "reason": checked_reason(reason), "now": now_us, "by": by}
    ledger.refuse_in_lake("Its quarantine can't be changed")
    with ledger.transaction() as connection:
        return int(row_of(connection, sql("discard"), values=values)[0])


def restore_discarded(ledger: Ledger, numbers: Sequence[int]) -> int:
    """Let discarded entries wait again; return their number."""
    with ledger.transaction() as connection:
        return int(row_of(connection, sql("restore"), values={"numbers": list(numbers)})[0])


def release(ledger: Ledger, released: Mapping[int, Sequence[int]]) -> None:
    """Note which entries an append has accepted, by its number."""
    with ledger.transaction() as connection:
        for append_no, numbers in released.items():
            connection.execute(sql("release"), {"numbers": list(numbers), "append_no": append_no})


def note_accepted(connection: duckdb.DuckDBPyConnection, *, append_no: int) -> int:
    """Note how many earlier entries were corrected since that append. In a transaction."""
    # Most ledgers have none, and live events are metered every second.
    if not row_of(connection, sql("has_correctable"))[0]:
        return 0
    return int(row_of(connection, sql("note_accepted"), values={"append_no": append_no})[0])


def delete_quarantined(connection: duckdb.DuckDBPyConnection, numbers: Sequence[int]) -> None:
    """Delete events from quarantine, within a transaction."""
    connection.execute(sql("delete"), {"numbers": list(numbers)})
