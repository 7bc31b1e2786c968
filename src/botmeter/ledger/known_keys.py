"""Keys of a ledger's events in memory: a thousand look-ups take under a millisecond, a scan of the column 30 ms."""

from typing import NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt

from botmeter.ledger.statements import statements_of
from botmeter.metering.columns import Mask

sql = statements_of(__name__)

Keys = npt.NDArray[np.uint64]


class Suspects(NamedTuple):
    """Masks of known and of repeated keys."""

    known: Mask
    repeated: Mask


class KnownKeys:
    """Growing set of keys."""

    def __init__(self, keys: Keys) -> None:
        self._runs = [np.sort(keys)] if len(keys) else []

    def suspects(self, keys: Keys) -> Suspects:
        order = np.argsort(keys)
        ordered = keys[order]
        repeated = np.zeros(len(keys), np.bool_)
        repeated[1:] = ordered[1:] == ordered[:-1]
        repeated[:-1] |= repeated[1:]
        known = np.zeros(len(keys), np.bool_)
        for run in self._runs:
            index = np.minimum(np.searchsorted(run, ordered), len(run) - 1)
            known |= run[index] == ordered
        unordered = Suspects(np.empty_like(known), np.empty_like(repeated))
        unordered.known[order], unordered.repeated[order] = known, repeated
        return unordered

    def add(self, keys: Keys) -> None:
        """Add keys; merge a run into the previous one unless that is four times its size."""
        if len(keys) == 0:
            return
        # A new list, since another thread may be copying.
        runs = [*self._runs, np.sort(keys)]
        while len(runs) > 1 and len(runs[-2]) < 4 * len(runs[-1]):
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


class SharedKeys:
    """Keys of one file, read once for all connections."""

    def __init__(self, keys: KnownKeys | None = None) -> None:
        self._keys = keys

    def read(self, connection: duckdb.DuckDBPyConnection) -> KnownKeys:
        if self._keys is None:
            self._keys = _stored_keys(connection)
        return self._keys

    def copy(self, connection: duckdb.DuckDBPyConnection) -> "SharedKeys":
        """Copy the keys; live events may be appended meanwhile."""
        keys = self._keys
        # Not kept here: the connection may not see the latest live events.
        return SharedKeys(_stored_keys(connection) if keys is None else keys.copy())

    def take(self) -> KnownKeys | None:
        """Return the keys, if they were read, and forget them."""
        keys, self._keys = self._keys, None
        return keys

    def put(self, keys: KnownKeys | None) -> None:
        """Keep keys that are all of the file."""
        self._keys = keys

    def forget(self) -> None:
        self._keys = None


def _stored_keys(connection: duckdb.DuckDBPyConnection) -> KnownKeys:
    table = connection.sql(sql("keys_of_all")).to_arrow_table()
    return KnownKeys(table["event_key"].to_numpy())
