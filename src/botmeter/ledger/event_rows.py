"""Rows of `event`: made from a batch, and found again by their 64-bit keys."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.instant import NEVER_US
from botmeter.ledger.duckdb_calls import execute_with, row_of, table_from
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.statements import statements_of
from botmeter.metering.columns import Mask, repeated_text
from botmeter.metering.schema import EventBatch

if TYPE_CHECKING:
    from botmeter.ledger.ledger import Ledger

sql = statements_of(__name__)

CONVERSATIONS_MAX = 20_000
"""A day of pulls can't request more."""


def event_rows(ledger: "Ledger", batch: EventBatch, *, source: str, append_no: int, is_pulled: bool) -> pa.Table:
    """Batch's events with source, touchpoint, key, append and `is_pulled`. In a transaction."""
    count = len(batch.events)
    events = batch.events.append_column("source", repeated_text(source, count))
    touchpoints = ledger.touchpoints.numbers(events)
    ledger.insert_numbers()
    events = events.append_column("touchpoint", pa.array(touchpoints))
    events = events.append_column("event_key", _event_keys(ledger.free_connection, events))
    events = events.append_column("append_no", pa.array(np.full(count, append_no, np.int32)))
    return events.append_column("is_pulled", pa.array(np.full(count, is_pulled)))


def stored_events(ledger: "Ledger", events: pa.Table, *, is_known: Mask) -> pa.Table | None:
    """Return stored events with known keys, as `stored` of `admission`. In a transaction."""
    if not is_known.any():
        return None
    numbers = is_known.nonzero()[0]
    searched = events.select(["event_key", "source", "event_id", "occurred_at"]).take(pa.array(numbers))
    stored, is_recent = ledger.memory.events.stored(searched, read_latest=partial(_latest_events, ledger))
    stored = stored.set_column(stored.schema.get_field_index("row"), "row", pa.array(numbers[stored["row"].to_numpy()]))
    if is_recent.all():
        return stored
    others = searched.append_column("row", pa.array(numbers)).filter(pa.array(~is_recent))
    read = table_from(
        ledger.connection,
        sql("stored_events"),
        input_rows=others,
        values={"rows": _stored_rows(ledger, others)},
    )
    return pa.concat_tables([stored, read.select(stored.column_names)])


def insert_events(connection: duckdb.DuckDBPyConnection, rows: pa.Table) -> None:
    """Store the rows of new events, in order. In a transaction."""
    execute_with(connection, sql("insert_events"), input_rows=rows)


def insert_arrivals(ledger: "Ledger", rows: pa.Table, *, now_us: int) -> None:
    """Store the rows of new live events, in order. In a transaction."""
    execute_with(ledger.connection, sql("insert_arrivals"), input_rows=rows, values={"now": now_us})


def known_instants(ledger: ReadableLedger, source: str, *, event_ids: Sequence[str]) -> dict[str, int]:
    """Instants (µs UTC) of known events, erased ones included, by id.

    Open for writing, so that nobody else appends.
    """
    distinct = sorted(set(event_ids))
    if not distinct:
        return {}
    ids = pa.table({"source": repeated_text(source, len(distinct)), "event_id": pa.array(distinct, pa.string())})
    keyed = ids.append_column("event_key", _event_keys(ledger.connection, ids))
    return dict(execute_with(ledger.connection, sql("known_instants"), input_rows=keyed).fetchall())


def has_events(ledger: ReadableLedger) -> bool:
    """Test for metered events."""
    # Touchpoints are in memory, and stay when an import is undone.
    return bool(ledger.touchpoints.all()) and bool(row_of(ledger.connection, sql("has_events"))[0])


def has_aliases(ledger: ReadableLedger) -> bool:
    """Test for merged customers."""
    return bool(row_of(ledger.connection, sql("has_aliases"))[0])


def active_conversations(ledger: ReadableLedger, source: str, *, first_us: int) -> list[tuple[str, int]]:
    """Source's conversations since `first_us` with their latest instants.

    The latest come first, at most `CONVERSATIONS_MAX`.
    """
    values = {"source": source, "first_us": first_us, "limit": CONVERSATIONS_MAX}
    return ledger.connection.execute(sql("active_conversations"), values).fetchall()


def _latest_events(ledger: "Ledger", limit: int) -> pa.Table:
    return ledger.connection.sql(sql("latest_events"), params={"limit": limit}).to_arrow_table()


def _event_keys(connection: duckdb.DuckDBPyConnection, events: pa.Table) -> pa.Array:
    named = events.select(["source", "event_id"])
    # As NumPy: a relation, which gives Arrow, is bound twice.
    return pa.array(execute_with(connection, sql("event_keys"), input_rows=named).fetchnumpy()["event_key"])


def _stored_rows(ledger: "Ledger", searched: pa.Table) -> list[int]:
    # Search from the original's instant, which a duplicate shares; everywhere only for missing keys.
    keys = searched.select(["event_key"])
    key_count = pc.count_distinct(keys["event_key"]).as_py()
    bounds = pc.min_max(searched["occurred_at"]).as_py()
    stored: list[tuple[int | None, int]] = []
    for first, last in ((bounds["min"], bounds["max"]), (-NEVER_US, NEVER_US)):
        values = {"first": first, "last": last}
        stored = execute_with(ledger.connection, sql("stored_rows"), input_rows=keys, values=values).fetchall()
        if len({key for _, key in stored}) == key_count:
            break
    return [row for row, _ in stored if row is not None]
