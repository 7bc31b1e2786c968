"""Live append: one short transaction stores events, and `settle` meters them a moment later."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from botmeter.domain.receipt import Receipt, Rejection
from botmeter.ledger.deliveries import StoredDelivery, keep_deliveries
from botmeter.ledger.event_rows import event_rows
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.live_batch import BatchDelivery, LiveBatch
from botmeter.ledger.receipts import keep_receipt
from botmeter.ledger.refusals import conflicts, outside_time, quarantine
from botmeter.ledger.rows import execute_with
from botmeter.ledger.statements import statements_of
from botmeter.ledger.stored_events import stored_events
from botmeter.metering.admission import Admission, EventDeliveries, Mask, Outcome, admission
from botmeter.metering.columns import Ints

sql = statements_of(__name__)

LABEL = "live"
"""Label of the receipts of live events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Numbered:
    live_batch: LiveBatch
    append_no: int
    first_row: int
    first_delivery: int

    @property
    def rows(self) -> slice:
        return slice(self.first_row, self.first_row + len(self.live_batch.parsed.events))

    @property
    def delivery_numbers(self) -> range:
        return range(self.first_delivery, self.first_delivery + len(self.live_batch.deliveries))

    def deliveries_at(self, positions: Ints) -> Ints:
        firsts = [delivery.first_position for delivery in self.live_batch.deliveries]
        return self.first_delivery + np.searchsorted(firsts, positions, side="right") - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    events: pa.Table
    admitted: Admission
    receipts: list[Receipt]
    rejections: list[list[Rejection]]


def live_append(ledger: Ledger, batches: Sequence[LiveBatch], *, now_us: int) -> list[tuple[Receipt, ...]]:
    """Append live events without metering them; return once everything is on disk.

    Nobody else may append meanwhile.

    Returns:
        Per batch, a receipt per delivery; indexes count from its first record.
    """
    first_append_no = ledger.next_append_no()
    numbered = _numbered(batches, first_append_no=first_append_no)
    try:
        with ledger.transaction():
            decided = _decided(ledger, numbered, now_us=now_us)
            accepted = decided.events.filter(pa.array(decided.admitted.is_accepted))
            if len(accepted):
                execute_with(ledger.connection, sql("keep_arrivals"), input_rows=accepted, values={"now": now_us})
            for each in numbered:
                _keep_outcomes(ledger, each, decided=decided, now_us=now_us)
    except BaseException:
        # A commit that failed may be on disk all the same.
        ledger.keys.forget()
        raise
    ledger.known_keys().add(accepted["event_key"].to_numpy())
    ledger.note_appended(first_append_no + len(batches))
    return [tuple(decided.receipts[number] for number in each.delivery_numbers) for each in numbered]


def _numbered(batches: Sequence[LiveBatch], *, first_append_no: int) -> list[_Numbered]:
    numbered = []
    first_row = first_delivery = 0
    for append_no, batch in enumerate(batches, start=first_append_no):
        each = _Numbered(live_batch=batch, append_no=append_no, first_row=first_row, first_delivery=first_delivery)
        first_row, first_delivery = each.rows.stop, each.delivery_numbers.stop
        numbered.append(each)
    return numbered


def _decided(ledger: Ledger, numbered: Sequence[_Numbered], *, now_us: int) -> _Decided:
    rejections: list[list[Rejection]] = [[] for each in numbered for _ in each.delivery_numbers]
    is_rejected = np.zeros(numbered[-1].rows.stop, np.bool_)
    for each in numbered:
        batch = each.live_batch.parsed
        is_rejected[each.rows], outside = outside_time(ledger, batch, now_us=now_us)
        _add_rejections(rejections, each, added=[*batch.rejections, *outside])
    events = _events(ledger, numbered)
    keys = events["event_key"].to_numpy()
    suspects = ledger.known_keys().suspects(keys)
    deliveries = _deliveries(numbered, has_rejections=np.array([bool(own) for own in rejections]))
    admitted = admission(
        events,
        stored=stored_events(ledger, events, is_known=suspects.known),
        repeated=suspects.repeated,
        rejected=is_rejected,
        deliveries=deliveries,
    )
    for each in numbered:
        clashing = np.flatnonzero(admitted.outcomes[each.rows] == Outcome.CONFLICT)
        found = conflicts(each.live_batch.parsed, clashing, source=each.live_batch.source)
        _add_rejections(rejections, each, added=found)
    cells = deliveries.numbers * len(Outcome) + admitted.outcomes
    counts = np.bincount(cells, minlength=len(rejections) * len(Outcome)).reshape(-1, len(Outcome))
    receipts = [
        Receipt.of(
            own,
            accepted=count[Outcome.ACCEPTED],
            duplicates=count[Outcome.DUPLICATE],
            conflicts=count[Outcome.CONFLICT],
        )
        for own, count in zip(rejections, counts.tolist(), strict=True)
    ]
    return _Decided(events=events, admitted=admitted, receipts=receipts, rejections=rejections)


