"""Django's cache in memory, for sessions and secrets shown once."""

from typing import Any, Final

from django.core.cache.backends.locmem import LocMemCache

ENTRY_BYTES_MAX: Final = 8_000
"""Entries are a few hundred bytes; with the number of entries this bounds the cache to 16 MB."""


class MemoryCache(LocMemCache):
    """Leaves out large entries, which are then read from the database."""

    def _set(self, key: str, value: bytes, *timeout: Any) -> None:
        if len(key) + len(value) > ENTRY_BYTES_MAX:
            self._delete(key)  # type: ignore[attr-defined]  # missing in the stubs
        else:
            super()._set(key, value, *timeout)  # type: ignore[misc]
