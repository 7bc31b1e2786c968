"""Metering what was taken in: one thread an account, soon after each commit, not more than about twice a second."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from botmeter.domain.errors import Unavailable

SETTLE_EVERY_SECONDS: Final = 0.5
"""The least time between the starts of two runs. A run costs nearly as much for one event as for a thousand."""
AT_WORK: Final = 0.8
"""Of the time, at most this part is spent in runs: taking in and readers have the rest."""
_log: Final = logging.getLogger(__name__)
_AGAIN_SECONDS: Final = 5.0
"""After a run that failed."""


class Settler:
    """An account's metering thread."""

    def __init__(
        self, account: str, *, settle: Callable[[str], None], failed: Callable[[str, Exception], None]
    ) -> None:
        self._account = account
        self._settle = settle
        self._failed = failed
        self._due = threading.Event()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"metering {account}", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is something to meter."""
        self._due.set()

    def close(self) -> None:
        """Meters what there is, and ends."""
        self._end.set()
        self._due.set()
        self._thread.join()

    def _run(self) -> None:
        is_last = False
        while not is_last:
            self._due.wait()
            is_last = self._end.is_set()
            # Before the run: what comes during it may be seen by it or not.
            self._due.clear()
            started = time.monotonic()
            rest = self._one_run()
            if rest is None:
                spent = time.monotonic() - started
                rest = max(SETTLE_EVERY_SECONDS - spent, spent * (1 - AT_WORK) / AT_WORK)
            if not is_last:
                self._end.wait(rest)

    def _one_run(self) -> float | None:
        try:
            self._settle(self._account)
        except Unavailable as problem:
            # The file is being written by others, or the disk is full: no fault of ours, and over sooner or later.
            _log.warning("Live events wait to be metered: %s", problem.message)
        except Exception as problem:  # noqa: BLE001 - kept with its trace, and tried again
            self._failed(self._account, problem)
        else:
            return None
        self._due.set()
        return _AGAIN_SECONDS
