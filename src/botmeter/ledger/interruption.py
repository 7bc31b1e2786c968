"""Stopping a piece of work in the middle, from another thread, without leaving anything half done.

An exception that is thrown into a thread can strike while a lock is being given back. So whoever
works looks at the interruption at places of his own choice, and names what has to be woken for it.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

Wake = Callable[[], None]


class Interruption:
    """Whether a piece of work shall stop, and why."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wakes: list[Wake] = []
        self.reason: BaseException | None = None

    @property
    def is_set(self) -> bool:
        return self.reason is not None

    def set(self, reason: BaseException | None = None) -> None:
        """Asks for the stop, and wakes what waits.

        DuckDB forgets an interrupt that comes between two statements, so call it again until the work has ended; the
        first reason stays.

        Args:
            reason: What `check` raises; None: KeyboardInterrupt.
        """
        with self._lock:
            if self.reason is None:
                self.reason = reason or KeyboardInterrupt()
            wakes = tuple(self._wakes)
        for wake in wakes:
            wake()

    def check(self) -> None:
        """Raises the reason once a stop was asked for."""
        if self.reason is not None:
            raise self.reason

    @contextmanager
    def waking(self, wake: Wake) -> Iterator[None]:
        """Until the end of the `with`, a stop calls `wake`, from another thread."""
        with self._lock:
            self._wakes.append(wake)
        try:
            yield
        finally:
            with self._lock:
                self._wakes.remove(wake)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitPolicy:
    """How long someone waits, and what ends the waiting early.

    Attributes:
        seconds: At most this long, each time.
        interruption: Raises its reason out of the waiting; None: nothing does.
    """

    seconds: float
    interruption: Interruption | None = None

    def until(self, is_so: Callable[[], bool], *, changed: threading.Condition) -> bool:
        """Whether it became so in time; `changed` is held, and told of every change."""
        stop = self.interruption
        if stop is None:
            return changed.wait_for(is_so, self.seconds)

        def wake() -> None:
            with changed:
                changed.notify_all()

        with stop.waking(wake):
            changed.wait_for(lambda: stop.is_set or is_so(), self.seconds)
        stop.check()
        return is_so()
