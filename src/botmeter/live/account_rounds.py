"""Rounds of a server over all accounts."""

import threading
import time
from collections.abc import Callable

from botmeter.domain.errors import BotmeterError
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.bugs import report_bug


class AccountRounds:
    """Thread that does some work on one account after the other, again and again."""

    def __init__(
        self,
        ledgers: OpenLedgers,
        do_work: Callable[[str], None],
        *,
        name: str,
        every_seconds: float,
        end: threading.Event | None = None,
        finish_round: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare the thread.

        Args:
            name: Of the work, as in `closing cycles`.
            end: Is set by `close`; work that waits waits on it.
        """
        self._ledgers = ledgers
        self._do_work = do_work
        self._name = name
        self._every_seconds = every_seconds
        self._finish_round = finish_round
        self._end = end or threading.Event()
        self._thread: threading.Thread | None = None
        self._begun = threading.Lock()

    def begin(self) -> None:
        """Start the thread, unless it was started."""
        with self._begun:
            if self._thread is None and not self._end.is_set():
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def close(self) -> None:
        with self._begun:
            self._end.set()
        if self._thread is not None:
            self._thread.join()

    def check_all(self) -> None:
        for name in self._ledgers.folder.accounts():
            try:
                self._do_work(name)
            except BotmeterError:
                # A ledger that was removed, is busy or can't be opened or written waits for the next round.
                continue
            except Exception as problem:  # noqa: BLE001 - reported with its trace; other accounts have their turn
                report_bug(self._name, problem)
            if self._end.is_set():
                return
        self._finish_round()

    def _run(self) -> None:
        while not self._end.is_set():
            started = time.monotonic()
            self.check_all()
            self._end.wait(max(0.0, started + self._every_seconds - time.monotonic()))
