"""What an account refuses of events that can be read: those out of its time, and conflicts; kept in quarantine.

Every rejection carries the event as it could be sent again. Only refused events cost anything here.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.domain.event import Actor, Kind
from botmeter.domain.instant import DAY_US, text_from_us
from botmeter.domain.period import day_start_us
from botmeter.domain.receipt import Rejection
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.rows import write_given
from botmeter.ledger.statements import statements_of
from botmeter.metering.schema import EventBatch

sql = statements_of(__name__)

Rows = npt.NDArray[np.int64]

# Clocks of senders run ahead; a whole day ahead is a mistake.
FUTURE_MAX_US = DAY_US


def out_of_time(ledger: Ledger, batch: EventBatch, *, now_us: int) -> tuple[Rows, list[Rejection]]:
    """The rows of the batch before the account's data start or more than a day ahead of the clock, and why not."""
    available_from = ledger.account.available_from
    occurred_at = batch.events["occurred_at"].to_numpy()
    early = occurred_at < day_start_us(available_from)
    rows = np.flatnonzero(early | (occurred_at > now_us + FUTURE_MAX_US))
    reasons = []
    for at_us, is_early in zip(occurred_at[rows].tolist(), early[rows].tolist(), strict=True):
        occurred = f"It occurred at {text_from_us(at_us)}"
        if is_early:
            reasons.append(("before_available_from", f"{occurred}; the account's data start on {available_from}."))
        else:
            ahead = f"more than a day ahead of the clock, {text_from_us(now_us)}."
            reasons.append(("in_the_future", f"{occurred}, {ahead}"))
    return rows, _rejections(batch, rows, reasons=reasons)


def conflicts(batch: EventBatch, rows: Rows, *, source: str) -> list[Rejection]:
    """Rejections of the batch's `rows`, whose ids are known with another content."""
    ids = batch.events["event_id"].take(pa.array(rows)).to_pylist()
    detail = "Event {} of source {} was sent before with another content; the first one stands."
    return _rejections(batch, rows, reasons=[("conflict", detail.format(event_id, source)) for event_id in ids])


def quarantine(ledger: Ledger, refused: Sequence[Rejection], *, source: str, stamp: tuple[int, int]) -> None:
    """Keeps what was refused, each once whatever how often it was sent.

    Args:
        ledger: In a transaction.
        refused: The rejections.
        source: Of all of them.
        stamp: The number of the submission, and the present instant in µs UTC.
    """
    if not refused:
        return
    append_no, now_us = stamp
    table = pa.table(
        {
            "position": pa.array([rejection.index for rejection in refused], pa.int64()),
            "event_id": pa.array([rejection.event_id for rejection in refused], pa.string()),
            "code": pa.array([rejection.code for rejection in refused], pa.string()),
            "detail": pa.array([rejection.detail for rejection in refused], pa.string()),
            "raw": pa.array([rejection.raw for rejection in refused], pa.binary()),
        }
    )
    values = {"source": source, "append_no": append_no, "now": now_us}
    write_given(ledger.connection, sql("keep_refused"), given=table, values=values)


def _rejections(batch: EventBatch, rows: Rows, *, reasons: Sequence[tuple[str, str]]) -> list[Rejection]:
    chosen = pa.array(rows)
    positions = batch.positions.take(chosen).to_pylist()
    events = batch.events.take(chosen).to_pylist()
    return [
        Rejection(index=position, event_id=event["event_id"], code=code, detail=detail, raw=_as_json(event))
        for position, event, (code, detail) in zip(positions, events, reasons, strict=True)
    ]


def _as_json(event: dict[str, Any]) -> bytes:
    """One row of an `EVENTS_SCHEMA` table as the JSON object that it could have been sent as."""
    fields = dict(event)
    fields["occurred_at"] = text_from_us(fields["occurred_at"])
    fields["actor"] = Actor(fields["actor"]).name.lower()
    fields["kind"] = Kind(fields["kind"]).name.lower()
    if fields["attributes"] is not None:
        fields["attributes"] = msgspec.Raw(fields["attributes"].encode())
    return msgspec.json.encode({name: value for name, value in fields.items() if value is not None})
