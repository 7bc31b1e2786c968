"""Whole columns → an event batch; doubtful rows go to `validation`."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.errors import Refused
from botmeter.domain.event import FIELDS, REQUIRED_FIELDS
from botmeter.domain.receipt import Rejection
from botmeter.metering.schema import EVENTS_SCHEMA, EventBatch
from botmeter.sources.records import Records
from botmeter.sources.validation import Event, event_from_record
from botmeter.sources.vectorized_checks import CheckedColumn, checked_column


def batch_from_records(records: Records) -> EventBatch:
    """Build a batch in the order of the file."""
    doubt = np.zeros(len(records.positions), np.bool_)
    columns = []
    for name in FIELDS:
        column, flags = _screened(name, records)
        columns.append(column)
        if flags is not None:
            doubt |= flags
    if not doubt.any():
        events = pa.Table.from_arrays(columns, schema=EVENTS_SCHEMA)
        return _batch(records, events=events, positions=records.positions, rejections=records.rejections)
    good = pa.Table.from_arrays([column.filter(pa.array(~doubt)) for column in columns], schema=EVENTS_SCHEMA)
    mended, mended_rows, rejections = _validated(records, np.flatnonzero(doubt))
    rows = np.concatenate([np.flatnonzero(~doubt), mended_rows])
    table = good
    if len(mended_rows):
        order = np.argsort(rows, kind="stable")
        rows = rows[order]
        table = pa.concat_tables([good, mended]).unify_dictionaries().combine_chunks().take(pa.array(order))
    refused = tuple(sorted((*records.rejections, *rejections), key=lambda rejection: rejection.index))
    return _batch(records, events=table, positions=records.positions[rows], rejections=refused)


def _batch(
    records: Records, *, events: pa.Table, positions: npt.NDArray[np.int64], rejections: tuple[Rejection, ...]
) -> EventBatch:
    return EventBatch(
        events=events,
        positions=pa.array(positions, pa.int64()),
        rejections=rejections,
        bytes_read=records.bytes_read,
        notes=records.notes,
    )


def _screened(name: str, records: Records) -> CheckedColumn:
    sent = records.columns.get(name)
    if sent is None:
        sent = pa.nulls(len(records.positions), pa.string())
    column, flags = checked_column(name, sent, clock=records.clock)
    if name in REQUIRED_FIELDS and column.null_count:
        absent = column.is_null().to_numpy(zero_copy_only=False)
        flags = absent if flags is None else flags | absent
        column = pc.fill_null(column, "" if pa.types.is_string(column.type) else 0)
    return column, flags


def _validated(
    records: Records, rows: npt.NDArray[np.int64]
) -> tuple[pa.Table, npt.NDArray[np.int64], list[Rejection]]:
    events: list[Event] = []
    event_rows: list[int] = []
    rejections: list[Rejection] = []
    for row in rows.tolist():
        try:
            event, faults = event_from_record(records.record(row), clock=records.clock)
        except Refused as fault:
            event, faults = {}, [fault]
        if faults:
            rejections.append(_rejection(records, row=row, event=event, faults=faults))
        else:
            events.append(event)
            event_rows.append(row)
    return _table(events), np.array(event_rows, np.int64), rejections


def _rejection(records: Records, *, row: int, event: Mapping[str, object], faults: list[Refused]) -> Rejection:
    event_id = event.get("event_id")
    return Rejection(
        index=int(records.positions[row]),
        event_id=event_id if isinstance(event_id, str) else None,
        code=faults[0].code,
        detail=" ".join(fault.message for fault in faults),
        raw=records.raw(row),
    )


def _table(events: list[Event]) -> pa.Table:
    columns = []
    for field in EVENTS_SCHEMA:
        values = [event[field.name] for event in events]
        plain = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        array = pa.array(values, plain)
        columns.append(array if plain is field.type else array.cast(field.type))
    return pa.Table.from_arrays(columns, schema=EVENTS_SCHEMA)
