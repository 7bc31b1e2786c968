"""Thread-safe cache."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class BoundedCache(Generic[Key, Value]):
    """Cache that drops the least recently used entry when full, and entries older than `lasts_seconds`."""

    def __init__(
        self,
        count_max: int,
        *,
        lasts_seconds: float = math.inf,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count_max = count_max
        self._lasts_seconds = lasts_seconds
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._entries: OrderedDict[Key, tuple[float, Value]] = OrderedDict()
        self._clear_count = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Value | None:
        entry = self._entry(key)
        return None if entry is None else entry[1]

    def find_or_make(self, key: Key, make: Callable[[], Value]) -> Value:
        entry = self._entry(key)
        return self.remake(key, make) if entry is None else entry[1]

    def remake(self, key: Key, make: Callable[[], Value]) -> Value:
        """Make and cache a value, unless the cache is cleared meanwhile: it may be outdated."""
        clear_count = self._clear_count
        value = make()
        with self._lock:
            if clear_count == self._clear_count:
                self._entries[key] = (self._elapsed() + self._lasts_seconds, value)
                self._entries.move_to_end(key)
                while len(self._entries) > self._count_max:
                    self._entries.popitem(last=False)
        return value

    def _entry(self, key: Key) -> tuple[float, Value] | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            if entry[0] <= self._elapsed():
                del self._entries[key]
                return None
            self._entries.move_to_end(key)
            return entry

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._clear_count += 1
