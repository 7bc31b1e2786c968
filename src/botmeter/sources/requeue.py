"""Requeue of quarantined events; platform payloads are read again."""

from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import groupby

from botmeter.domain.receipt import REJECTIONS_SHOWN_MAX, Receipt
from botmeter.domain.source import Source
from botmeter.ledger.append import Submission, append
from botmeter.ledger.imports import import_origins
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.quarantine import (
    ALL_WAITING,
    Quarantined,
    QuarantineFilter,
    quarantined,
    quarantined_numbers,
    release,
    waiting_positions,
)
from botmeter.metering.schema import EventBatch
from botmeter.sources.payloads.connector import Connector
from botmeter.sources.payloads.payload import PAYLOAD_REFUSED
from botmeter.sources.payloads.payload_batches import ReadPayloads, batch_from_payloads
from botmeter.sources.platforms.registry import NATIVE_PLATFORM, connector_of
from botmeter.sources.reader import batch_from_json
from botmeter.sources.source_files import source_named

# A payload can hold many events.
PAYLOADS_EACH = 100
# Measured with events of 300 bytes: 100,000 of them at once took 240 MB.
_ENTRIES_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """Entries of one source and import (0: of none), and the positions of each in their batch."""

    origin: int
    entries: list[Quarantined]
    positions: list[range]
    batch: EventBatch

    @property
    def submission(self) -> Submission:
        # An unreadable entry stays in quarantine and is not sent.
        batch = replace(self.batch, rejections=())
        first = self.entries[0]
        return Submission(
            source=first.source, batches=[batch], label="quarantine", is_pulled=first.is_pulled, retry_of=self.origin
        )

    def released(self, receipt: Receipt, *, requarantined: AbstractSet[int]) -> list[int]:
        if receipt.rejected > len(receipt.rejections):
            # The receipt may not name all rejections, so no entry may leave quarantine.
            return []
        rejected = {rejection.index for rejection in receipt.rejections} - requarantined
        rejected |= {rejection.index for rejection in self.batch.rejections}
        pairs = zip(self.entries, self.positions, strict=True)
        return [entry.number for entry, positions in pairs if rejected.isdisjoint(positions)]


def retry(ledger: Ledger, chosen: QuarantineFilter = ALL_WAITING, *, now_us: int) -> Receipt:
    """Send waiting events in quarantine again under their source; an interrupted retry can be repeated.

    Accepted events and duplicates leave quarantine; the others stay under their new reason.
    """
    numbers = quarantined_numbers(ledger, chosen)
    some = (tuple(numbers[start : start + _ENTRIES_AT_ONCE]) for start in range(0, len(numbers), _ENTRIES_AT_ONCE))
    return Receipt.sum_of([_retry(ledger, QuarantineFilter(numbers=each), now_us=now_us) for each in some])


def _retry(ledger: Ledger, chosen: QuarantineFilter, *, now_us: int) -> Receipt:
    pieces = list(_pieces(ledger, chosen))
    first_append_no = ledger.next_append_no()
    receipts = append(ledger, [piece.submission for piece in pieces], now_us=now_us) if pieces else []
    requarantined: defaultdict[int, set[int]] = defaultdict(set)
    for append_no, position in waiting_positions(ledger, first_append_no=first_append_no):
        requarantined[append_no].add(position)
    released: dict[int, list[int]] = {}
    for append_no, (piece, receipt) in enumerate(zip(pieces, receipts, strict=True), start=first_append_no):
        released[append_no] = piece.released(receipt, requarantined=requarantined[append_no])
    if any(released.values()):
        release(ledger, released)
    unreadable = [rejection for piece in pieces for rejection in piece.batch.rejections]
    return Receipt.sum_of([Receipt.of(unreadable, accepted=0, duplicates=0, conflicts=0), *receipts])


def _pieces(ledger: Ledger, chosen: QuarantineFilter) -> Iterator[_Piece]:
    # So small that a receipt names every rejection.
    origins = import_origins(ledger)

    def sender(entry: Quarantined) -> tuple[str, bool, int]:
        return entry.source, entry.is_pulled, origins.get(entry.append_no, 0)

    by_sender = sorted(quarantined(ledger, chosen), key=lambda entry: (sender(entry), entry.number))
    for (name, _, origin), entries in groupby(by_sender, key=sender):
        source = source_named(ledger, name) or Source(name=name, platform=NATIVE_PLATFORM)
        connector = connector_of(source.platform)
        events: list[Quarantined] = []
        payloads: list[Quarantined] = []
        for entry in entries:
            (payloads if _is_payload(entry, connector) else events).append(entry)
        for start in range(0, len(events), REJECTIONS_SHOWN_MAX):
            yield _piece_of_events(events[start : start + REJECTIONS_SHOWN_MAX], origin=origin)
        for start in range(0, len(payloads), PAYLOADS_EACH):
            some = payloads[start : start + PAYLOADS_EACH]
            read = batch_from_payloads([entry.raw for entry in some], source=source, connector=connector)
            yield _piece_of_payloads(some, read, origin=origin)


def _is_payload(entry: Quarantined, connector: Connector) -> bool:
    return not connector.is_native and (entry.code == PAYLOAD_REFUSED or b'"event_id"' not in entry.raw)


def _piece_of_events(entries: list[Quarantined], *, origin: int) -> _Piece:
    positions = [range(position, position + 1) for position in range(len(entries))]
    batch = batch_from_json([entry.raw for entry in entries])
    return _Piece(origin=origin, entries=entries, positions=positions, batch=batch)


def _piece_of_payloads(entries: list[Quarantined], read: ReadPayloads, *, origin: int) -> _Piece:
    positions = [range(each.first_position, each.first_position + each.record_count) for each in read.payloads]
    return _Piece(origin=origin, entries=entries, positions=positions, batch=read.batch)
