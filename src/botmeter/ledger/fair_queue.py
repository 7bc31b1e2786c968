"""First-come, first-served queue of threads for an exclusive resource."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botmeter.domain.errors import Unavailable
from botmeter.ledger.interruption import WaitPolicy


class LiveSlots:
    """Turns of accounts that commit live events or meter them."""

    def __init__(self, at_once_max: int) -> None:
        self.commits = threading.BoundedSemaphore(at_once_max)
        self.settles = threading.BoundedSemaphore(at_once_max)


class FairQueue:
    """Queue of threads; `changed` is held and notified at changes; `refusal` makes the timeout's error."""

    def __init__(self, changed: threading.Condition, *, refusal: Callable[[WaitPolicy], Unavailable]) -> None:
        self._changed = changed
        self._refusal = refusal
        self._tickets: deque[object] = deque()

    @property
    def is_empty(self) -> bool:
        return not self._tickets

    @contextmanager
    def turn(self, wait: WaitPolicy) -> Iterator[None]:
        """Wait for all earlier threads, and hold the turn during the `with`."""
        ticket = object()
        with self._changed:
            self._tickets.append(ticket)
        try:
            with self._changed:
                if not wait.until(lambda: self._tickets[0] is ticket, changed=self._changed):
                    raise self._refusal(wait)
            yield
        finally:
            with self._changed:
                self._tickets.remove(ticket)
                self._changed.notify_all()
