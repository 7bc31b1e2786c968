"""Keys of a ledger's events in memory: a thousand look-ups take under a millisecond, a scan of the column 30 ms."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt

from botmeter.ledger.statements import statements_of
from botmeter.metering.columns import Ints, Mask

sql = statements_of(__name__)

Keys = npt.NDArray[np.uint64]

FILTERED_FROM: Final = 20_000
"""Keys of a batch. For fewer, making the filter of a large ledger takes longer than their search."""
_FILTER_DIGITS: Final = 21
"""Binary digits of words of 64 bits: these 16 MB tell 84 of 85 new keys from ten million known ones."""

_LARGE_RUN: Final = 4_000_000
"""Keys. While runs are merged they take twice their memory; from here on only into one that is not larger."""


class Suspects(NamedTuple):
    """Masks of known and of repeated keys, and all keys ascending."""

    known: Mask
    repeated: Mask
    ordered: Keys


class KnownKeys:
    """Growing set of keys."""

    def __init__(self, keys: Keys) -> None:
        self._runs = [np.sort(keys)] if len(keys) else []
        self._filter: _KeyFilter | None = None

    def suspects(self, keys: Keys) -> Suspects:
        ordered = np.sort(keys)
        repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        possible = ordered
        if len(keys) >= FILTERED_FROM:
            self._filter = self._filter or _KeyFilter(self._runs)
            possible = ordered[self._filter.may_have(ordered)]
        known = np.unique(np.concatenate([possible[_is_in(run, possible)] for run in self._runs] or [ordered[:0]]))
        return Suspects(known=_is_in(known, keys), repeated=_is_in(repeated, keys), ordered=ordered)

    def add(self, keys: Keys) -> None:
        self.add_ordered(np.sort(keys))

    def add_ordered(self, ordered: Keys) -> None:
        """Add ascending keys; merge a run into the previous one unless that is much larger."""
        if len(ordered) == 0:
            return
        if self._filter is not None:
            self._filter.add(ordered)
        # A new list, since another thread may be copying.
        runs = [*self._runs, ordered]
        while len(runs) > 1 and len(runs[-2]) < (4 if len(runs[-2]) < _LARGE_RUN else 1) * len(runs[-1]):
            last = runs.pop()
            merged = np.concatenate((runs.pop(), last))
            # A stable sort finds the two runs and merges them; in place it takes half as much memory.
            merged.sort(kind="stable")
            runs.append(merged)
        self._runs = runs

    def copy(self) -> "KnownKeys":
        copy = KnownKeys(np.empty(0, np.uint64))
        copy._runs = self._runs
        return copy


class _KeyFilter:
    """Words by the keys' first digits, with bits by their last: most unknown keys need no search."""

    def __init__(self, runs: Sequence[Keys]) -> None:
        self._words = np.zeros(1 << _FILTER_DIGITS, np.uint64)
        for run in runs:
            self.add(run)

    def add(self, ordered: Keys) -> None:
        """Add ascending keys."""
        places, bits = _places(ordered)
        firsts = np.flatnonzero(np.diff(places, prepend=-1))
        self._words[places[firsts]] |= np.bitwise_or.reduceat(bits, firsts)

    def may_have(self, keys: Keys) -> Mask:
        places, bits = _places(keys)
        return (self._words[places] & bits) == bits


def _places(keys: Keys) -> tuple[Ints, Keys]:
    # Of one bit a key, six times as many new keys are searched beside ten million.
    one, six, last = np.uint64(1), np.uint64(6), np.uint64(63)
    bits = (one << (keys & last)) | (one << ((keys >> six) & last)) | (one << ((keys >> (six + six)) & last))
    return (keys >> np.uint64(64 - _FILTER_DIGITS)).view(np.int64), bits


def _is_in(ordered: Keys, keys: Keys) -> Mask:
    if not len(ordered):
        return np.zeros(len(keys), np.bool_)
    return ordered[np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)] == keys


class SharedKeys:
    """Keys of one file, read once for all connections.

    Attributes:
        known: None: not read yet.
    """

    def __init__(self, keys: KnownKeys | None = None) -> None:
        self.known = keys

    def read(self, connection: duckdb.DuckDBPyConnection) -> KnownKeys:
        if self.known is None:
            self.known = _stored_keys(connection)
        return self.known

    def copy(self, connection: duckdb.DuckDBPyConnection) -> "SharedKeys":
        """Copy the keys; live events may be appended meanwhile."""
        keys = self.known
        # Not kept here: the connection may not see the latest live events.
        return SharedKeys(_stored_keys(connection) if keys is None else keys.copy())

    def take(self) -> KnownKeys | None:
        """Return and forget the keys, if they were read."""
        keys, self.known = self.known, None
        return keys

    def put(self, keys: KnownKeys | None) -> None:
        self.known = keys

    def forget(self) -> None:
        self.known = None


def _stored_keys(connection: duckdb.DuckDBPyConnection) -> KnownKeys:
    table = connection.sql(sql("keys_of_all")).to_arrow_table()
    return KnownKeys(table["event_key"].to_numpy())
