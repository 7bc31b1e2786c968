"""Group commit: one thread per active account commits waiting deliveries in one transaction."""

import threading
import time
from dataclasses import replace
from typing import Final

from botmeter.domain.errors import BotmeterError
from botmeter.domain.receipt import Receipt
from botmeter.live import metrics
from botmeter.live.parse import parsed_groups
from botmeter.live.queue import DeliveryQueue, PendingDelivery, QueueCapacity
from botmeter.live.settler import Settler
from botmeter.live.store import LiveStore

COMMIT_EVERY_SECONDS: Final = 0.02
"""Least time between the starts of two commits. One of ten single deliveries takes half of it; more of them, of fewer
deliveries each, would take more processor time in all. After a slow one the next begins at once, as its deliveries have
waited long enough."""
_LARGE_RECORDS: Final = 1_000
_BUSY_SHARE_MAX: Final = 0.35
"""Maximum share of the time spent in commits of large groups: a commit costs as much as 3,000 events, and at 40,000
events a second in batches of a thousand a thread without rest took 13 µs of processor time for each event, not 5."""
_IDLE_SECONDS: Final = 30.0
"""A thread without deliveries ends after this time."""


class Committer:
    """Queue, commit thread and settler of an account."""

    def __init__(self, account: str, *, store: LiveStore, capacity: QueueCapacity) -> None:
        self.queue = DeliveryQueue(capacity)
        self._account = account
        self._store = store
        self._settler = Settler(account, store=store)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Start a thread for waiting deliveries unless one runs."""
        with self._lock:
            if self._thread is None and not self.queue.is_empty:
                self._thread = threading.Thread(target=self._run, name=f"commit {self._account}", daemon=True)
                self._thread.start()

    def close(self) -> None:
        self.queue.close()
        self.wake()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()
        self._settler.close()

    def _run(self) -> None:
        rest_seconds = 0.0
        while True:
            group = self.queue.next_group(idle_seconds=_IDLE_SECONDS, rest_seconds=rest_seconds)
            if not group:
                if self._has_ended():
                    return
                continue
            started = time.monotonic()
            self._commit(group)
            seconds = time.monotonic() - started
            rest_seconds = COMMIT_EVERY_SECONDS - seconds
            if sum(len(pending.records) for pending in group) >= _LARGE_RECORDS:
                rest_seconds = seconds / _BUSY_SHARE_MAX - seconds

    def _has_ended(self) -> bool:
        with self._lock:
            if not self.queue.is_empty:
                return False
            self._thread = None
            return True

    def _commit(self, group: list[PendingDelivery]) -> None:
        answers: list[tuple[PendingDelivery, Receipt | Exception]]
        try:
            answers = self._receipts(group)
        except BotmeterError as problem:
            answers = [(pending, problem) for pending in group]
        except Exception as problem:  # noqa: BLE001 - a bug: reported with its trace; the thread must go on
            if len(group) > 1:
                # A bug met by one delivery must not fail the others.
                for pending in group:
                    self._commit([pending])
                return
            self._store.report(problem)
            answers = [(group[0], problem)]
        for pending, answer in answers:
            self.queue.release(pending)
            if isinstance(answer, Exception):
                pending.receipt.set_exception(answer)
            else:
                pending.receipt.set_result(answer)
        if any(isinstance(answer, Receipt) and answer.accepted for _, answer in answers):
            self._settler.wake()

    def _receipts(self, group: list[PendingDelivery]) -> list[tuple[PendingDelivery, Receipt | Exception]]:
        parsed = parsed_groups(group, source_of=self._store.source_of)
        started = time.monotonic()
        committed = self._store.commit(self._account, [each.live_batch for each in parsed])
        metrics.observe_commit(time.monotonic() - started, delivery_count=len(group))
        receipts: list[tuple[PendingDelivery, Receipt | Exception]] = []
        for each, of_batch in zip(parsed, committed, strict=True):
            for pending, delivery, counts in zip(each.pending, each.live_batch.deliveries, of_batch, strict=True):
                receipt = replace(counts, ignored=delivery.ignored, ignored_count=delivery.ignored_count)
                metrics.count_outcomes(receipt)
                receipts.append((pending, receipt))
        return receipts
