"""Group commit: one thread an account reads all that waits, writes it in one transaction, and then tells everybody."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from botmeter.domain.errors import BotmeterError
from botmeter.domain.receipt import Receipt
from botmeter.domain.source import Source
from botmeter.ledger.live_batch import LiveBatch
from botmeter.live.pending import Answered, Offer, Waiting
from botmeter.live.queue import OfferQueue, Room
from botmeter.live.read_batch import ReadOffers, SourceOf, parcels_of

COMMIT_EVERY_SECONDS: Final = 0.03
"""The least time between the starts of two commits: under load more callers share each, and the disk rests."""
_FULL_TEXTS: Final = 5_000
"""As much as this is written without waiting for more."""
_IDLE_SECONDS: Final = 30.0


class Committed(Protocol):
    """What is called after each commit of an account."""

    def __call__(self, account: str, answers: Sequence[Answered], *, seconds: float) -> None:
        """What was told, and how long it took."""


TakeIn = Callable[[str, Sequence[LiveBatch]], list[tuple[Receipt, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the committing threads need of the rest.

    Attributes:
        live_append: Writes parcels into an account's ledger; when it returns, they are on disk.
        source_of: What an account has said of a source.
        committed: Called after each commit of an account, with what was told and how long it took (seconds).
        failed: Called with a fault that is a bug, before who waits is told.
    """

    live_append: TakeIn
    source_of: Callable[[str, str], Source | None]
    committed: Committed
    failed: Callable[[str, Exception], None]


class Committer:
    """An account's queue and the thread that empties it."""

    def __init__(self, account: str, *, desk: Desk, room: Room) -> None:
        self.queue = OfferQueue()
        self._account = account
        self._desk = desk
        self._room = room
        self._thread = threading.Thread(target=self._run, name=f"intake {account}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answers all who wait, and ends."""
        self.queue.close()
        self._thread.join()

    def _run(self) -> None:
        last = 0.0
        pause = threading.Event()
        while not self.queue.is_over:
            group = self.queue.next_group(idle_seconds=_IDLE_SECONDS)
            if not group:
                continue
            left = last + COMMIT_EVERY_SECONDS - time.monotonic()
            if left > 0 and sum(len(waiting.offer.texts) for waiting in group) < _FULL_TEXTS:
                pause.wait(left)
                group += self.queue.next_group(idle_seconds=0)
            last = time.monotonic()
            self._commit(group)

    def _commit(self, group: list[Waiting]) -> None:
        try:
            answers = self._written(group)
        except BotmeterError as problem:
            self._tell(group, [problem] * len(group))
        except Exception as problem:  # noqa: BLE001 - a bug, kept with its trace; the thread must go on
            if len(group) == 1:
                self._desk.failed(self._account, problem)
                self._tell(group, [problem])
                return
            # One of them can't be read or written, by a fault of ours; the others shall not pay for it.
            for waiting in group:
                self._commit([waiting])
        else:
            self._tell(group, answers)

    def _written(self, group: list[Waiting]) -> list[Answered]:
        offers = [waiting.offer for waiting in group]
        read = parcels_of(offers, source_of=self._source_of)
        started = time.monotonic()
        receipts = self._desk.live_append(self._account, [found.parcel for found in read])
        answers = _answers(offers, read, receipts=receipts)
        self._desk.committed(self._account, answers, seconds=time.monotonic() - started)
        return answers

    @property
    def _source_of(self) -> SourceOf:
        return lambda name: self._desk.source_of(self._account, name)

    def _tell(self, group: list[Waiting], answers: Sequence[Answered | Exception]) -> None:
        for waiting, answer in zip(group, answers, strict=True):
            self._room.give_back(waiting.offer.size_bytes)
            waiting.tell(answer)


def _answers(offers: list[Offer], read: list[ReadOffers], *, receipts: list[tuple[Receipt, ...]]) -> list[Answered]:
    answers: dict[int, Answered] = {}
    for found, of_parcel in zip(read, receipts, strict=True):
        for place, dispatch, receipt in zip(found.places, found.parcel.deliveries, of_parcel, strict=True):
            answers[place] = Answered(receipt=receipt, ignored=dispatch.ignored, ignored_count=dispatch.ignored_count)
    return [answers[place] for place in range(len(offers))]
