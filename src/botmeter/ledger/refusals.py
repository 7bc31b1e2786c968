"""Rejections by the account, quarantined as JSON to send again."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from botmeter.domain.event import Actor, Kind
from botmeter.domain.instant import text_from_us
from botmeter.domain.period import day_start_us
from botmeter.domain.receipt import Rejection
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.rows import execute_with
from botmeter.ledger.statements import statements_of
from botmeter.metering.admission import Mask, rows_outside_time
from botmeter.metering.columns import Ints
from botmeter.metering.schema import EventBatch

sql = statements_of(__name__)


def outside_time(ledger: Ledger, batch: EventBatch, *, now_us: int) -> tuple[Mask, list[Rejection]]:
    """Return a mask of events outside the account's time, and their rejections."""
    available_from = ledger.account.available_from
    outside = rows_outside_time(batch.events, data_start_us=day_start_us(available_from), now_us=now_us)
    early = [
        _rejection(
            record,
            code="before_available_from",
            detail=f"It occurred at {record.occurred}, before the account's data start date, {available_from}.",
        )
        for record in _records(batch, outside.early)
    ]
    ahead = [
        _rejection(
            record,
            code="in_the_future",
            detail=f"It occurred at {record.occurred}, more than a day after the present time, {text_from_us(now_us)}.",
        )
        for record in _records(batch, outside.ahead)
    ]
    is_outside = np.zeros(len(batch.events), np.bool_)
    is_outside[outside.early] = is_outside[outside.ahead] = True
    return is_outside, sorted([*early, *ahead], key=lambda rejection: rejection.index)


def conflicts(batch: EventBatch, rows: Ints, *, source: str) -> list[Rejection]:
    """Reject rows in conflict with the first event of their id."""
    return [
        _rejection(
            record,
            code="conflict",
            detail=f"Event {record.event_id} of source {source} was already sent with different content; "
            "the first one stands.",
        )
        for record in _records(batch, rows)
    ]


def quarantine(
    ledger: Ledger,
    rejections: Sequence[Rejection],
    *,
    source: str,
    append_no: int,
    now_us: int,
    is_pulled: bool = False,
) -> None:
    """Store rejected events, each once. In a transaction."""
    if not rejections:
        return
    table = pa.table(
        {
            "position": pa.array([rejection.index for rejection in rejections], pa.int64()),
            "event_id": pa.array([rejection.event_id for rejection in rejections], pa.string()),
            "code": pa.array([rejection.code for rejection in rejections], pa.string()),
            "detail": pa.array([rejection.detail for rejection in rejections], pa.string()),
            "raw": pa.array([rejection.raw for rejection in rejections], pa.binary()),
        }
    )
    values = {"source": source, "append_no": append_no, "now": now_us, "is_pulled": is_pulled}
    execute_with(ledger.connection, sql("keep_refused"), input_rows=table, values=values)


class _Record(NamedTuple):
    position: int
    event_id: str
    occurred: str
    raw: bytes


def _rejection(record: _Record, *, code: str, detail: str) -> Rejection:
    return Rejection(index=record.position, event_id=record.event_id, code=code, detail=detail, raw=record.raw)


def _records(batch: EventBatch, rows: Ints) -> Iterator[_Record]:
    chosen = pa.array(rows)
    events = batch.events.take(chosen).to_pylist()
    for position, fields in zip(batch.positions.take(chosen).to_pylist(), events, strict=True):
        fields["occurred_at"] = text_from_us(fields["occurred_at"])
        fields["actor"] = Actor(fields["actor"]).name.lower()
        fields["kind"] = Kind(fields["kind"]).name.lower()
        if fields["attributes"] is not None:
            fields["attributes"] = msgspec.Raw(fields["attributes"].encode())
        raw = msgspec.json.encode({name: value for name, value in fields.items() if value is not None})
        yield _Record(position, fields["event_id"], fields["occurred_at"], raw)
