"""Group commit: one thread per account appends waiting batches in one transaction."""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

from botmeter.domain.errors import BotmeterError
from botmeter.domain.receipt import Receipt
from botmeter.domain.source import Source
from botmeter.ledger.live_batch import LiveBatch
from botmeter.live import metrics
from botmeter.live.live_batches import ParsedBatches, live_batches
from botmeter.live.queue import BatchQueue, PendingBatch, QueueCapacity

COMMIT_EVERY_SECONDS: Final = 0.03
"""Minimum time between the starts of two commits: under load more senders share each, and the disk rests."""
_FULL_RECORDS: Final = 5_000
"""A group this large is committed without waiting for more."""
_IDLE_SECONDS: Final = 30.0


class LiveStore(Protocol):
    """Port to the ledgers. Any thread may call."""

    def append(self, account: str, batches: Sequence[LiveBatch]) -> list[tuple[Receipt, ...]]:
        """Append batches durably; one tuple of receipts per batch, one receipt per delivery."""

    def source_of(self, account: str, name: str) -> Source | None:
        """Return a source's settings; None if unknown."""

    def settle(self, account: str) -> None:
        """Meter appended events."""

    def report(self, problem: Exception) -> None:
        """Report a bug."""


class Committer:
    """Queue and thread of an account."""

    def __init__(self, account: str, *, store: LiveStore, settler: "Wakeable", capacity: QueueCapacity) -> None:
        self.queue = BatchQueue(capacity)
        self._account = account
        self._store = store
        self._settler = settler
        self._thread = threading.Thread(target=self._run, name=f"commit {account}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.queue.close()
        self._thread.join()

    def _run(self) -> None:
        last = 0.0
        pause = threading.Event()
        while not self.queue.is_finished:
            group = self.queue.next_group(idle_seconds=_IDLE_SECONDS)
            if not group:
                continue
            left = last + COMMIT_EVERY_SECONDS - time.monotonic()
            if left > 0 and sum(len(batch.records) for batch in group) < _FULL_RECORDS:
                pause.wait(left)
                group += self.queue.next_group(idle_seconds=0)
            last = time.monotonic()
            self._commit(group)

    def _commit(self, group: list[PendingBatch]) -> None:
        try:
            receipts = self._receipts(group)
        except BotmeterError as problem:
            self._answer(group, [problem] * len(group))
        except Exception as problem:  # noqa: BLE001 - a bug: reported with its trace; the thread must go on
            if len(group) == 1:
                self._store.report(problem)
                self._answer(group, [problem])
                return
            # A bug met by one batch must not fail the others.
            for batch in group:
                self._commit([batch])
        else:
            self._answer(group, receipts)
            if any(receipt.accepted for receipt in receipts):
                self._settler.wake()

    def _receipts(self, group: list[PendingBatch]) -> list[Receipt]:
        parsed = live_batches(group, source_of=lambda name: self._store.source_of(self._account, name))
        started = time.monotonic()
        appended = self._store.append(self._account, [each.batch for each in parsed])
        metrics.commit_observed(time.monotonic() - started, delivery_count=len(group))
        receipts = _in_queue_order(parsed, appended)
        for receipt in receipts:
            metrics.count_outcomes(receipt)
        return receipts

    def _answer(self, group: list[PendingBatch], answers: Sequence[Receipt | Exception]) -> None:
        for batch, answer in zip(group, answers, strict=True):
            self.queue.release(batch)
            if isinstance(answer, Exception):
                batch.receipt.set_exception(answer)
            else:
                batch.receipt.set_result(answer)


class Wakeable(Protocol):
    """Thread that sleeps until there is work."""

    def wake(self) -> None:
        """Signal work."""


def _in_queue_order(parsed: list[ParsedBatches], appended: list[tuple[Receipt, ...]]) -> list[Receipt]:
    receipts: dict[int, Receipt] = {}
    for each, of_batch in zip(parsed, appended, strict=True):
        for index, delivery, receipt in zip(each.indexes, each.batch.deliveries, of_batch, strict=True):
            receipts[index] = replace(receipt, ignored=delivery.ignored, ignored_count=delivery.ignored_count)
    return [receipts[index] for index in range(len(receipts))]
