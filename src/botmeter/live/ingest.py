"""Ingestion of live events for all accounts."""

import threading
from collections.abc import Sequence

from botmeter.domain.errors import BotmeterError, Unavailable
from botmeter.live.committer import Committer
from botmeter.live.queue import PendingDelivery, QueueCapacity
from botmeter.live.store import LiveStore


class Ingestion:
    """Committers of active accounts."""

    def __init__(self, store: LiveStore, *, capacity: QueueCapacity | None = None) -> None:
        self.capacity = capacity or QueueCapacity()
        self._store = store
        self._lock = threading.Lock()
        self._committers: dict[str, Committer] = {}
        self._is_closed = False

    def enqueue(self, delivery: PendingDelivery) -> None:
        """Queue a delivery; its `receipt` is set once it is on disk or has failed.

        Raises:
            Unavailable: `queue_full`, `server_stopping`.
        """
        account = delivery.account
        with self._lock:
            if self._is_closed:
                raise Unavailable("server_stopping", "The server is starting or stopping. Try again in a moment.")
            if account not in self._committers:
                self._committers[account] = Committer(account, store=self._store, capacity=self.capacity)
            committer = self._committers[account]
        committer.queue.put(delivery)
        committer.wake()

    def settle_left_over(self, accounts: Sequence[str]) -> None:
        for account in accounts:
            try:
                self._store.settle(account)
            except BotmeterError:
                # The file is being replaced or can't be written: opening it next meters it, or reports why not.
                continue

    def close(self) -> None:
        """Refuse deliveries; commit and meter queued ones."""
        with self._lock:
            self._is_closed = True
        for committer in self._committers.values():
            committer.close()
