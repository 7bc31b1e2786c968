"""Limit on vendors' bills that requests compare at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botmeter.domain.errors import Unavailable

WAIT_SECONDS: Final = 10.0
"""A waiting request holds one of the 16 threads that answer pages."""


class BillTurns:
    """One comparison at a time: the largest takes 1.5 GB of memory. Those of pages wait in the queue of imports."""

    def __init__(self) -> None:
        self._turn = threading.Lock()

    @contextmanager
    def turn(self, *, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
        """Hold the turn during the `with`; raises Unavailable `comparison_running`."""
        if not self._turn.acquire(timeout=wait_seconds):
            raise Unavailable(
                "comparison_running", "The server is comparing another vendor's bill, one at a time. Try again later."
            )
        try:
            yield
        finally:
            self._turn.release()
