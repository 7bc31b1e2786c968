"""The underlying data as a file: CSV, JSON, NDJSON or Parquet, written as it is read.

CSV is RFC 4180 in UTF-8. A text that a spreadsheet would take for a formula gets a `'` before it,
in CSV alone: the other formats say what is text.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Literal

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from botmeter.domain.instant import INSTANT_END_US
from botmeter.reports.ask import Ask

Format = Literal["csv", "json", "ndjson", "parquet"]
FORMATS: Final[tuple[Format, ...]] = ("csv", "json", "ndjson", "parquet")

# What Excel, LibreOffice and Google Sheets take for the start of a formula, or skip before one.
# Source: OWASP, "CSV Injection".
_FORMULA_START = r"^[=+\-@\t\r]"
_SECONDS_END = len("2026-11-21T22:30:05")
_LIST_SEPARATOR = "; "
# Rows of a Parquet row group: large enough to compress well, small enough to hold.
_ROWS_A_GROUP = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCount:
    """What was written.

    Attributes:
        rows: Without a header.
        sessions: Distinct ones; None if `session_id` is not among the columns.
    """

    rows: int
    sessions: int | None


def write_rows(reader: pa.RecordBatchReader, *, format: Format, out: BinaryIO) -> RowCount:  # noqa: A002 - the option's name
    """Writes rows of `ROWS_SCHEMA`, all columns or some, to `out`, holding a few at a time.

    Args:
        reader: Ordered, so that the rows of a session stand together.
        format: csv | json (an array) | ndjson | parquet.
        out: Left open.
    """
    counter = _Counter(reader)
    _WRITERS[format](counter, out)
    return RowCount(rows=counter.row_count, sessions=counter.session_count)


def export_name(ask: Ask, format: Format) -> str:  # noqa: A002 - the option's name
    """What the file is called: `sessions_2026-10-24_2026-11-22_UTC.csv`."""
    return f"sessions_{ask.period.first_on}_{ask.period.last_on}_UTC.{format}"


class _Counter:
    """Batches that count themselves as they pass."""

    def __init__(self, reader: pa.RecordBatchReader) -> None:
        self._reader = reader
        self.schema: pa.Schema = reader.schema
        self._last_session: str | None = None
        self.row_count = 0
        self.session_count: int | None = 0 if "session_id" in reader.schema.names else None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._reader:
            if batch.num_rows == 0:
                continue
            self.row_count += batch.num_rows
            if self.session_count is not None:
                self.session_count += self._sessions_begun(batch.column("session_id"))
            yield batch

    def _sessions_begun(self, ids: pa.Array) -> int:
        first, last = ids[0].as_py(), ids[-1].as_py()
        changes = pc.sum(pc.not_equal(ids[1:], ids[:-1])).as_py() or 0
        begun = int(changes) + (first != self._last_session)
        self._last_session = last
        return begun


def _write_csv(batches: "_Counter", out: BinaryIO) -> None:
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    try:
        writer = csv.writer(text)
        writer.writerow(batches.schema.names)
        for batch in batches:
            columns = [_csv_cells(column) for column in batch.columns]
            writer.writerows(zip(*columns, strict=True))
    finally:
        text.detach()


def _csv_cells(column: pa.Array) -> list[Any]:
    """The column as CSV writes it: null as nothing at all."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_list(column.type):
        column = pc.binary_join(column, _LIST_SEPARATOR)
    if pa.types.is_timestamp(column.type):
        return _instants(column).to_pylist()
    if pa.types.is_boolean(column.type):
        return pc.if_else(column, "true", "false").to_pylist()
    if not pa.types.is_string(column.type):
        return column.to_pylist()
    is_formula = pc.match_substring_regex(column, _FORMULA_START)
    return pc.if_else(is_formula, pc.binary_join_element_wise("'", column, ""), column).to_pylist()


def _instants(column: pa.Array) -> pa.Array:
    """ISO 8601 in UTC with `Z`, with as many of 0, 3 or 6 decimals as each instant needs.

    The end of a session can lie past the last year of four digits, which ISO 8601 can't say: null.
    """
    instants_us = column.cast(pa.timestamp("us")).cast(pa.int64())
    sayable = pc.less(instants_us, INSTANT_END_US)
    # Without a zone, since Arrow looks zones up in files that a small machine need not have; and cast,
    # since strftime takes five times as long.
    text = pc.if_else(sayable, instants_us, None).cast(pa.timestamp("us")).cast(pa.string())
    text = pc.binary_replace_slice(text, start=10, stop=11, replacement="T")
    for decimals, step_us in ((3, 1_000), (0, 1_000_000)):
        whole = pc.multiply(pc.divide(instants_us, step_us), step_us)
        shorter = pc.utf8_slice_codeunits(text, start=0, stop=_SECONDS_END + decimals + (decimals > 0))
        text = pc.if_else(pc.equal(whole, instants_us), shorter, text)
    return pc.binary_join_element_wise(text, "Z", "")


def _write_ndjson(batches: "_Counter", out: BinaryIO) -> None:
    encoder = msgspec.json.Encoder()
    out.writelines(encoder.encode_lines(_mappings(batch)) for batch in batches)


def _write_json(batches: "_Counter", out: BinaryIO) -> None:
    encoder = msgspec.json.Encoder()
    opening = b"[\n"
    for batch in batches:
        out.write(opening)
        out.write(b",\n".join(encoder.encode(row) for row in _mappings(batch)))
        opening = b",\n"
    out.write(b"[]\n" if opening == b"[\n" else b"\n]\n")


def _mappings(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    columns = [_instants(column) if pa.types.is_timestamp(column.type) else column for column in batch.columns]
    rows: list[dict[str, Any]] = pa.RecordBatch.from_arrays(columns, names=batch.schema.names).to_pylist()
    return rows


def _write_parquet(batches: "_Counter", out: BinaryIO) -> None:
    with pq.ParquetWriter(out, batches.schema, compression="zstd") as writer:
        waiting: list[pa.RecordBatch] = []
        for batch in batches:
            waiting.append(batch)
            if sum(held.num_rows for held in waiting) >= _ROWS_A_GROUP:
                writer.write_table(pa.Table.from_batches(waiting))
                waiting = []
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting))


_WRITERS: Final[dict[Format, Callable[["_Counter", BinaryIO], None]]] = {
    "csv": _write_csv,
    "json": _write_json,
    "ndjson": _write_ndjson,
    "parquet": _write_parquet,
}
