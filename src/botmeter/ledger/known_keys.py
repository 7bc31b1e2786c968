"""The keys of the events that a ledger has, in memory, to tell at once which events are surely new.

Sorted runs of 64-bit keys: 8 bytes an event, a thousand look-ups in a fraction of a millisecond,
where a scan of the ledger's own column takes 30 ms for ten million. A key that is found is only a
suspicion: the statement `known` compares the events themselves.
"""

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]


class KnownKeys:
    """A growing set of keys."""

    def __init__(self, keys: Keys) -> None:
        self._runs = [np.sort(keys)] if len(keys) else []

    def suspects(self, keys: Keys) -> npt.NDArray[np.bool_]:
        """Which of `keys` are known, or stand in `keys` twice."""
        order = np.argsort(keys)
        ordered = keys[order]
        found = np.zeros(len(keys), np.bool_)
        found[1:] = ordered[1:] == ordered[:-1]
        found[:-1] |= found[1:]
        for run in self._runs:
            place = np.minimum(np.searchsorted(run, ordered), len(run) - 1)
            found |= run[place] == ordered
        unordered = np.empty_like(found)
        unordered[order] = found
        return unordered

    def add(self, keys: Keys) -> None:
        """Makes `keys` known. A run is merged into the one before when that is not four times its size."""
        self._runs.append(np.sort(keys))
        while len(self._runs) > 1 and len(self._runs[-2]) < 4 * len(self._runs[-1]):
            last = self._runs.pop()
            # A stable sort finds the two runs and merges them.
            self._runs[-1] = np.sort(np.concatenate((self._runs[-1], last)), kind="stable")
