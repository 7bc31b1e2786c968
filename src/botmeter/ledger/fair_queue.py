"""Those who wait for something that one at a time can have: first come, first served."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botmeter.domain.errors import Unavailable
from botmeter.ledger.interruption import WaitPolicy


class FairQueue:
    """A line of waiting threads, the first of which has its turn.

    Args:
        changed: Held whenever the line changes, and told of it.
        refusal: What is raised when someone has waited for too long.
    """

    def __init__(self, changed: threading.Condition, *, refusal: Callable[[WaitPolicy], Unavailable]) -> None:
        self._changed = changed
        self._refusal = refusal
        self._tickets: deque[object] = deque()

    @property
    def is_empty(self) -> bool:
        return not self._tickets

    @contextmanager
    def turn(self, patience: WaitPolicy) -> Iterator[None]:
        """Waits until all who came before are done; the turn ends with the `with`.

        Raises:
            Unavailable: If that takes too long.
        """
        ticket = object()
        with self._changed:
            self._tickets.append(ticket)
        try:
            with self._changed:
                if not patience.until(lambda: self._tickets[0] is ticket, changed=self._changed):
                    raise self._refusal(patience)
            yield
        finally:
            with self._changed:
                self._tickets.remove(ticket)
                self._changed.notify_all()
