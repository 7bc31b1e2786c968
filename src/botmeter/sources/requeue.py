"""Requeue of quarantined events; platform payloads are read anew."""

from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import groupby

from botmeter.domain.receipt import REJECTIONS_SHOWN_MAX, Receipt, Rejection
from botmeter.domain.source import Source
from botmeter.ledger.append import Submission, append
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.quarantine import Quarantined, quarantined, release
from botmeter.metering.schema import EventBatch
from botmeter.sources.payload import NOT_UNDERSTOOD
from botmeter.sources.payload_batches import batch_from_payloads
from botmeter.sources.platforms.registry import NATIVE_PLATFORM, connector_of
from botmeter.sources.reader import batches_from_json
from botmeter.sources.source_files import source_named

# A payload can hold many events.
PAYLOADS_EACH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    again: tuple[Quarantined, ...]
    places: tuple[range, ...]
    batches: tuple[EventBatch, ...]

    @property
    def unreadable(self) -> list[Rejection]:
        return [rejection for batch in self.batches for rejection in batch.rejections]

    def done(self, receipt: Receipt, *, kept_anew: AbstractSet[int]) -> list[int]:
        if receipt.rejected > len(receipt.rejections):
            # The receipt may not name all rejections, so no entry may leave quarantine.
            return []
        sent_back = {rejection.index for rejection in receipt.rejections} - kept_anew
        left = sent_back | {rejection.index for rejection in self.unreadable}
        return [each.number for each, places in zip(self.again, self.places, strict=True) if left.isdisjoint(places)]

    @property
    def submission(self) -> Submission:
        # An unreadable payload stays in quarantine and is not sent.
        batches = [replace(batch, rejections=()) for batch in self.batches]
        first = self.again[0]
        return Submission(source=first.source, batches=batches, label="quarantine", is_pulled=first.is_pulled)


def retry(ledger: Ledger, *, now_us: int) -> Receipt:
    """Send everything in quarantine again under its own source; an interrupted retry can be repeated.

    Accepted events and duplicates leave quarantine; the rest stays under its new reason. The receipt holds the first
    thousand rejections.
    """
    pieces = list(_pieces(ledger))
    first_append_no = ledger.next_append_no()
    receipts = append(ledger, [piece.submission for piece in pieces], now_us=now_us) if pieces else []
    kept_anew: defaultdict[int, set[int]] = defaultdict(set)
    for each in quarantined(ledger):
        kept_anew[each.append_no].add(each.position)
    done: list[int] = []
    for append_no, (piece, receipt) in enumerate(zip(pieces, receipts, strict=True), start=first_append_no):
        done += piece.done(receipt, kept_anew=kept_anew[append_no])
    if done:
        release(ledger, done)
    return _sum(pieces, receipts)


def _pieces(ledger: Ledger) -> Iterator[_Piece]:
    """Yield pieces small enough that a receipt names every rejection."""
    by_source = sorted(quarantined(ledger), key=lambda each: (each.source, each.is_pulled, each.number))
    for (name, _), own in groupby(by_source, key=lambda each: (each.source, each.is_pulled)):
        source = source_named(ledger, name) or Source(name=name, platform=NATIVE_PLATFORM)
        events: list[Quarantined] = []
        payloads: list[Quarantined] = []
        for each in own:
            (payloads if _is_payload(each, source) else events).append(each)
        for start in range(0, len(events), REJECTIONS_SHOWN_MAX):
            yield _events_again(events[start : start + REJECTIONS_SHOWN_MAX])
        for start in range(0, len(payloads), PAYLOADS_EACH):
            yield _payloads_again(payloads[start : start + PAYLOADS_EACH], source)


def _is_payload(each: Quarantined, source: Source) -> bool:
    is_foreign = not connector_of(source.platform).is_native and b'"event_id"' not in each.raw
    return each.code == NOT_UNDERSTOOD or is_foreign


def _events_again(again: list[Quarantined]) -> _Piece:
    return _Piece(
        again=tuple(again),
        places=tuple(range(place, place + 1) for place in range(len(again))),
        batches=tuple(batches_from_json(each.raw for each in again)),
    )


def _payloads_again(again: list[Quarantined], source: Source) -> _Piece:
    read = batch_from_payloads(
        [each.raw for each in again],
        source=source,
        connector=connector_of(source.platform),
        received_us=[each.recorded_at for each in again],
    )
    places = tuple(range(each.first_position, each.first_position + each.record_count) for each in read.payloads)
    return _Piece(again=tuple(again), places=places, batches=(read.batch,))


def _sum(pieces: list[_Piece], receipts: list[Receipt]) -> Receipt:
    unreadable = [rejection for piece in pieces for rejection in piece.unreadable]
    return Receipt.sum_of([Receipt.of(unreadable, accepted=0, duplicates=0, conflicts=0), *receipts])
