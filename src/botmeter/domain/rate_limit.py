"""Requests counted per key in windows of a minute."""

import threading
from collections import Counter
from collections.abc import Hashable
from typing import Final

WINDOW_SECONDS: Final = 60


class RateLimiter:
    """Thread-safe counter of requests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window = -1
        self._counts: Counter[Hashable] = Counter()

    def allows(self, key: Hashable, *, limit: int, now_seconds: float) -> bool:
        window = int(now_seconds) // WINDOW_SECONDS
        with self._lock:
            if window != self._window:
                self._window = window
                self._counts.clear()
            self._counts[key] += 1
            return self._counts[key] <= limit

    def clear(self) -> None:
        with self._lock:
            self._counts.clear()
