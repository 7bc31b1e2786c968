"""Admission of batches to a ledger: outcomes, rejections and receipts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from botmeter.domain.event import Actor, Kind
from botmeter.domain.instant import text_from_us
from botmeter.domain.period import day_start_us
from botmeter.domain.receipt import Receipt, Rejection
from botmeter.ledger.event_rows import event_rows, stored_events
from botmeter.ledger.known_keys import Keys
from botmeter.ledger.live_batch import BatchDelivery
from botmeter.metering.admission import Admission, EventDeliveries, Outcome, admission, rows_outside_time
from botmeter.metering.columns import Ints, Mask
from botmeter.metering.schema import EventBatch

if TYPE_CHECKING:
    from botmeter.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedBatch:
    """Batch of one source among those admitted together, which count rows and deliveries from 0.

    Attributes:
        deliveries: By position.
        again_no: Noted beside events already in quarantine: an import's append number, or 0; None: nothing is noted.
    """

    source: str
    parsed: EventBatch
    deliveries: Sequence[BatchDelivery]
    append_no: int
    is_pulled: bool = False
    again_no: int | None = 0
    first_row: int = 0
    first_delivery: int = 0

    @property
    def rows(self) -> slice:
        return slice(self.first_row, self.first_row + len(self.parsed.events))

    @property
    def delivery_numbers(self) -> range:
        return range(self.first_delivery, self.first_delivery + len(self.deliveries))

    def deliveries_at(self, positions: Ints) -> Ints:
        firsts = [delivery.first_position for delivery in self.deliveries]
        return self.first_delivery + np.searchsorted(firsts, positions, side="right") - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmittedBatches:
    """Accepted `event_rows`, their keys ascending; by delivery: withdrawal, receipt, and rejections from its first."""

    accepted: pa.Table
    ordered_keys: Keys
    is_withdrawn: Mask
    receipts: list[Receipt]
    rejections: list[list[Rejection]]


def admit(
    ledger: "Ledger", batches: Sequence[NumberedBatch], *, now_us: int, before_search: Callable[[], None] | None = None
) -> AdmittedBatches:
    """Decide on the events of at least one batch. In a transaction; the caller stores the accepted events.

    Args:
        before_search: Called before stored events are searched.
    """
    rejections: list[list[Rejection]] = [[] for each in batches for _ in each.deliveries]
    is_rejected = np.zeros(batches[-1].rows.stop, np.bool_)
    for each in batches:
        is_rejected[each.rows], outside = outside_time(
            each.parsed, available_from=ledger.account.available_from, now_us=now_us
        )
        _add_rejections(rejections, each, added=[*each.parsed.rejections, *outside])
    events = pa.concat_tables(
        event_rows(ledger, each.parsed, source=each.source, append_no=each.append_no, is_pulled=each.is_pulled)
        for each in batches
    )
    suspects = ledger.known_keys().suspects(events["event_key"].to_numpy())
    if suspects.known.any() and before_search is not None:
        before_search()
    deliveries = _deliveries(batches, has_rejections=np.array([bool(own) for own in rejections]))
    admitted = admission(
        events,
        stored=stored_events(ledger, events, is_known=suspects.known),
        repeated=suspects.repeated,
        rejected=is_rejected,
        deliveries=deliveries,
    )
    for each in batches:
        clashing = np.flatnonzero(admitted.outcomes[each.rows] == Outcome.CONFLICT)
        _add_rejections(rejections, each, added=conflicts(each.parsed, clashing, source=each.source))
    accepted, ordered_keys = events, suspects.ordered
    if not admitted.is_accepted.all():
        accepted = events.filter(pa.array(admitted.is_accepted))
        ordered_keys = np.sort(accepted["event_key"].to_numpy())
    return AdmittedBatches(
        accepted=accepted,
        ordered_keys=ordered_keys,
        is_withdrawn=admitted.is_withdrawn,
        receipts=_receipts(admitted, deliveries, rejections=rejections),
        rejections=rejections,
    )


def _deliveries(batches: Sequence[NumberedBatch], *, has_rejections: Mask) -> EventDeliveries:
    is_atomic = np.array([delivery.is_atomic for each in batches for delivery in each.deliveries])
    return EventDeliveries(
        numbers=np.concatenate([each.deliveries_at(each.parsed.positions.to_numpy()) for each in batches]),
        is_atomic=is_atomic,
        is_withdrawn=is_atomic & has_rejections,
    )


def _receipts(
    admitted: Admission, deliveries: EventDeliveries, *, rejections: Sequence[Sequence[Rejection]]
) -> list[Receipt]:
    cells = deliveries.numbers * len(Outcome) + admitted.outcomes
    counts = np.bincount(cells, minlength=len(rejections) * len(Outcome)).reshape(-1, len(Outcome))
    return [
        Receipt.of(
            own,
            accepted=count[Outcome.ACCEPTED],
            duplicates=count[Outcome.DUPLICATE],
            conflicts=count[Outcome.CONFLICT],
        )
        for own, count in zip(rejections, counts.tolist(), strict=True)
    ]


def _add_rejections(rejections: list[list[Rejection]], batch: NumberedBatch, *, added: Sequence[Rejection]) -> None:
    if not added:
        return
    numbers = batch.deliveries_at(np.array([rejection.index for rejection in added], np.int64)).tolist()
    for number, rejection in zip(numbers, added, strict=True):
        first = batch.deliveries[number - batch.first_delivery].first_position
        rejections[number].append(replace(rejection, index=rejection.index - first) if first else rejection)
    for number in set(numbers):
        rejections[number].sort(key=lambda rejection: rejection.index)


def outside_time(batch: EventBatch, *, available_from: date, now_us: int) -> tuple[Mask, list[Rejection]]:
    """Return which events are before the data start date or in the future, and their rejections."""
    early_rows, ahead_rows = rows_outside_time(batch.events, data_start_us=day_start_us(available_from), now_us=now_us)
    is_outside = np.zeros(len(batch.events), np.bool_)
    is_outside[early_rows] = is_outside[ahead_rows] = True
    early = [
        record.rejection(
            code="before_available_from",
            detail=f"It occurred at {record.occurred}, before the account's data start date, {available_from}.",
        )
        for record in _records(batch, early_rows)
    ]
    ahead = [
        record.rejection(
            code="in_the_future",
            detail=f"It occurred at {record.occurred}, more than a day after the present time, {text_from_us(now_us)}.",
        )
        for record in _records(batch, ahead_rows)
    ]
    return is_outside, [*early, *ahead]


def conflicts(batch: EventBatch, rows: Ints, *, source: str) -> list[Rejection]:
    """Rejections of events in conflict."""
    return [
        record.rejection(
            code="conflict",
            detail=f"Event {record.event_id} of source {source} was already sent with different content; "
            "the first one stands.",
        )
        for record in _records(batch, rows)
    ]


class _Record(NamedTuple):
    position: int
    event_id: str
    occurred: str
    raw: bytes

    def rejection(self, *, code: str, detail: str) -> Rejection:
        return Rejection(index=self.position, event_id=self.event_id, code=code, detail=detail, raw=self.raw)


def _records(batch: EventBatch, rows: Ints) -> Iterator[_Record]:
    if not len(rows):
        return
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
