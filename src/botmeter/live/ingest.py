"""Ingestion of live events for all accounts."""

import threading
from collections.abc import Sequence

from botmeter.domain.errors import BotmeterError, Unavailable
from botmeter.live.committer import Committer, LiveStore
from botmeter.live.queue import PendingBatch, QueueCapacity
from botmeter.live.settler import Settler


class Ingestion:
    """Threads of each active account."""

    def __init__(self, store: LiveStore, *, capacity: QueueCapacity | None = None) -> None:
        self.capacity = capacity or QueueCapacity()
        self._store = store
        self._lock = threading.Lock()
        self._threads: dict[str, tuple[Committer, Settler]] = {}
        self._is_closed = False

    def append(self, batch: PendingBatch) -> None:
        """Queue a batch; its `receipt` is set once it is on disk or has failed.

        Raises:
            Unavailable: `queue_full`, `server_stopping`.
        """
        account = batch.account
        with self._lock:
            if self._is_closed:
                raise Unavailable("server_stopping", "The server is starting or stopping. Try again in a moment.")
            if account not in self._threads:
                settler = Settler(account, store=self._store)
                committer = Committer(account, store=self._store, settler=settler, capacity=self.capacity)
                self._threads[account] = committer, settler
            committer, _ = self._threads[account]
        committer.queue.put(batch)

    def settle_left_over(self, accounts: Sequence[str]) -> None:
        for account in accounts:
            try:
                self._store.settle(account)
            except BotmeterError:
                # The file is being replaced or can't be written: opening it next meters it, or reports why not.
                continue

    def close(self) -> None:
        """Refuse batches; commit and meter queued ones."""
        with self._lock:
            self._is_closed = True
            threads = list(self._threads.values())
        for committer, _ in threads:
            committer.close()
        for _, settler in threads:
            settler.close()
