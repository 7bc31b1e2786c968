"""Pull schedule: a few threads, accounts take turns. Pulls missed while the server was down are made once."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final
from zlib import crc32

from django.db import connections

from botmeter.domain.errors import BotmeterError, Unavailable
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, now_us
from botmeter.ledger.interruption import Interruption
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.live.bugs import report_bug
from botmeter.live.fair_turns import FairTurns
from botmeter.live.pulls.run import RunningPulls, note_bug, pull_source
from botmeter.people.models import EventSource
from botmeter.people.source_pulls import scheduled_pulls
from botmeter.sources.payloads.pull_window import PullResult
from botmeter.sources.platform_api.api_client import Clocks

CHECK_SECONDS: Final = 15.0
"""Interval between checks for due sources."""
THREADS_MAX: Final = 4
"""Pulls at once. Each mostly waits for its platform, and holds one answer of at most 32 MiB."""
TURN_SECONDS: Final = 300.0
"""A pull that takes longer gives way to other accounts if they wait for a thread: the shortest interval of pulls."""
_END_SECONDS: Final = 5.0
"""Time limit for running requests when the server stops; events not yet appended are pulled again."""
_JITTER: Final = 0.1
_MINUTE_US: Final = 60 * MICROSECONDS_PER_SECOND
_GAVE_WAY: Final = "pull_gave_way"


class PullSchedule:
    """Threads that make pulls, one at a time for each account.

    Attributes:
        running: Also for pulls by commands.
    """

    def __init__(
        self,
        ledgers: OpenLedgers,
        *,
        check_seconds: float = CHECK_SECONDS,
        threads_max: int = THREADS_MAX,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.running = RunningPulls()
        self._folder = SharedFolder(ledgers)
        self._check_seconds = check_seconds
        self._threads_max = threads_max
        self._clock = clock
        self._lock = threading.Lock()
        self._turns = FairTurns()
        self._threads: list[threading.Thread] = []
        self._woken = threading.Event()
        self._stop = Interruption()
        self._checking = threading.Thread(target=self._run, name="checking sources", daemon=True)

    def begin(self) -> None:
        self._checking.start()

    def close(self) -> None:
        self._stop.set(Unavailable("server_stopping", "The server stopped. The next pull continues from here."))
        self._woken.set()
        end = time.monotonic() + _END_SECONDS
        with self._lock:
            threads = [self._checking, *self._threads]
        for thread in threads:
            if thread.is_alive():
                thread.join(max(0.0, end - time.monotonic()))

    def request(self, account: str, source: str) -> None:
        """Queue a pull, unless it waits."""
        with self._lock:
            self._turns.add(account, source, is_urgent=True)
        self._woken.set()

    def is_waiting(self, account: str, source: str) -> bool:
        with self._lock:
            return self._turns.is_waiting(account, source)

    def _run(self) -> None:
        while not self._stop.is_set:
            self._woken.clear()
            try:
                self._add_due()
                self._start_threads()
            except Exception as problem:  # noqa: BLE001 - reported with its trace; the next check may succeed
                report_bug("checking for due sources", problem)
            finally:
                connections.close_all()
            self._woken.wait(self._check_seconds)

    def _add_due(self) -> None:
        for source in scheduled_pulls():
            is_running = self.running.since_us(source.account, source.name) is not None
            if not is_running and due_us(source) <= now_us():
                with self._lock:
                    self._turns.add(source.account, source.name)

    def _start_threads(self) -> None:
        with self._lock:
            for _ in range(min(self._turns.ready_count, self._threads_max - len(self._threads))):
                thread = threading.Thread(target=self._pull_next_ones, name="pulling sources", daemon=True)
                thread.start()
                self._threads.append(thread)

    def _pull_next_ones(self) -> None:
        while (turn := self._next_turn()) is not None:
            account, source = turn
            is_left = False
            try:
                is_left = self._one(account, source)
            finally:
                connections.close_all()
                with self._lock:
                    self._turns.done(account)
                    if is_left:
                        self._turns.add(account, source)

    def _next_turn(self) -> tuple[str, str] | None:
        with self._lock:
            turn = None if self._stop.is_set else self._turns.take()
            if turn is None:
                # Under the lock, so that a source added from now on starts a thread.
                self._threads.remove(threading.current_thread())
            return turn

    def _one(self, account: str, source: str) -> bool:
        clocks = Clocks(pause=self._pause_that_gives_way())
        try:
            result = pull_source(account, source, running=self.running, folder=self._folder, clocks=clocks)
            return result.code == _GAVE_WAY
        except BotmeterError:
            # The stored result reports errors that a person can correct.
            return False
        except Exception as problem:  # noqa: BLE001 - reported with its trace; it must not end the thread
            with suppress(BotmeterError):
                note_bug(account, source, sentence=report_bug("pulling a source", problem).sentence)
            return False

    def _are_others_waiting(self) -> bool:
        with self._lock:
            return self._turns.ready_count > 0

    def _pause_that_gives_way(self) -> Callable[[float], None]:
        pause, end = pause_until(self._stop), self._clock() + TURN_SECONDS

        def pause_or_end(seconds: float) -> None:
            if self._clock() >= end and self._are_others_waiting():
                raise Unavailable(
                    _GAVE_WAY,
                    f"The pull gave way to other accounts after {TURN_SECONDS:g} seconds; it continues after them.",
                )
            pause(seconds)

        return pause_or_end


def due_us(source: EventSource) -> int:
    """Time of the next pull, µs UTC, with a constant jitter per source; 0 before the first."""
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
