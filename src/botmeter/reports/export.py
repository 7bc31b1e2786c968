"""Streamed files of the underlying data: CSV, JSON, NDJSON, Parquet, XLSX."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.errors import Refused
from botmeter.domain.period import UTC_NAME
from botmeter.reports.charges import CHARGE, Charges
from botmeter.reports.export_csv import csv_chunks
from botmeter.reports.export_instants import InstantTexts
from botmeter.reports.export_json import json_chunks, ndjson_chunks
from botmeter.reports.export_parquet import parquet_chunks
from botmeter.reports.export_summary import Summary, summary_of_rows
from botmeter.reports.export_xlsx import xlsx_chunks
from botmeter.reports.grain_rows import SCHEMAS, batches_of
from botmeter.reports.query import UsageQuery
from botmeter.reports.row_options import ChargeFilter, Grain
from botmeter.reports.rows import row_parameters, schema_of
from botmeter.reports.snapshot import open_snapshot

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

Format = Literal["csv", "json", "ndjson", "parquet", "xlsx"]
FORMATS: Final[tuple[Format, ...]] = ("csv", "json", "ndjson", "parquet", "xlsx")


# Rows between two notes of progress: a third of a second of XLSX.
_ROWS_COUNTED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCount:
    """Rows without a header, and distinct sessions; None without `session_id`."""

    rows: int
    sessions: int | None


OnRows = Callable[[RowCount], object]
"""Called with the rows written so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """Format, rows, search and charge of an export.

    Attributes:
        grain: Meaning of a row.
        columns: Of the grain's `SCHEMAS`, in order; None for all.

    Raises:
        Refused: `output_format_unknown`, `column_unknown`, `column_repeated`, `columns_missing`.
    """

    format: Format
    grain: Grain = Grain.ROW
    columns: tuple[str, ...] | None = None
    search: str = ""
    charge: ChargeFilter | None = None

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise Refused(
                "output_format_unknown", f"Unknown export format {self.format[:40]!r}. Use one of {', '.join(FORMATS)}."
            )
        _ = self.schema

    @property
    def schema(self) -> pa.Schema:
        known = SCHEMAS[self.grain]
        if self.columns is None:
            return known
        return schema_of(self.columns, known=known.append(CHARGE) if self.grain is Grain.SESSION else known)

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """Search and charge for the summary, if set, as label and value."""
        charge = self.charge.replace("_", " ") if self.charge else ""
        return tuple(pair for pair in (("Search", self.search), ("Charge", charge)) if pair[1])

    @property
    def subject(self) -> str:
        return f"{self.grain}s" if self.grain in (Grain.CONVERSATION, Grain.TICKET) else "sessions"


def export_stream(
    ledger: "ReadableLedger",
    query: UsageQuery,
    *,
    export: Export,
    charges: Charges | None = None,
    on_rows: OnRows | None = None,
) -> Generator[bytes, None, None]:
    """Stream the file as it is written, with instants in the period's zone; with `charges`, sessions have theirs.

    Memory grows with ids of conversations or tickets only; XLSX starts when all rows are written. Closing the iterator
    closes snapshot and files.
    """
    schema = export.schema
    if charges is not None and export.grain is Grain.SESSION and export.columns is None:
        schema = schema.append(CHARGE)
    with open_snapshot(ledger) as snapshot:
        selected = row_parameters(snapshot, query, search=export.search, charge=export.charge, charges=charges)
        parameters = {**selected, "charges": charges}
        summary: Summary = ()
        if export.format == "xlsx":
            summary = summary_of_rows(ledger, snapshot, query=query, chosen=export.choices, parameters=parameters)
        with closing(batches_of(export.grain)(snapshot, parameters, schema=schema)) as batches:
            counted = _CountedRows(batches, schema=schema, on_rows=on_rows)
            yield from file_chunks(
                export.format, counted, schema=schema, timezone=query.period.timezone, summary=summary
            )


def write_rows(
    reader: pa.RecordBatchReader,
    *,
    format: Format,  # noqa: A002 - the option's name
    out: BinaryIO,
    timezone: str = UTC_NAME,
) -> RowCount:
    """Write rows to `out`, which stays open.

    Args:
        reader: Rows of a session must be adjacent.
    """
    counted = _CountedRows(reader, schema=reader.schema)
    out.writelines(file_chunks(format, counted, schema=reader.schema, timezone=timezone))
    return counted.total


def file_chunks(
    form: Format,
    batches: Iterable[pa.RecordBatch],
    *,
    schema: pa.Schema,
    timezone: str = UTC_NAME,
    summary: Summary = (),
) -> Iterator[bytes]:
    """Generate a file; XLSX has a summary, unless empty, as a sheet of its own."""
    instants = InstantTexts(timezone)
    if form == "xlsx":
        return xlsx_chunks(batches, schema=schema, instants=instants, summary=summary)
    return _CHUNKS[form](batches, schema=schema, instants=instants)


def export_name(query: UsageQuery, format: Format, *, subject: str = "sessions") -> str:  # noqa: A002 - the option's name
    """File name, like `sessions_2026-10-24_2026-11-22_UTC.csv`; a zone's `/` becomes `-`."""
    zone = query.period.timezone.replace("/", "-")
    return f"{subject}_{query.period.first_on}_{query.period.last_on}_{zone}.{format}"


class _CountedRows:
    """Batches that are counted once they are written; empty ones are left out."""

    def __init__(self, batches: Iterable[pa.RecordBatch], *, schema: pa.Schema, on_rows: OnRows | None = None) -> None:
        self._batches = batches
        self._on_rows = on_rows
        self._has_sessions = "session_id" in schema.names
        self._row_count = self._session_count = 0
        self._last_id: str | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            for first in range(0, batch.num_rows, _ROWS_COUNTED):
                part = batch.slice(first, _ROWS_COUNTED)
                yield part
                self._count(part)

    @property
    def total(self) -> RowCount:
        return RowCount(rows=self._row_count, sessions=self._session_count if self._has_sessions else None)

    def _count(self, batch: pa.RecordBatch) -> None:
        self._row_count += batch.num_rows
        if self._has_sessions:
            ids = batch.column("session_id")
            changes = pc.sum(pc.not_equal(ids[1:], ids[:-1])).as_py() or 0
            self._session_count += changes + (ids[0].as_py() != self._last_id)
            self._last_id = ids[-1].as_py()
        if self._on_rows is not None:
            self._on_rows(self.total)


_CHUNKS: Final[dict[Format, Callable[..., Iterator[bytes]]]] = {
    "csv": csv_chunks,
    "json": json_chunks,
    "ndjson": ndjson_chunks,
    "parquet": parquet_chunks,
}
