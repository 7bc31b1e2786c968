"""Underlying data, read a few days at a time, so that memory does not grow."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from botmeter.domain.errors import Refused
from botmeter.domain.instant import DAY_US
from botmeter.ledger.statements import statements_of
from botmeter.reports.charges import Charges, with_charge
from botmeter.reports.conditions import bounds_between, query_parameters, with_search
from botmeter.reports.matching import run_matching
from botmeter.reports.query import UsageQuery
from botmeter.reports.row_options import ChargeFilter
from botmeter.reports.snapshot import Parameters, Snapshot, open_snapshot
from botmeter.reports.stored_session import uuid_text

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_INSTANT = pa.timestamp("us", tz="UTC")
_TEXTS = pa.list_(pa.string())

# In order of session_start, session_id, conversation_id, bot_id, bot_version, channel, null before
# text. `session_end` is null while no limit ends the session. `ticket_types` has the types in
# the order of `ticket_ids`; a ticket with two types is there twice.
ROWS_SCHEMA = pa.schema(
    [
        pa.field("session_id", pa.string()),
        pa.field("session_start", _INSTANT),
        pa.field("session_end", _INSTANT),
        pa.field("customer_id", pa.string()),
        pa.field("conversation_id", pa.string()),
        pa.field("bot_id", pa.string()),
        pa.field("bot_name", pa.string()),
        pa.field("bot_version", pa.string()),
        pa.field("channel", pa.string()),
        pa.field("conversation_created_at", _INSTANT),
        pa.field("conversation_updated_at", _INSTANT),
        pa.field("ticket_ids", _TEXTS),
        pa.field("ticket_types", _TEXTS),
        pa.field("events", pa.int64()),
        pa.field("preview", pa.bool_()),
    ]
)

INSTANT_COLUMNS = tuple(field.name for field in ROWS_SCHEMA if field.type == _INSTANT)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderlyingRow:
    """One row: session × conversation × bot × version × channel, in the columns of `ROWS_SCHEMA`.

    Attributes:
        session_start: µs UTC, as all instants.
    """

    session_id: str
    session_start: int
    session_end: int | None
    customer_id: str
    conversation_id: str
    bot_id: str | None
    bot_name: str | None
    bot_version: str | None
    channel: str
    conversation_created_at: int | None
    conversation_updated_at: int | None
    ticket_ids: list[str]
    ticket_types: list[str]
    events: int
    preview: bool


sql = statements_of(__name__)
Rows = Generator[pa.RecordBatch, None, None]
COLUMNS: tuple[str, ...] = tuple(ROWS_SCHEMA.names)

# Read at once: with the usual one or two rows a session they take several hundred MB, and DuckDB at most a limit that
# may be lower. Each time all keys of conversations are read, which for ten million takes 0.3 s of processor time.
_SESSIONS_AT_ONCE = 400_000
_MEMORY_BYTES_A_SESSION = 2_000
"""With a limit of 100 MB, 100,000 sessions were read at once, and 400,000 were not."""


def underlying_rows(
    ledger: "ReadableLedger", query: UsageQuery, *, columns: tuple[str, ...] | None = None, search: str = ""
) -> pa.RecordBatchReader:
    """Stream the rows that the report counts, at one moment; close the reader to release it.

    Args:
        columns: None for all.
        search: As in `RowOptions`.

    Raises:
        Refused: As `schema_of`.
    """
    schema = schema_of(COLUMNS if columns is None else columns)
    return pa.RecordBatchReader.from_batches(schema, row_batches(ledger, query, schema=schema, search=search))


def schema_of(columns: tuple[str, ...], *, known: pa.Schema = ROWS_SCHEMA) -> pa.Schema:
    """Named columns of a schema, in that order.

    Raises:
        Refused: `column_unknown`, `column_repeated`, `columns_missing`.
    """
    if not columns:
        raise Refused("columns_missing", f"No column was given. Use one or more of {', '.join(known.names)}.")
    for index, name in enumerate(columns):
        if name not in known.names:
            raise Refused("column_unknown", f"Unknown column {name[:40]!r}. Use {', '.join(known.names)}.")
        if name in columns[:index]:
            raise Refused("column_repeated", f"Column {name} was given twice; give it once.")
    return pa.schema([known.field(name) for name in columns])


def row_batches(ledger: "ReadableLedger", query: UsageQuery, *, schema: pa.Schema, search: str = "") -> Rows:
    """Generate the batches of `underlying_rows`."""
    with open_snapshot(ledger) as snapshot:
        yield from batches_of_rows(snapshot, row_parameters(snapshot, query, search=search), schema=schema)


def batches_of_rows(snapshot: Snapshot, parameters: Parameters, *, schema: pa.Schema) -> Rows:
    """Generate the matching rows."""
    for batch in sliced_batches(snapshot, parameters, statement=sql("rows", **parameters["conditions"])):
        yield pa.RecordBatch.from_arrays([batch.column(field.name).cast(field.type) for field in schema], schema=schema)


def sliced_batches(snapshot: Snapshot, parameters: Parameters, *, statement: str) -> Rows:
    """Run a statement on `matching`, which holds a few days at a time."""
    for bounds in _slices(snapshot, parameters):
        sliced = {**parameters, **bounds}
        run_matching(snapshot, sliced)
        yield from snapshot.batches(statement, sliced)


def matching_rows(snapshot: Snapshot, parameters: Parameters) -> list[UnderlyingRow]:
    """All rows in `matching`, within the parameters' bounds."""
    rows = snapshot.table(sql("rows", **parameters["conditions"]), parameters)
    return [UnderlyingRow(**row) for row in rows.to_pylist()]


def row_parameters(
    snapshot: Snapshot,
    query: UsageQuery,
    *,
    search: str = "",
    charge: ChargeFilter | None = None,
    charges: Charges | None = None,
) -> Parameters:
    """Parameters of a query, a search, and a charge, which needs `charges`."""
    parameters = query_parameters(query, snapshot)
    if charge is not None and charges is not None:
        parameters = with_charge(parameters, charge, charges=charges)
    # A lone surrogate is in no id, and DuckDB refuses it.
    text = search.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return with_search(parameters, text, session_id=uuid_text(search)) if text else parameters


def _slices(snapshot: Snapshot, parameters: Parameters) -> list[Parameters]:
    """The period split at UTC midnights by number of sessions."""
    if parameters["filters"].selects_ids:
        return [{}]
    slices: list[Parameters] = []
    # Here, as it loads DuckDB, which the columns alone don't need.
    from botmeter.ledger.duckdb_settings import memory_limit_bytes

    memory_bytes = memory_limit_bytes(snapshot.connection)
    sessions_at_once = min(memory_bytes // _MEMORY_BYTES_A_SESSION, _SESSIONS_AT_ONCE)
    start_us, session_count = parameters["start_us"], 0
    for day, on_this_day in snapshot.rows(sql("session_counts_of_days"), parameters):
        if session_count and session_count + on_this_day > sessions_at_once:
            slices.append(bounds_between(start_us, day * DAY_US))
            start_us, session_count = day * DAY_US, 0
        session_count += on_this_day
    if session_count:
        slices.append(bounds_between(start_us, parameters["end_us"]))
    return slices
