"""A batch of events as the ledger's statements read it: numbered rows, touchpoints as numbers, keys."""

import numpy as np
import pyarrow as pa

from botmeter.ledger.known_keys import Keys
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.rows import table_given
from botmeter.ledger.statements import statements_of
from botmeter.metering.columns import repeated_text
from botmeter.metering.schema import EventBatch

sql = statements_of(__name__)


def arrived(ledger: Ledger, batch: EventBatch, *, source: str, first_row: int = 0) -> pa.Table:
    """The events of the batch: row, source, and the columns of event but for the key and the submission's number.

    Args:
        ledger: In a transaction.
        batch: As the source gives it.
        source: Of the whole batch.
        first_row: The number of its first row; the others follow.
    """
    events = batch.events
    touchpoints = ledger.touchpoints.numbers(events)
    ledger.keep_numbers()
    return (
        events.drop_columns(["bot_id", "bot_version", "channel"])
        .append_column("touchpoint", pa.array(touchpoints))
        .append_column("row", pa.array(np.arange(first_row, first_row + len(events))))
        .append_column("source", repeated_text(source, len(events)))
    )


def keys_of(ledger: ReadableLedger, events: pa.Table) -> Keys:
    """The key of each event of a table with source and event_id."""
    ids = events.select(["source", "event_id"])
    return table_given(ledger.connection, sql("event_keys"), given=ids)["event_key"].to_numpy()
