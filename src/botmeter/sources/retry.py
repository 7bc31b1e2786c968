"""Events in quarantine sent again, as after `available_from` was moved or a clock was set right."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from botmeter.domain.receipt import REJECTIONS_SHOWN_MAX, Receipt, Rejection
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.quarantine import Quarantined, quarantined, release
from botmeter.ledger.submission import Submission
from botmeter.metering.schema import EventBatch
from botmeter.sources.reader import batches_from_json


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """Quarantined events of one source, read again."""

    again: tuple[Quarantined, ...]
    batches: tuple[EventBatch, ...]

    @property
    def unreadable(self) -> list[Rejection]:
        return [rejection for batch in self.batches for rejection in batch.rejections]

    @property
    def submission(self) -> Submission:
        # What still can't be read stays in quarantine as it is, and is not sent.
        batches = [replace(batch, rejections=()) for batch in self.batches]
        return Submission(source=self.again[0].source, batches=batches, label="quarantine")


def retry(ledger: Ledger, *, now_us: int) -> Receipt:
    """What became of everything in quarantine, sent again under its own source.

    What was taken, and what the ledger had already, leaves quarantine; the rest stays, once, under
    the reason that holds now. If this is cut off, it can simply be run again.

    Returns:
        Counts over all sources, and the first thousand rejections.
    """
    pieces = list(_pieces(ledger))
    first_append_no = ledger.next_append_no()
    receipts = ledger.append([piece.submission for piece in pieces], now_us=now_us) if pieces else []
    kept_anew = {(each.append_no, each.position) for each in quarantined(ledger) if each.append_no >= first_append_no}
    done: list[int] = []
    for append_no, (piece, receipt) in enumerate(zip(pieces, receipts, strict=True), start=first_append_no):
        refused = {rejection.index for rejection in (*receipt.rejections, *piece.unreadable)}
        done += [
            each.number
            for place, each in enumerate(piece.again)
            if place not in refused or (append_no, place) in kept_anew
        ]
    if done:
        release(ledger, done)
    return _sum(pieces, receipts)


def _pieces(ledger: Ledger) -> Iterator[_Piece]:
    """Everything in quarantine, in pieces so small that the receipt of each names every rejection."""
    by_source = sorted(quarantined(ledger), key=lambda each: (each.source, each.number))
    for _, own in groupby(by_source, key=lambda each: each.source):
        again = tuple(own)
        for start in range(0, len(again), REJECTIONS_SHOWN_MAX):
            piece = again[start : start + REJECTIONS_SHOWN_MAX]
            yield _Piece(again=piece, batches=tuple(batches_from_json(each.raw for each in piece)))


def _sum(pieces: list[_Piece], receipts: list[Receipt]) -> Receipt:
    unreadable = [rejection for piece in pieces for rejection in piece.unreadable]
    rejections = [*unreadable, *(rejection for receipt in receipts for rejection in receipt.rejections)]
    return Receipt(
        accepted=sum(receipt.accepted for receipt in receipts),
        duplicates=sum(receipt.duplicates for receipt in receipts),
        conflicts=sum(receipt.conflicts for receipt in receipts),
        rejected=sum(receipt.rejected for receipt in receipts) + len(unreadable),
        rejections=tuple(rejections[:REJECTIONS_SHOWN_MAX]),
    )
