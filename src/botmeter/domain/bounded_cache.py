"""Thread-safe cache of bounded memory."""

import gc
import math
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from enum import Enum
from types import FunctionType, MethodType, ModuleType
from typing import Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

# Not part of one value: code, and values that exist once.
_SHARED = (type, ModuleType, FunctionType, MethodType, Enum)


def memory_bytes(value: object) -> int:
    """Memory of a value and all it refers to."""
    total, seen, pending = 0, set[int](), [value]
    while pending:
        each = pending.pop()
        if id(each) not in seen and not isinstance(each, _SHARED):
            seen.add(id(each))
            total += sys.getsizeof(each)
            pending += gc.get_referents(each)
    return total


class _Entry(NamedTuple, Generic[Value]):
    ends_at: float
    version: Hashable
    value: Value
    size_bytes: int


class BoundedCache(Generic[Key, Value]):
    """Cache that drops the least recently used entries when full."""

    def __init__(
        self,
        bytes_max: int,
        *,
        lasts_seconds: float = math.inf,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        """`bytes_max` is for keys and values; a larger entry is not cached."""
        self.size_bytes = 0
        self._bytes_max = bytes_max
        self._lasts_seconds = lasts_seconds
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._entries: OrderedDict[Key, _Entry[Value]] = OrderedDict()
        self._clear_count = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Value | None:
        entry = self._entry(key)
        return None if entry is None else entry.value

    def find_or_make(self, key: Key, make: Callable[[], Value], *, version: Hashable = None) -> Value:
        """Cached value of this version; a value of another version is replaced."""
        entry = self._entry(key)
        if entry is None or entry.version != version:
            return self.remake(key, make, version=version)
        return entry.value

    def remake(self, key: Key, make: Callable[[], Value], *, version: Hashable = None) -> Value:
        """Make and cache a value, unless the cache is cleared meanwhile."""
        clear_count = self._clear_count
        value = make()
        size_bytes = memory_bytes((key, value))
        with self._lock:
            if clear_count == self._clear_count:
                self._drop(key)
                self._entries[key] = _Entry(self._elapsed() + self._lasts_seconds, version, value, size_bytes)
                self.size_bytes += size_bytes
                while self.size_bytes > self._bytes_max:
                    self._drop(key if size_bytes > self._bytes_max else next(iter(self._entries)))
        return value

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self.size_bytes = 0
            self._clear_count += 1

    def _entry(self, key: Key) -> _Entry[Value] | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            if entry.ends_at <= self._elapsed():
                self._drop(key)
                return None
            self._entries.move_to_end(key)
            return entry

    def _drop(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size_bytes -= entry.size_bytes
