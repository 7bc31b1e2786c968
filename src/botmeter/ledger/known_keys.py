"""Keys of a ledger's events in memory, to find certainly new events.

Sorted 64-bit keys take 8 bytes an event, and a thousand look-ups under a millisecond; a scan of the column takes 30 ms
for ten million events.
"""

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
        self._runs.append(np.sort(keys))
        while len(self._runs) > 1 and len(self._runs[-2]) < 4 * len(self._runs[-1]):
            last = self._runs.pop()
            # A stable sort finds the two runs and merges them.
            self._runs[-1] = np.sort(np.concatenate((self._runs[-1], last)), kind="stable")


class SharedKeys:
    """Keys of one file, read once for all connections."""

    def __init__(self) -> None:
        self._keys: KnownKeys | None = None

    def read(self, connection: duckdb.DuckDBPyConnection) -> KnownKeys:
        if self._keys is None:
            table = connection.sql(sql("keys_of_all")).to_arrow_table()
            self._keys = KnownKeys(table["event_key"].to_numpy())
        return self._keys

    def forget(self) -> None:
        self._keys = None
