"""Turns of senders at the threads of pages, so that the requests of one never hold up those of another."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from botmeter.domain.errors import Unavailable

WAITING_MAX: Final = 512
"""Requests of all senders that wait for a thread."""
WAITING_BY_SENDER_MAX: Final = 256
_SENDER_SHARE: Final = 0.75


class Turns:
    """Requests that run and wait, for one event loop: one of each sender in turn, first come first served within."""

    def __init__(
        self, running_max: int, *, waiting_max: int = WAITING_MAX, waiting_by_sender_max: int = WAITING_BY_SENDER_MAX
    ) -> None:
        self._running_max = running_max
        self._running_by_sender_max = max(1, int(running_max * _SENDER_SHARE))
        self._waiting_max = waiting_max
        self._waiting_by_sender_max = waiting_by_sender_max
        self._running: Counter[str] = Counter()
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, sender: str) -> AsyncIterator[None]:
        """Wait for a thread, which is the sender's during the `with`; raises Unavailable `server_busy`."""
        if not self._may_run(sender):
            await self._wait(sender)
        else:
            self._running[sender] += 1
        try:
            yield
        finally:
            self._end(sender)

    def _may_run(self, sender: str) -> bool:
        return self._running.total() < self._running_max and self._running[sender] < self._running_by_sender_max

    async def _wait(self, sender: str) -> None:
        if len(self._waiting.get(sender, ())) >= self._waiting_by_sender_max:
            raise _busy(f"More than {self._waiting_by_sender_max} requests of one sender are waiting.")
        if sum(map(len, self._waiting.values())) >= self._waiting_max:
            self._refuse_one(sender)
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(sender, deque()).append(waiting)
        try:
            await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled():
                self._end(sender)
            raise

    def _refuse_one(self, sender: str) -> None:
        """Refuse the last request of who has the most, if that is another sender; else raise."""
        busy = _busy(f"More than {self._waiting_max} requests are waiting.")
        largest = max(self._waiting, key=lambda each: len(self._waiting[each]))
        if len(self._waiting[largest]) <= len(self._waiting.get(sender, ())) + 1:
            raise busy
        last = self._waiting[largest].pop()
        if not last.done():
            last.set_exception(busy)

    def _end(self, sender: str) -> None:
        self._running[sender] -= 1
        self._running += Counter()
        while (following := next(filter(self._may_run, self._waiting), None)) is not None:
            queue = self._waiting.pop(following)
            waiting = queue.popleft()
            if queue:
                # Behind all others.
                self._waiting[following] = queue
            if not waiting.done():
                self._running[following] += 1
                waiting.set_result(None)


def _busy(sentence: str) -> Unavailable:
    return Unavailable("server_busy", f"{sentence} Try again soon.")
