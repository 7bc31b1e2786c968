"""When sources are asked by themselves: one thread of the serving process, one source after the other.

What was due while the server was away is due once. Whoever wants a source asked now has it asked by the same thread.
"""

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
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.bugs import kept_bug_in
from botmeter.live.pulls.pull import Ledgers
from botmeter.live.pulls.run import last_result, note_bug, pull_source
from botmeter.people.source_pulls import ScheduledPull, scheduled_pulls
from botmeter.sources.api_client import Clocks

LOOK_SECONDS: Final = 15.0
"""How often it is looked whether a source is due."""
_END_SECONDS: Final = 5.0
"""How long the end of the server waits for a request under way; what is not given to the ledger yet is asked again."""
_JITTER: Final = 0.1
_MINUTE_US: Final = 60 * MICROSECONDS_PER_SECOND

Pull = Callable[[str, str], None]


class PullSchedule:
    """The thread, and who waits for it."""

    def __init__(self, ledgers: OpenLedgers, *, look_seconds: float = LOOK_SECONDS) -> None:
        self._ledgers = ledgers
        self._look_seconds = look_seconds
        self._wanted: deque[tuple[str, str]] = deque()
        self._woken = threading.Event()
        self._stop = Interruption()
        self._thread = threading.Thread(target=self._run, name="asking sources", daemon=True)

    def begin(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def close(self) -> None:
        """Ends the thread, and waits a moment for it."""
        self._stop.set(Unavailable("server_stopping", "The server was ended. The next time goes on from here."))
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(_END_SECONDS)

    def want(self, account: str, source: str) -> None:
        """Has the source asked as soon as those before it are done; once, however often it is wanted until then."""
        if (account, source) not in self._wanted:
            self._wanted.append((account, source))
        self._woken.set()

    def is_waiting(self, account: str, source: str) -> bool:
        """Whether the source was wanted and it is not its turn yet."""
        return (account, source) in self._wanted

    def _run(self) -> None:
        while not self._stop.is_set:
            self._woken.clear()
            try:
                self._round()
            except Exception as problem:  # noqa: BLE001 - kept with its trace; the next look may fare better
                kept_bug_in("looking which sources are due", problem)
            finally:
                connections.close_all()
            if not self._wanted and not self._stop.is_set:
                self._woken.wait(self._look_seconds)

    def _round(self) -> None:
        """Asks those that are wanted, then those that are due."""
        close_old_connections()
        while self._wanted and not self._stop.is_set:
            self._one(*self._wanted.popleft())
        for due in scheduled_pulls():
            if self._stop.is_set or self._wanted:
                return
            if due_us(due, began_us=_began_us(due)) <= now_us():
                self._one(due.account, due.source)

    def _one(self, account: str, source: str) -> None:
        means = (
            Ledgers(reading=lambda: self._ledgers.reading(account), writing=lambda: self._ledgers.writing(account)),
            Clocks(pause=pause_until(self._stop)),
        )
        # What a person can mend stands in the result already.
        with suppress(BotmeterError):
            try:
                pull_source(account, source, means=means)
            except BotmeterError:
                raise
            except Exception as problem:  # noqa: BLE001 - kept with its trace; it must not end the thread
                note_bug(account, source, sentence=kept_bug_in("asking a source", problem).sentence)


def due_us(pull: ScheduledPull, *, began_us: int | None) -> int:
    """When the source is to be asked, µs UTC: a little later than it says, each source by a time of its own.

    Args:
        pull: How often.
        began_us: When it was asked last, µs UTC; None: never, so it is due.
    """
    if began_us is None:
        return 0
    share = crc32(f"{pull.account}\0{pull.source}".encode()) % 1_000 / 1_000
    return began_us + int(pull.every_minutes * _MINUTE_US * (1 + share * _JITTER))


def pause_until(stop: Interruption) -> Callable[[float], None]:
    """What waits so many seconds, and raises the reason of the interruption as soon as there is one."""

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
    """Waits so many seconds in a process that is stopped by a signal."""
    if seconds > 0:
        time.sleep(seconds)


def _began_us(due: ScheduledPull) -> int | None:
    result = last_result(due.account, due.source)
    return None if result is None else result.began_us
