"""Underlying data of any grain, for files."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from botmeter.reports.charges import Charges
from botmeter.reports.page_lines import line_batches
from botmeter.reports.query import UsageQuery
from botmeter.reports.row_options import ChargeFilter, Grain
from botmeter.reports.rows import ROWS_SCHEMA, Rows, batches_of_rows, row_parameters, schema_of
from botmeter.reports.session_rows import SESSIONS_SCHEMA, batches_of_sessions
from botmeter.reports.snapshot import Parameters, Snapshot, open_snapshot

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_INSTANT = pa.timestamp("us", tz="UTC")
_TEXTS = pa.list_(pa.string())
_TYPES: Final[Mapping[str, pa.DataType]] = {
    "conversation_id": pa.string(),
    "ticket_id": pa.string(),
    "conversation_created_at": _INSTANT,
    "conversation_updated_at": _INSTANT,
    "last_session_start": _INSTANT,
    **dict.fromkeys(("customer_ids", "conversation_ids", "ticket_ids", "ticket_types", "bots", "channels"), _TEXTS),
    **dict.fromkeys(("customers", "conversations", "tickets", "sessions", "events"), pa.int64()),
}
_CONVERSATION_COLUMNS: Final = (
    "conversation_id",
    "conversation_created_at",
    "conversation_updated_at",
    "customer_ids",
    "customers",
    "bots",
    "channels",
    "ticket_ids",
    "tickets",
    "sessions",
    "events",
    "last_session_start",
)
_TICKET_COLUMNS: Final = (
    "ticket_id",
    "ticket_types",
    "conversation_ids",
    "conversations",
    "customer_ids",
    "customers",
    "bots",
    "channels",
    "sessions",
    "last_session_start",
)
# Conversations and tickets are in order of last_session_start, then of their id; lists are distinct and in order.
SCHEMAS: Final[Mapping[Grain, pa.Schema]] = {
    Grain.SESSION: SESSIONS_SCHEMA,
    Grain.CONVERSATION: pa.schema([pa.field(name, _TYPES[name]) for name in _CONVERSATION_COLUMNS]),
    Grain.TICKET: pa.schema([pa.field(name, _TYPES[name]) for name in _TICKET_COLUMNS]),
    Grain.ROW: ROWS_SCHEMA,
}


def underlying_data(
    ledger: "ReadableLedger",
    query: UsageQuery,
    *,
    grain: Grain,
    columns: tuple[str, ...] | None = None,
    charge: ChargeFilter | None = None,
    charges: Charges | None = None,
) -> pa.RecordBatchReader:
    """Stream the lines of a grain, as `underlying_rows` does its rows; a charge needs `charges`."""
    schema = SCHEMAS[grain] if columns is None else schema_of(columns, known=SCHEMAS[grain])

    def batches() -> Rows:
        with open_snapshot(ledger) as snapshot:
            parameters = row_parameters(snapshot, query, charge=charge, charges=charges) | {"charges": None}
            yield from batches_of(grain)(snapshot, parameters, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def batches_of(grain: Grain) -> Callable[..., Rows]:
    """Function that generates a snapshot's lines."""
    return _BATCHES[grain]


def _conversations(snapshot: Snapshot, parameters: Parameters, *, schema: pa.Schema) -> Rows:
    yield from _cast(line_batches(snapshot, parameters, grain=Grain.CONVERSATION), schema)


def _tickets(snapshot: Snapshot, parameters: Parameters, *, schema: pa.Schema) -> Rows:
    yield from _cast(line_batches(snapshot, parameters, grain=Grain.TICKET), schema)


def _cast(batches: Rows, schema: pa.Schema) -> Rows:
    for batch in batches:
        yield pa.RecordBatch.from_arrays([batch.column(field.name).cast(field.type) for field in schema], schema=schema)


_BATCHES: Final[Mapping[Grain, Callable[..., Rows]]] = {
    Grain.SESSION: batches_of_sessions,
    Grain.CONVERSATION: _conversations,
    Grain.TICKET: _tickets,
    Grain.ROW: batches_of_rows,
}
