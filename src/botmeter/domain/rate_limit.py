"""Requests counted per key in windows of a minute."""

import threading
from collections import Counter
from collections.abc import Hashable
from typing import Final

WINDOW_SECONDS: Final = 60
_OTHERS: Final = object()


class RateLimiter:
    """Thread-safe counter; keys beyond `keys_max` share a count, to bound its memory."""

    def __init__(self, *, keys_max: int = 20_000) -> None:
        self._lock = threading.Lock()
        self._window = -1
        self._counts: Counter[Hashable] = Counter()
        self._keys_max = keys_max

    def allows(self, key: Hashable, *, limit: int, now_seconds: float) -> bool:
        """Count a request; False beyond the limit."""
        with self._lock:
            counted = self._counted(key, now_seconds=now_seconds)
            self._counts[counted] += 1
            return self._counts[counted] <= limit

    def is_full(self, key: Hashable, *, limit: int, now_seconds: float) -> bool:
        with self._lock:
            return self._counts[self._counted(key, now_seconds=now_seconds)] >= limit

    def clear(self) -> None:
        with self._lock:
            self._counts.clear()

    def _counted(self, key: Hashable, *, now_seconds: float) -> Hashable:
        window = int(now_seconds) // WINDOW_SECONDS
        if window != self._window:
            self._window = window
            self._counts.clear()
        return key if key in self._counts or len(self._counts) < self._keys_max else _OTHERS
