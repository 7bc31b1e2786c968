"""Live append: one short transaction stores events, and `settle` meters them a moment later."""

from collections.abc import Callable, Sequence

import pyarrow as pa

from botmeter.domain.receipt import Receipt
from botmeter.ledger.admit import AdmittedBatches, NumberedBatch, admit
from botmeter.ledger.deliveries import StoredDelivery, insert_deliveries
from botmeter.ledger.event_rows import insert_arrivals
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.live_batch import BatchDelivery, LiveBatch
from botmeter.ledger.quarantine import note_again, quarantine
from botmeter.ledger.receipts import insert_receipt
from botmeter.ledger.recent_memory import ALL_KEPT
from botmeter.metering.touchpoints import Touchpoint

# Of a delivery, which mostly has one; more would hide the rejection before them.
_NOTES_KEPT_MAX = 3

LABEL = "live"
"""Label of the receipts of live events."""


AppendWatcher = Callable[[pa.Table, list[Touchpoint]], None]
"""Called with accepted `event_rows`, once they are on disk, and the touchpoints that they number."""


def live_append(
    ledger: Ledger, batches: Sequence[LiveBatch], *, now_us: int, watcher: AppendWatcher | None = None
) -> list[tuple[Receipt, ...]]:
    """Append live events without metering them; return once everything is on disk.

    Nobody else may append meanwhile.

    Returns:
        Per batch, a receipt per delivery; indexes count from its first record.
    """
    ledger.refuse_in_lake("It takes no live events")
    first_append_no = ledger.next_append_no()
    numbered = _numbered(batches, first_append_no=first_append_no)
    try:
        with ledger.live_commits.running(), ledger.transaction():
            admitted = admit(ledger, numbered, now_us=now_us)
            accepted = admitted.accepted
            ledger.memory.events.add(accepted)
            # Live events change no session until they are settled.
            ledger.memory.keep(ALL_KEPT)
            if len(accepted):
                insert_arrivals(ledger, accepted, now_us=now_us)
            for each in numbered:
                _store_outcomes(ledger, each, admitted=admitted, now_us=now_us)
    except BaseException:
        # A commit that failed may be on disk all the same.
        ledger.keys.forget()
        raise
    ledger.known_keys().add_ordered(admitted.ordered_keys)
    ledger.note_appended(first_append_no + len(batches))
    if watcher is not None and len(accepted):
        watcher(accepted, ledger.touchpoints.all())
    return [tuple(admitted.receipts[number] for number in each.delivery_numbers) for each in numbered]


def _numbered(batches: Sequence[LiveBatch], *, first_append_no: int) -> list[NumberedBatch]:
    numbered = []
    first_row = first_delivery = 0
    for append_no, live_batch in enumerate(batches, start=first_append_no):
        each = NumberedBatch(
            source=live_batch.source,
            parsed=live_batch.parsed,
            deliveries=live_batch.deliveries,
            append_no=append_no,
            first_row=first_row,
            first_delivery=first_delivery,
        )
        first_row, first_delivery = each.rows.stop, each.delivery_numbers.stop
        numbered.append(each)
    return numbered


def _store_outcomes(ledger: Ledger, batch: NumberedBatch, *, admitted: AdmittedBatches, now_us: int) -> None:
    stored = [number for number in batch.delivery_numbers if not admitted.is_withdrawn[number]]
    rejections = [rejection for number in stored for rejection in admitted.rejections[number]]
    again = quarantine(ledger, rejections, batch=batch, now_us=now_us)
    note_again(ledger.connection, again, again_no=batch.again_no)
    receipt = Receipt.sum_of(admitted.receipts[number] for number in stored)
    if receipt.total:
        insert_receipt(ledger, receipt, append_no=batch.append_no, now_us=now_us, source=batch.source, label=LABEL)
    deliveries = [
        _stored_delivery(batch, delivery, receipt=admitted.receipts[number], now_us=now_us)
        for number, delivery in zip(batch.delivery_numbers, batch.deliveries, strict=True)
    ]
    insert_deliveries(ledger, deliveries)


def _stored_delivery(batch: NumberedBatch, delivery: BatchDelivery, *, receipt: Receipt, now_us: int) -> StoredDelivery:
    reasons = [f"{rejection.code}: {rejection.detail}" for rejection in receipt.rejections[:1]]
    read_first = [*reasons, *delivery.notes[:_NOTES_KEPT_MAX]] or list(delivery.ignored[:1])
    return StoredDelivery(
        append_no=batch.append_no,
        received_at=now_us,
        source=batch.source,
        delivery_id=delivery.delivery_id,
        subject=delivery.subject,
        accepted=receipt.accepted,
        duplicates=receipt.duplicates,
        conflicts=receipt.conflicts,
        rejected=receipt.rejected,
        ignored=delivery.ignored_count,
        detail=" ".join(read_first) or None,
    )
