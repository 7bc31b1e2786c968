"""Metering threads, one per active account, that run about once a second."""

import logging
import threading
import time
from typing import Final

from botmeter.domain.errors import Unavailable
from botmeter.live.store import LiveStore

METERED_WITHIN_SECONDS: Final = 1.0
"""Age at which an event is metered at the latest, if runs take less than half of it: it waits for a run, a pause and
its own run. A run costs nearly as much for one event as for a thousand, and commits beside it take longer."""
_REST_SECONDS: Final = 0.1
"""Least pause: appends and readers need it, and after runs of more than 0.4 s an event waits for two of them."""
_RETRY_SECONDS: Final = 5.0
_IDLE_SECONDS: Final = 30.0
"""A thread with nothing to do ends after this time."""
_log: Final = logging.getLogger(__name__)


class Settler:
    """Metering thread of an account."""

    def __init__(self, account: str, *, store: LiveStore) -> None:
        self._account = account
        self._store = store
        self._warned = ""
        self._due = threading.Event()
        self._end = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        with self._lock:
            self._due.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"metering {self._account}", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Meter what is due first."""
        self._end.set()
        with self._lock:
            self._due.set()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        is_last = False
        while not is_last:
            if not self._due.wait(_IDLE_SECONDS) and self._has_ended():
                return
            is_last = self._end.is_set()
            # Cleared before the run, which may or may not see what is appended during it.
            self._due.clear()
            started = time.monotonic()
            settled_at = self._settled_at()
            if settled_at is None:
                self._due.set()
                next_at = time.monotonic() + _RETRY_SECONDS
            else:
                pause = max(METERED_WITHIN_SECONDS - 2 * (settled_at - started), _REST_SECONDS)
                # A checkpoint after the run is part of the pause: it takes longer than the least one.
                next_at = settled_at + pause
            if not is_last:
                self._end.wait(max(0, next_at - time.monotonic()))

    def _has_ended(self) -> bool:
        with self._lock:
            if self._due.is_set():
                return False
            self._thread = None
            return True

    def _settled_at(self) -> float | None:
        try:
            settled_at = self._store.settle(self._account)
        except Unavailable as problem:
            # No bug: another writer has the file, the disk is full, or the file is refused until somebody acts.
            if problem.message != self._warned:
                _log.warning("Metering of live events is delayed: %s", problem.message)
            self._warned = problem.message
        except Exception as problem:  # noqa: BLE001 - reported with its trace, and tried again
            self._store.report(problem)
        else:
            self._warned = ""
            return settled_at
        return None
