"""Turns of senders at the threads of pages, so that none holds up the others."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from botmeter.domain.errors import Unavailable

WAITING_MAX: Final = 512
"""Requests of all senders that wait for a thread."""
WAITING_BY_SENDER_MAX: Final = 256
_SENDER_SHARE: Final = 0.75
_STRANGERS_SHARE: Final = 0.25
"""More at once finish nothing sooner: their requests use the interpreter, which runs one thread at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """User or key, or the network of a stranger."""

    name: str
    is_stranger: bool


class Turns:
    """Running and waiting requests of one event loop; senders take turns.

    A sender has three quarters of the threads at most, all strangers together a quarter.
    """

    def __init__(
        self, running_max: int, *, waiting_max: int = WAITING_MAX, waiting_by_sender_max: int = WAITING_BY_SENDER_MAX
    ) -> None:
        self._running_max = running_max
        self._running_by_sender_max = max(1, int(running_max * _SENDER_SHARE))
        self._waiting_max = waiting_max
        self._waiting_by_sender_max = waiting_by_sender_max
        self._strangers_max = max(1, int(running_max * _STRANGERS_SHARE))
        self._running: Counter[Sender] = Counter()
        self._waiting: OrderedDict[Sender, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, sender: Sender) -> AsyncIterator[None]:
        """Hold a thread during the `with`; raises Unavailable `server_busy`."""
        if not self._may_run(sender):
            await self._wait(sender)
        else:
            self._running[sender] += 1
        try:
            yield
        finally:
            self._end(sender)

    def _may_run(self, sender: Sender) -> bool:
        if (
            sender.is_stranger
            and sum(n for each, n in self._running.items() if each.is_stranger) >= self._strangers_max
        ):
            return False
        return self._running.total() < self._running_max and self._running[sender] < self._running_by_sender_max

    async def _wait(self, sender: Sender) -> None:
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

    def _refuse_one(self, sender: Sender) -> None:
        busy = _busy(f"More than {self._waiting_max} requests are waiting.")
        largest = max(self._waiting, key=lambda each: len(self._waiting[each]))
        if len(self._waiting[largest]) <= len(self._waiting.get(sender, ())) + 1:
            raise busy
        last = self._waiting[largest].pop()
        if not last.done():
            last.set_exception(busy)

    def _end(self, sender: Sender) -> None:
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
