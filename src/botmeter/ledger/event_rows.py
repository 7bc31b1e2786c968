"""Events with source, touchpoint and key."""

import pyarrow as pa

from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.rows import table_from
from botmeter.ledger.statements import statements_of
from botmeter.metering.columns import repeated_text
from botmeter.metering.schema import EventBatch
from botmeter.metering.touchpoints import Touchpoint

sql = statements_of(__name__)


def event_rows(ledger: Ledger, batch: EventBatch, *, source: str) -> pa.Table:
    """Return a batch's rows for `event`. In a transaction."""
    events = batch.events.append_column("source", repeated_text(source, len(batch.events)))
    touchpoints = ledger.touchpoints.numbers(events)
    ledger.keep_numbers()
    events = events.append_column("touchpoint", pa.array(touchpoints))
    return events.append_column("event_key", event_keys(ledger, events))


def without_places(events: pa.Table) -> pa.Table:
    """Drop the columns that the touchpoint replaces in `event`."""
    return events.drop_columns(list(Touchpoint._fields))


def event_keys(ledger: ReadableLedger, events: pa.Table) -> pa.ChunkedArray:
    """Return the 64-bit key of each event's source and event_id."""
    return table_from(ledger.connection, sql("event_keys"), input_rows=events.select(["source", "event_id"]))[
        "event_key"
    ]