def _deliveries(numbered: Sequence[_Numbered], *, has_rejections: Mask) -> EventDeliveries:
    is_atomic = np.array([delivery.is_atomic for each in numbered for delivery in each.live_batch.deliveries])
    return EventDeliveries(
        numbers=np.concatenate([each.deliveries_at(each.live_batch.parsed.positions.to_numpy()) for each in numbered]),
        is_atomic=is_atomic,
        is_withdrawn=is_atomic & has_rejections,
    )


def _events(ledger: Ledger, numbered: Sequence[_Numbered]) -> pa.Table:
    tables = []
    for each in numbered:
        rows = event_rows(ledger, each.live_batch.parsed, source=each.live_batch.source)
        tables.append(rows.append_column("append_no", pa.array(np.full(len(rows), each.append_no, np.int32))))
    return pa.concat_tables(tables)


def _add_rejections(rejections: list[list[Rejection]], numbered: _Numbered, *, added: Sequence[Rejection]) -> None:
    """Count indexes from the delivery's first record."""
    if not added:
        return
    numbers = numbered.deliveries_at(np.array([rejection.index for rejection in added], np.int64)).tolist()
    for number, rejection in zip(numbers, added, strict=True):
        first = numbered.live_batch.deliveries[number - numbered.first_delivery].first_position
        rejections[number].append(replace(rejection, index=rejection.index - first))
    for number in set(numbers):
        rejections[number].sort(key=lambda rejection: rejection.index)


def _keep_outcomes(ledger: Ledger, numbered: _Numbered, *, decided: _Decided, now_us: int) -> None:
    """Store only the arrival of a withdrawn delivery."""
    live_batch, append_no = numbered.live_batch, numbered.append_no
    kept = [number for number in numbered.delivery_numbers if not decided.admitted.is_withdrawn[number]]
    rejections = [rejection for number in kept for rejection in decided.rejections[number]]
    quarantine(ledger, rejections, source=live_batch.source, append_no=append_no, now_us=now_us)
    receipt = Receipt.sum_of(decided.receipts[number] for number in kept)
    if receipt.total:
        keep_receipt(ledger, receipt, append_no=append_no, now_us=now_us, source=live_batch.source, label=LABEL)
    delivered = [
        _delivered(delivery, decided.receipts[number], append_no=append_no, now_us=now_us, source=live_batch.source)
        for number, delivery in zip(numbered.delivery_numbers, live_batch.deliveries, strict=True)
    ]
    keep_deliveries(ledger, delivered)


def _delivered(
    delivery: BatchDelivery, receipt: Receipt, *, append_no: int, now_us: int, source: str
) -> StoredDelivery:
    reasons = [f"{rejection.code}: {rejection.detail}" for rejection in receipt.rejections[:1]]
    return StoredDelivery(
        append_no=append_no,
        received_at=now_us,
        source=source,
        delivery_id=delivery.delivery_id,
        subject=delivery.subject,
        accepted=receipt.accepted,
        duplicates=receipt.duplicates,
        conflicts=receipt.conflicts,
        rejected=receipt.rejected,
        ignored=delivery.ignored_count,
        detail=next(iter([*reasons, *delivery.ignored]), None),
    )
