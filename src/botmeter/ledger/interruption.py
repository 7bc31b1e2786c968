"""Interruption of work by another thread, which checks for a request itself.

An exception thrown into it could strike while a lock is released.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

Wake = Callable[[], None]


class Interruption:
    """Request to stop work, with its reason."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wakes: list[Wake] = []
        self.reason: BaseException | None = None

    @property
    def is_set(self) -> bool:
        return self.reason is not None

    def set(self, reason: BaseException | None = None) -> None:
        """Request a stop, and wake the work; the first reason stays.

        Repeat it until the work has ended: DuckDB ignores an interrupt between statements.
        """
        with self._lock:
            if self.reason is None:
                self.reason = reason or KeyboardInterrupt()
            wakes = tuple(self._wakes)
        for wake in wakes:
            wake()

    def check(self) -> None:
        """Raise the reason if a stop was requested."""
        if self.reason is not None:
            raise self.reason

    @contextmanager
    def waking(self, wake: Wake) -> Iterator[None]:
        """Call `wake` from another thread on a stop during the `with`, or shortly after it."""
        with self._lock:
            self._wakes.append(wake)
        try:
            yield
        finally:
            with self._lock:
                self._wakes.remove(wake)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitPolicy:
    """Limits of waiting: seconds each time, and an interruption that raises its reason."""

    seconds: float
    interruption: Interruption | None = None

    def until(self, is_so: Callable[[], bool], *, changed: threading.Condition) -> bool:
        """Wait until a condition holds; return false on timeout. `changed` is held."""
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


@contextmanager
def interruptible(interrupt: Wake, wait: WaitPolicy) -> Iterator[None]:
    """Call `interrupt` on a stop during the `with`; raise the reason of an earlier one."""
    stop = wait.interruption
    with nullcontext() if stop is None else stop.waking(interrupt):
        if stop is not None:
            stop.check()
        yield
