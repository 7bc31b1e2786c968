"""Payloads of one source, as several senders brought them, read as one batch.

The connector says what is in each payload; whole columns then go through the same screens and the same rule as a
file. A payload that is not understood is one rejection, kept whole, at a place of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.domain.errors import Refused
from botmeter.domain.event import FIELDS
from botmeter.domain.receipt import Rejection
from botmeter.domain.source import Platform, Source
from botmeter.metering.schema import EventBatch
from botmeter.sources.clock import Clock
from botmeter.sources.cloudevents import with_receipt_time
from botmeter.sources.columns import batch_from_records
from botmeter.sources.connector import NOT_RECEIVED_US, NOT_UNDERSTOOD, Findings, FoundRecord
from botmeter.sources.defaults import records_with_defaults
from botmeter.sources.elements import Objects
from botmeter.sources.json_records import records_from_objects
from botmeter.sources.mapped import row_bytes, value_text
from botmeter.sources.platforms.botmeter.connector import objects_in
from botmeter.sources.platforms.registry import connector_of
from botmeter.sources.records import Records

OWN_PLATFORMS = frozenset({Platform.BOTMETER, Platform.CLOUDEVENTS})
"""Their payloads hold events in our own words, which are read by whole columns."""
_NOTHING_SAID = Findings()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPayload:
    """What one payload held.

    Attributes:
        first_position: Where its records begin in the batch.
        record_count: How many there are, the refused ones included; 0: nothing in it counts.
        subject: What the platform calls it; empty: nothing.
        ignored: A sentence for each kind of thing in it that never counts.
        ignored_count: How many things in it never count.
    """

    first_position: int
    record_count: int
    subject: str = ""
    ignored: tuple[str, ...] = ()
    ignored_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPayloads:
    """Several payloads, read.

    Attributes:
        batch: The records of all of them; its positions count through them, the refused ones included.
        payloads: What each held, in their order.
    """

    batch: EventBatch
    payloads: tuple[ReadPayload, ...]


def batch_from_payloads(
    payloads: Sequence[bytes], *, source: Source, received_us: Sequence[int], first: int = 0
) -> ReadPayloads:
    """The events in `payloads`, and what each payload held.

    Args:
        payloads: The bodies, unpacked, as they came.
        source: Where all of them come from.
        received_us: When each came, µs UTC.
        first: Where positions begin.
    """
    gathering = _Gathering(place=first)
    if source.platform in OWN_PLATFORMS:
        for payload, came_us in zip(payloads, received_us, strict=True):
            _gather_own(gathering, payload, received_us=came_us)
        batch = _own_batch(gathering, source)
    else:
        findings = connector_of(source.platform).findings
        for payload, came_us in zip(payloads, received_us, strict=True):
            try:
                found = findings(payload, source, received_us=came_us)
            except Refused as fault:
                gathering.refuse(payload, fault)
                continue
            gathering.found.extend(found.records)
            gathering.note(len(found.records), found=found)
        batch = batch_from_records(_records(gathering))
    return ReadPayloads(batch=batch, payloads=tuple(gathering.read))


def batch_from_found(found: Sequence[FoundRecord], *, refused: Sequence[tuple[bytes, Refused]] = ()) -> EventBatch:
    """The events of records that a connector found, and a rejection for each payload that it refused.

    Args:
        found: In any order; positions count through them, then through the refused.
        refused: Payloads, each with why it was not understood.
    """
    gathering = _Gathering(place=0)
    gathering.found.extend(found)
    gathering.note(len(found))
    for payload, fault in refused:
        gathering.refuse(payload, fault)
    return batch_from_records(_records(gathering))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a platform's table.

    Attributes:
        fields: Field of the event → its value; None: the row never counts.
        raw: The row as it stands there.
        fault: A sentence that says why it is uneven: it has more or fewer cells than the table has columns.
    """

    fields: Mapping[str, object] | None
    raw: Mapping[str, object]
    fault: str | None = None


def batch_from_rows(rows: Iterable[Row], *, clock: Clock, first: int, bytes_read: int) -> EventBatch:
    """The events of a platform's table; each row has a position, whether or not it counts.

    Args:
        rows: Some rows, in order.
        clock: How their times are written.
        first: The position of the first of them.
        bytes_read: How far the stored file has been read.
    """
    gathering = _Gathering(place=first)
    for row in rows:
        if row.fault is not None:
            gathering.rejections.append(
                Rejection(
                    index=gathering.place, event_id=None, code="row_uneven", detail=row.fault, raw=row_bytes(row.raw)
                )
            )
            gathering.place += 1
        elif row.fields is None:
            gathering.place += 1
        else:
            gathering.found.append(FoundRecord(fields=row.fields, raw=row_bytes(row.raw)))
            gathering.note(1)
    return batch_from_records(replace(_records(gathering), clock=clock, bytes_read=bytes_read))


@dataclass(slots=True, kw_only=True)
class _Gathering:
    """What the payloads held so far; `place` is the next record's."""

    place: int
    found: list[FoundRecord] = field(default_factory=list)
    objects: list[Objects] = field(default_factory=list)
    positions: list[range] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    read: list[ReadPayload] = field(default_factory=list)

    def note(self, count: int, *, found: Findings = _NOTHING_SAID) -> None:
        """Adds the payload whose `count` records come next, with what the connector says of it."""
        self.read.append(
            ReadPayload(
                first_position=self.place,
                record_count=count,
                subject=found.subject,
                ignored=found.ignored,
                ignored_count=found.ignored_count,
            )
        )
        self.positions.append(range(self.place, self.place + count))
        self.place += count

    def refuse(self, payload: bytes, fault: Refused) -> None:
        """Adds a payload that is not understood: one refused record."""
        self.rejections.append(
            Rejection(index=self.place, event_id=None, code=NOT_UNDERSTOOD, detail=fault.message, raw=payload)
        )
        self.read.append(ReadPayload(first_position=self.place, record_count=1))
        self.place += 1

    def places(self) -> npt.NDArray[np.int64]:
        """The position of each record that was not refused."""
        return np.fromiter((place for places in self.positions for place in places), np.int64)


def _records(gathering: _Gathering) -> Records:
    found = gathering.found
    columns = {}
    for name in FIELDS:
        values = [value_text(name, each.fields.get(name)) for each in found]
        columns[name] = pa.array(values, pa.string())
    return Records(
        columns=columns,
        record=lambda row: found[row].fields,
        raw=lambda row: found[row].raw,
        positions=gathering.places(),
        rejections=tuple(gathering.rejections),
    )


def _gather_own(gathering: _Gathering, payload: bytes, *, received_us: int) -> None:
    try:
        objects = objects_in(payload)
    except Refused as fault:
        gathering.refuse(payload, fault)
        return
    if received_us != NOT_RECEIVED_US and b'"specversion"' in payload:
        objects = Objects.from_texts([with_receipt_time(text, received_us=received_us) for text in objects.texts])
    gathering.objects.append(objects)
    gathering.note(objects.count)


def _own_batch(gathering: _Gathering, source: Source) -> EventBatch:
    several = gathering.objects
    objects = several[0] if len(several) == 1 else Objects.from_texts([text for each in several for text in each.texts])
    if not objects.count:
        return batch_from_records(_records(gathering))
    records = replace(
        records_from_objects(objects, first=0), positions=gathering.places(), rejections=tuple(gathering.rejections)
    )
    return batch_from_records(records_with_defaults(records, source))
