"""Pull schedule: one thread, requested pulls first. Pulls missed while the server was down are made once."""

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final
from zlib import crc32

from django.db import close_old_connections, connections

from botmeter.domain.errors import BotmeterError, Unavailable
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, now_us
from botmeter.ledger.interruption import Interruption
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.live.bugs import report_bug
from botmeter.live.pulls.run import RunningPulls, note_bug, pull_source
from botmeter.people.models import EventSource
from botmeter.people.source_pulls import scheduled_pulls
from botmeter.sources.api_client import Clocks
from botmeter.sources.pull_window import PullResult

CHECK_SECONDS: Final = 15.0
"""Interval between checks for due sources."""
_END_SECONDS: Final = 5.0
"""Time limit for a running request when the server stops; events not yet appended are pulled again."""
_JITTER: Final = 0.1
_MINUTE_US: Final = 60 * MICROSECONDS_PER_SECOND

Pull = Callable[[str, str], None]


class PullSchedule:
    """Thread that makes due and requested pulls.

    Attributes:
        running: Also for pulls by commands.
    """

    def __init__(self, ledgers: OpenLedgers, *, check_seconds: float = CHECK_SECONDS) -> None:
        self.running = RunningPulls()
        self._folder = SharedFolder(ledgers)
        self._check_seconds = check_seconds
        self._requested: deque[tuple[str, str]] = deque()
        self._woken = threading.Event()
        self._stop = Interruption()
        self._thread = threading.Thread(target=self._run, name="pulling sources", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stop.set(Unavailable("server_stopping", "The server stopped. The next pull continues from here."))
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(_END_SECONDS)

    def request(self, account: str, source: str) -> None:
        """Queue a pull; repeated requests count once."""
        if (account, source) not in self._requested:
            self._requested.append((account, source))
        self._woken.set()

    def is_waiting(self, account: str, source: str) -> bool:
        return (account, source) in self._requested

    def _run(self) -> None:
        while not self._stop.is_set:
            self._woken.clear()
            try:
                self._round()
            except Exception as problem:  # noqa: BLE001 - reported with its trace; the next check may succeed
                report_bug("checking for due sources", problem)
            finally:
                connections.close_all()
            if not self._requested and not self._stop.is_set:
                self._woken.wait(self._check_seconds)

    def _round(self) -> None:
        close_old_connections()
        while self._requested and not self._stop.is_set:
            self._one(*self._requested.popleft())
        for source in scheduled_pulls():
            if self._stop.is_set or self._requested:
                return
            if due_us(source) <= now_us():
                self._one(source.account, source.name)

    def _one(self, account: str, source: str) -> None:
        clocks = Clocks(pause=pause_until(self._stop))
        try:
            pull_source(account, source, running=self.running, folder=self._folder, clocks=clocks)
        except BotmeterError:
            # The stored result reports errors that a person can correct.
            return
        except Exception as problem:  # noqa: BLE001 - reported with its trace; it must not end the thread
            with suppress(BotmeterError):
                note_bug(account, source, sentence=report_bug("pulling a source", problem).sentence)


def due_us(source: EventSource) -> int:
    """Time of the next scheduled pull, µs UTC, with a constant jitter per source; 0 before the first."""
    last = PullResult.from_mapping(source.pull_result)
    if last is None:
        return 0
    share = crc32(f"{source.account}\0{source.name}".encode()) % 1_000 / 1_000
    return last.began_us + int((source.pull_minutes or 0) * _MINUTE_US * (1 + share * _JITTER))


def pause_until(stop: Interruption) -> Callable[[float], None]:
    """Return a sleep function that raises the interruption's error."""

    def pause(seconds: float) -> None:
        stop.check()
        if seconds <= 0:
            return
        woken = threading.Event()
        with stop.waking(woken.set):
            stop.check()
            woken.wait(seconds)
        stop.check()

    return pause


def pause_in_process(seconds: float) -> None:
    """Sleep in a process that a signal stops."""
    if seconds > 0:
        time.sleep(seconds)
