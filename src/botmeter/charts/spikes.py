"""Spikes: few counts so far above the others that they would flatten them."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

# So many times the next count: below three times, a chart shows both well.
_FACTOR: Final = 3
# Of twenty counts one can be a spike; more of them are how usage is.
_COUNTS_A_SPIKE: Final = 20
# Fewer counts say too little about what is usual.
_COUNTS_MIN: Final = 6


def count_below_spikes(counts: Sequence[int]) -> int | None:
    """Greatest count that is no spike; None without any."""
    if len(counts) < _COUNTS_MIN:
        return None
    descending = sorted(counts, reverse=True)
    spikes_max = max(1, len(counts) // _COUNTS_A_SPIKE)
    for spike, usual in pairwise(descending[: spikes_max + 1]):
        if usual and spike >= _FACTOR * usual:
            return usual
    return None
