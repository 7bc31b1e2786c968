"""Password hashes, computed by a few threads of low priority: anybody can have passwords hashed by the sign-in form."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Final, TypeVar

from django.contrib.auth.hashers import Argon2PasswordHasher

from botmeter.domain.errors import Unavailable

THREADS: Final = max(1, min(4, (os.cpu_count() or 1) // 2))
STRANGERS_MAX: Final = 5
"""Requests of unknown browsers at once, each in one of the server's 16 threads; at 0.1 s a hash they wait half a
second."""
KNOWN_MAX: Final = 3
"""Further ones, of people who are signed in or whose browser is known: strangers can't hold all slots."""
_RETRY_AFTER_SECONDS: Final = 2
# Threads that answer pages get three times the processor time of these when both are busy.
_NICENESS: Final = 5
_Result = TypeVar("_Result")


def _lower_priority() -> None:
    # Elsewhere a priority is the whole process's. A sandbox may forbid it.
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


class HashingPool:
    """Threads that hash passwords."""

    def __init__(
        self, *, threads: int = THREADS, strangers_max: int = STRANGERS_MAX, known_max: int = KNOWN_MAX
    ) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="password", initializer=_lower_priority)
        self._strangers = threading.BoundedSemaphore(strangers_max)
        self._known = threading.BoundedSemaphore(known_max)
        self._count_max = strangers_max + known_max

    def run(self, work: Callable[[], _Result]) -> _Result:
        """Result of the work; raises as `slot`."""
        with self.slot():
            return self._threads.submit(work).result()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a slot in the queue during the `with`; raises Unavailable `passwords_busy`."""
        if _has_slot.get():
            yield
            return
        room = self._known if _is_known.get() else self._strangers
        if not room.acquire(blocking=False):
            raise Unavailable(
                "passwords_busy",
                f"The server checks at most {self._count_max} passwords at a time. Try again in a few seconds.",
                retry_after_seconds=_RETRY_AFTER_SECONDS,
            )
        token = _has_slot.set(True)
        try:
            yield
        finally:
            _has_slot.reset(token)
            room.release()


pool: Final = HashingPool()
_has_slot: Final = ContextVar("has_slot", default=False)
_is_known: Final = ContextVar("is_known", default=False)


@contextmanager
def of_known_person() -> Iterator[None]:
    """Use the slots of people whose browser is known."""
    token = _is_known.set(True)
    try:
        yield
    finally:
        _is_known.reset(token)


class PooledArgon2(Argon2PasswordHasher):
    """Argon2id by the pool.

    One lane takes one core; on two cores, Django's eight lanes leave pages a fifth of the time. Memory and passes are
    above OWASP's minimum of 46 MiB and one pass, at 0.1 s on a slow core.
    """

    time_cost = 2
    memory_cost = 64 << 10
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        return pool.run(lambda: super(PooledArgon2, self).encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        return pool.run(lambda: super(PooledArgon2, self).verify(password, encoded))
