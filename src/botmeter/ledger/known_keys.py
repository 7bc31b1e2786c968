"""The keys of the events that a ledger has, in memory, to tell at once which events are surely new.

Sorted runs of 64-bit keys: 8 bytes an event, a thousand look-ups in a fraction of a millisecond,
where a scan of the ledger's own column takes 30 ms for ten million. A key that is found is only a
suspicion: the statement `known` compares the events themselves.
"""

from typing import NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt

from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

Keys = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]


class Suspects(NamedTuple):
    """Which of some keys are known, and which stand there more than once."""

    known: Mask
    repeated: Mask


class KnownKeys:
    """A growing set of keys."""

    def __init__(self, keys: Keys) -> None:
        self._runs = [np.sort(keys)] if len(keys) else []

    def suspects(self, keys: Keys) -> Suspects:
        """Which of `keys` are known, and which stand in `keys` twice."""
        order = np.argsort(keys)
        ordered = keys[order]
        repeated = np.zeros(len(keys), np.bool_)
        repeated[1:] = ordered[1:] == ordered[:-1]
        repeated[:-1] |= repeated[1:]
        known = np.zeros(len(keys), np.bool_)
        for run in self._runs:
            place = np.minimum(np.searchsorted(run, ordered), len(run) - 1)
            known |= run[place] == ordered
        unordered = Suspects(np.empty_like(known), np.empty_like(repeated))
        unordered.known[order], unordered.repeated[order] = known, repeated
        return unordered

    def add(self, keys: Keys) -> None:
        """Makes `keys` known. A run is merged into the one before when that is not four times its size."""
        if len(keys) == 0:
            return
        self._runs.append(np.sort(keys))
        while len(self._runs) > 1 and len(self._runs[-2]) < 4 * len(self._runs[-1]):
            last = self._runs.pop()
            # A stable sort finds the two runs and merges them.
            self._runs[-1] = np.sort(np.concatenate((self._runs[-1], last)), kind="stable")


class SharedKeys:
    """The known keys of one file, read once for all its connections. Whoever adds to them is alone in doing so."""

    def __init__(self) -> None:
        self._keys: KnownKeys | None = None

    def read(self, connection: duckdb.DuckDBPyConnection) -> KnownKeys:
        """The keys, from the file when the first events arrive."""
        if self._keys is None:
            found = connection.sql(sql("keys_of_all")).to_arrow_table()
            self._keys = KnownKeys(found["event_key"].to_numpy())
        return self._keys

    def forget(self) -> None:
        """Has them read again, because keys of events were added that were undone."""
        self._keys = None
