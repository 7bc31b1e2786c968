"""The underlying data of a report: one row per session × conversation × bot × version × channel.

Rows are read some days at a time, so that neither the sort nor whoever reads them needs memory
for more than those, however long the period is.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pyarrow as pa

from botmeter.domain.errors import Refused
from botmeter.domain.period import Period
from botmeter.reports.ask import Ask
from botmeter.reports.snapshot import bounds_of, snapshot, values_of
from botmeter.reports.usage import is_about_rows, session_days

if TYPE_CHECKING:
    from botmeter.ledger.ledger import Ledger

_INSTANT = pa.timestamp("us", tz="UTC")
_TEXTS = pa.list_(pa.string())

# In order of session_start, session_id, conversation_id, bot_id, bot_version, channel, null before
# text. `session_end` is null while no limit ends the session. `ticket_types` names the type of the
# ticket at the same place of `ticket_ids`; a ticket with two types is there twice.
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
COLUMNS: tuple[str, ...] = tuple(ROWS_SCHEMA.names)

# Read at once: a few hundred MB at the usual one or two rows a session.
_SESSIONS_AT_ONCE = 200_000


def underlying_rows(ledger: "Ledger", ask: Ask, *, columns: tuple[str, ...] | None = None) -> pa.RecordBatchReader:
    """The rows that the report for `ask` counts, streamed, as they were at one moment.

    Args:
        columns: Names of `ROWS_SCHEMA`, in the order wanted; None for all.

    Raises:
        Refused: `column_unknown`.
    """
    wanted = COLUMNS if columns is None else columns
    for name in wanted:
        if name not in COLUMNS:
            raise Refused("column_unknown", f"There is no column {name[:40]!r}; there are {', '.join(COLUMNS)}.")
    schema = pa.schema([ROWS_SCHEMA.field(name) for name in wanted])
    return pa.RecordBatchReader.from_batches(schema, _batches(ledger, ask, schema=schema))


def _batches(ledger: "Ledger", ask: Ask, *, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    values = values_of(ask, ledger.touchpoints)
    with snapshot(ledger) as moment:
        periods = [ask.period]
        if not is_about_rows(values):
            periods = _slices(ask.period, session_days(moment, ask, values=values))
        for period in periods:
            bounds = {**values, **bounds_of(period)}
            moment.run("matching", bounds)
            for batch in moment.batches("rows", bounds):
                yield pa.RecordBatch.from_arrays(
                    [batch.column(field.name).cast(field.type) for field in schema], schema=schema
                )


def _slices(period: Period, session_count_of_day: list[int]) -> list[Period]:
    """The period in parts of whole days, none with many more sessions than are read at once."""
    slices: list[Period] = []
    first_on, session_count = period.first_on, 0
    for on, on_this_day in zip(period.days(), session_count_of_day, strict=True):
        if session_count and session_count + on_this_day > _SESSIONS_AT_ONCE:
            slices.append(Period(first_on=first_on, last_on=on - timedelta(days=1)))
            first_on, session_count = on, 0
        session_count += on_this_day
    if session_count:
        slices.append(Period(first_on=first_on, last_on=period.last_on))
    return slices
