"""First-come, first-served queue of threads for an exclusive resource."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botmeter.domain.errors import Unavailable
from botmeter.ledger.interruption import WaitPolicy


class FairQueue:
    """Queue of waiting threads; the first has its turn.

    Args:
        changed: Held at every change of the queue, and notified.
        refusal: Makes the error for a thread that has waited too long.
    """

    def __init__(self, changed: threading.Condition, *, refusal: Callable[[WaitPolicy], Unavailable]) -> None:
        self._changed = changed
        self._refusal = refusal
        self._tickets: deque[object] = deque()

    @property
    def is_empty(self) -> bool:
        return not self._tickets

    @contextmanager
    def turn(self, wait: WaitPolicy) -> Iterator[None]:
        """Wait for all earlier threads, and hold the turn until the end of the `with`.

        Raises:
            Unavailable: If that takes too long.
        """
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
