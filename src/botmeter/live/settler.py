"""Metering threads, one per account, that run about twice a second at most."""

import logging
import threading
import time
from typing import Final

from botmeter.domain.errors import Unavailable
from botmeter.live.store import LiveStore

SETTLE_EVERY_SECONDS: Final = 0.5
"""Minimum time between the starts of two runs. A run costs nearly as much for one event as for a thousand."""
_BUSY_SHARE_MAX: Final = 0.8
"""Maximum share of the time spent in runs; appends and readers need the rest."""
_RETRY_SECONDS: Final = 5.0
_log: Final = logging.getLogger(__name__)


class Settler:
    """Metering thread of an account."""

    def __init__(self, account: str, *, store: LiveStore) -> None:
        self._account = account
        self._store = store
        self._due = threading.Event()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"metering {account}", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        self._due.set()

    def close(self) -> None:
        self._end.set()
        self._due.set()
        self._thread.join()

    def _run(self) -> None:
        is_last = False
        while not is_last:
            self._due.wait()
            is_last = self._end.is_set()
            # Cleared before the run, which may or may not see what is appended during it.
            self._due.clear()
            started = time.monotonic()
            if self._settled():
                run_seconds = time.monotonic() - started
                pause = max(SETTLE_EVERY_SECONDS - run_seconds, run_seconds * (1 - _BUSY_SHARE_MAX) / _BUSY_SHARE_MAX)
            else:
                self._due.set()
                pause = _RETRY_SECONDS
            if not is_last:
                self._end.wait(pause)

    def _settled(self) -> bool:
        try:
            self._store.settle(self._account)
        except Unavailable as problem:
            # Temporary and no bug: another writer has the file, or the disk is full.
            _log.warning("Metering of live events is delayed: %s", problem.message)
        except Exception as problem:  # noqa: BLE001 - reported with its trace, and tried again
            self._store.report(problem)
        else:
            return True
        return False
