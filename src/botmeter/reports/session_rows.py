"""Underlying data with one row per session, for files."""

import pyarrow as pa

from botmeter.domain.session import ClosedBy
from botmeter.ledger.statements import statements_of
from botmeter.reports.charges import CHARGE, charge_column
from botmeter.reports.rows import ROWS_SCHEMA, Rows, sliced_batches
from botmeter.reports.snapshot import Parameters, Snapshot

_TEXTS = pa.list_(pa.string())

# In order of session_start and session_id. Bots, channels, ids and counts are those of the session's matching rows;
# `opening_bot_id` and `opening_channel` are those of the event that opened it.
SESSIONS_SCHEMA = pa.schema(
    [
        *(ROWS_SCHEMA.field(name) for name in ("session_id", "session_start", "session_end", "customer_id")),
        pa.field("opening_bot_id", pa.string()),
        pa.field("opening_channel", pa.string()),
        pa.field("bots", _TEXTS),
        pa.field("channels", _TEXTS),
        pa.field("conversations", pa.int64()),
        pa.field("tickets", pa.int64()),
        pa.field("events", pa.int64()),
        pa.field("closed_by", pa.string()),
        pa.field("preview", pa.bool_()),
        pa.field("conversation_ids", _TEXTS),
        pa.field("ticket_ids", _TEXTS),
        pa.field("ticket_types", _TEXTS),
    ]
)

sql = statements_of(__name__)

_REASONS = pa.array([ClosedBy(number).name.lower() for number in range(len(ClosedBy))])


def batches_of_sessions(snapshot: Snapshot, parameters: Parameters, *, schema: pa.Schema) -> Rows:
    """Generate the matching sessions."""
    for batch in sliced_batches(snapshot, parameters, statement=sql("session_rows", **parameters["conditions"])):
        named = batch.set_column(
            batch.schema.get_field_index("closed_by"), "closed_by", _REASONS.take(batch.column("closed_by"))
        )
        if CHARGE.name in schema.names:
            charge = charge_column(
                named.column("session_id"), named.column("session_start"), charges=parameters["charges"]
            )
            named = named.append_column(CHARGE, charge)
        yield pa.RecordBatch.from_arrays([named.column(field.name).cast(field.type) for field in schema], schema=schema)
