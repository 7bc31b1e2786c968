"""Whole columns → an event batch; doubtful rows go to `validation`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

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
from botmeter.sources.records import CheckedRecords, Records
from botmeter.sources.times.clock import RFC3339
from botmeter.sources.validation import Event, event_from_record
from botmeter.sources.vectorized_checks import checked_column

Positions = npt.NDArray[np.int64]

# Other actors without a bot really have none.
_WITH_BOT = pa.array([Actor.CUSTOMER, Actor.BOT], pa.uint8())


def batch_from_records(records: Records | CheckedRecords, source: Source | None = None) -> EventBatch:
    """Build a batch in file order.

    Args:
        source: Supplies missing bots, versions and channels.
    """
    default_channel = (source and source.channel) or CHANNEL_UNKNOWN
    if isinstance(records, CheckedRecords):
        batch = _batch_from_checked(records, default_channel=default_channel)
    else:
        batch = _batch(records, default_channel=default_channel)
    return batch if source is None else replace(batch, events=_with_default_bot(batch.events, source))


def _batch(records: Records, *, default_channel: str) -> EventBatch:
    doubt = np.zeros(len(records.positions), np.bool_)
    columns = []
    for name in FIELDS:
        column, flags = _screened(name, records, default_channel=default_channel)
        columns.append(column)
        doubt |= flags
    events = pa.Table.from_arrays(columns, schema=EVENTS_SCHEMA)
    positions = records.positions
    rejections = records.rejections
    if doubt.any():
        rows = np.flatnonzero(doubt)
        valid, valid_rows, more = _validated(records, rows, default_channel=default_channel)
        events, positions = events.filter(pa.array(~doubt)), positions[~doubt]
        if len(valid_rows):
            events, positions = _in_order([events, valid], [positions, records.positions[valid_rows]])
        rejections = tuple(sorted((*rejections, *more), key=lambda rejection: rejection.index))
    return EventBatch(
        events=events,
        positions=pa.array(positions, pa.int64()),
        rejections=rejections,
        bytes_read=records.bytes_read,
        notes=records.notes,
    )


def _batch_from_checked(records: CheckedRecords, *, default_channel: str) -> EventBatch:
    channel, _ = checked_column("channel", records.columns["channel"], clock=RFC3339, default_channel=default_channel)
    columns = {**records.columns, "channel": channel}
    events = pa.Table.from_arrays([columns[name] for name in FIELDS], schema=EVENTS_SCHEMA)
    positions = records.positions
    rejections: tuple[Rejection, ...] = ()
    if records.doubtful is not None:
        batch = _batch(records.doubtful, default_channel=default_channel)
        events, positions = _in_order([events, batch.events], [positions, batch.positions.to_numpy()])
        rejections = batch.rejections
    return EventBatch(
        events=events,
        positions=pa.array(positions, pa.int64()),
        rejections=rejections,
        bytes_read=records.bytes_read,
    )


def _in_order(events: Sequence[pa.Table], positions: Sequence[Positions]) -> tuple[pa.Table, Positions]:
    together = pa.concat_tables(events).unify_dictionaries().combine_chunks()
    order = np.argsort(np.concatenate(positions), kind="stable")
    return together.take(pa.array(order)), np.concatenate(positions)[order]


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
