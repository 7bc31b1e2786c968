"""Whole columns → an event batch; doubtful rows go to `validation`."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.errors import Refused
from botmeter.domain.event import CHANNEL_UNKNOWN, FIELDS, REQUIRED_FIELDS, Actor
from botmeter.domain.receipt import Rejection
from botmeter.domain.source import Source
from botmeter.metering.schema import EVENTS_SCHEMA, EventBatch
from botmeter.sources.column_texts import CheckedColumn
from botmeter.sources.records import Records
from botmeter.sources.validation import Event, event_from_record
from botmeter.sources.vectorized_checks import checked_column

# Other actors without a bot really have none.
_WITH_BOT = pa.array([Actor.CUSTOMER, Actor.BOT], pa.uint8())


def batch_from_records(records: Records, source: Source | None = None) -> EventBatch:
    """Build a batch in file order.

    Args:
        source: Supplies missing bots, versions and channels.
    """
    default_channel = (source and source.channel) or CHANNEL_UNKNOWN
    doubt = np.zeros(len(records.positions), np.bool_)
    columns = []
    for name in FIELDS:
        column, flags = _screened(name, records, default_channel=default_channel)
        columns.append(column)
        doubt |= flags
    events = pa.Table.from_arrays(columns, schema=EVENTS_SCHEMA)
    rows = np.arange(len(doubt))
    rejections = records.rejections
    if doubt.any():
        valid, valid_rows, more = _validated(records, np.flatnonzero(doubt), default_channel=default_channel)
        rows = np.concatenate([np.flatnonzero(~doubt), valid_rows])
        order = np.argsort(rows, kind="stable")
        rows = rows[order]
        events = events.filter(pa.array(~doubt))
        if len(valid_rows):
            events = pa.concat_tables([events, valid]).unify_dictionaries().combine_chunks().take(pa.array(order))
        rejections = tuple(sorted((*rejections, *more), key=lambda rejection: rejection.index))
    return EventBatch(
        events=events if source is None else _with_default_bot(events, source),
        positions=pa.array(records.positions[rows], pa.int64()),
        rejections=rejections,
        bytes_read=records.bytes_read,
        notes=records.notes,
    )


def _with_default_bot(events: pa.Table, source: Source) -> pa.Table:
    if source.bot_id is not None:
        is_default = pc.and_(events["bot_id"].is_null(), pc.is_in(events["actor"], _WITH_BOT))
        events = _filled(events, "bot_name", value=source.bot_name, where=is_default)
        events = _filled(events, "bot_id", value=source.bot_id, where=is_default)
    if source.bot_version is not None:
        is_default = pc.and_(events["bot_version"].is_null(), events["bot_id"].is_valid())
        events = _filled(events, "bot_version", value=source.bot_version, where=is_default)
    return events


def _filled(events: pa.Table, name: str, *, value: str | None, where: pa.ChunkedArray) -> pa.Table:
    index = events.schema.get_field_index(name)
    texts = events[name].cast(pa.string())
    filled = pc.if_else(where, pa.scalar(value, pa.string()), texts).combine_chunks().dictionary_encode()
    return events.set_column(index, events.schema.field(index), filled)


def _screened(name: str, records: Records, *, default_channel: str) -> CheckedColumn:
    sent = records.columns.get(name)
    if sent is None:
        sent = pa.nulls(len(records.positions), pa.string())
    column, flags = checked_column(name, sent, clock=records.clock, default_channel=default_channel)
    if name in REQUIRED_FIELDS and column.null_count:
        flags = flags | column.is_null().to_numpy(zero_copy_only=False)
        column = pc.fill_null(column, "" if pa.types.is_string(column.type) else 0)
    return column, flags


def _validated(
    records: Records, rows: npt.NDArray[np.int64], *, default_channel: str
) -> tuple[pa.Table, npt.NDArray[np.int64], list[Rejection]]:
    events: list[Event] = []
    event_rows: list[int] = []
    rejections: list[Rejection] = []
    for row in rows.tolist():
        try:
            record = records.record(row)
            event, faults = event_from_record(record, clock=records.clock, default_channel=default_channel)
        except Refused as fault:
            event, faults = {}, [fault]
        if faults:
            rejections.append(_rejection(records, row=row, event=event, faults=faults))
        else:
            events.append(event)
            event_rows.append(row)
    return pa.Table.from_pylist(events, schema=EVENTS_SCHEMA), np.array(event_rows, np.int64), rejections


def _rejection(records: Records, *, row: int, event: Mapping[str, object], faults: list[Refused]) -> Rejection:
    event_id = event.get("event_id")
    return Rejection(
        index=int(records.positions[row]),
        event_id=event_id if isinstance(event_id, str) else None,
        code=faults[0].code,
        detail=" ".join(fault.message for fault in faults),
        raw=records.raw(row),
    )
