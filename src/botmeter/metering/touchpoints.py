"""Numbers of touchpoints and footprints.

A footprint is the set of a session's touchpoints: counts of distinct sessions by footprint add up under any filter.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.metering.columns import Ints, codes_of

_FEW = 1_024


class Touchpoint(NamedTuple):
    """One bot in one version on one channel; `bot_id` None for no bot."""

    bot_id: str | None
    bot_version: str | None
    channel: str


class Touchpoints:
    """Touchpoints numbered from 0, in order of first sight."""

    def __init__(self, known: Iterable[Touchpoint] = ()) -> None:
        self._number_of: dict[Touchpoint, int] = {touchpoint: number for number, touchpoint in enumerate(known)}

    def __len__(self) -> int:
        return len(self._number_of)

    def all(self) -> list[Touchpoint]:
        return list(self._number_of)

    def number(self, touchpoint: Touchpoint) -> int:
        return self._number_of.setdefault(touchpoint, len(self._number_of))

    def numbers(self, events: pa.Table) -> npt.NDArray[np.int32]:
        coded = [codes_of(events[name]) for name in Touchpoint._fields]
        texts = [[*known.to_pylist(), None] for _, known in coded]
        shape = tuple(len(values) for values in texts)
        combined = np.ravel_multi_index([codes for codes, _ in coded], shape)
        possible_count = math.prod(shape)
        if possible_count > max(len(combined), _FEW):
            distinct, position = np.unique(combined, return_inverse=True)
        else:
            # Few combinations are possible, so those that occur are marked; sorting takes ten times as long.
            occurs = np.zeros(possible_count, np.bool_)
            occurs[combined] = True
            distinct, position = np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[combined]
        columns = zip(texts, np.unravel_index(distinct, shape), strict=True)
        bots, versions, channels = ([values[code] for code in codes.tolist()] for values, codes in columns)
        numbers = [
            self.number(Touchpoint(bot_id, bot_version, channel or "unknown"))
            for bot_id, bot_version, channel in zip(bots, versions, channels, strict=True)
        ]
        return np.array(numbers, np.int32)[position]


class Footprints:
    """Sets of touchpoints: one has its touchpoint's number, larger ones -1, -2, … in order of first sight."""

    def __init__(self, known: Iterable[tuple[int, ...]] = ()) -> None:
        self._number_of: dict[tuple[int, ...], int] = {}
        for members in known:
            self.number(members)

    def __len__(self) -> int:
        return len(self._number_of)

    def all(self) -> list[tuple[int, ...]]:
        """Footprints of several touchpoints; index i has the number -1 - i."""
        return list(self._number_of)

    def number(self, members: tuple[int, ...]) -> int:
        if len(members) == 1:
            return members[0]
        return self._number_of.setdefault(members, -1 - len(self._number_of))

    def numbers(self, firsts: Ints, touchpoints: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Number sets whose touchpoints, in any order and repeated or not, begin at these ascending positions."""
        if not len(firsts):
            return np.empty(0, np.int32)
        numbers = np.minimum.reduceat(touchpoints, firsts)
        several = np.flatnonzero(numbers != np.maximum.reduceat(touchpoints, firsts))
        ends = np.append(firsts[1:], len(touchpoints))
        for row, first, end in zip(several.tolist(), firsts[several].tolist(), ends[several].tolist(), strict=True):
            numbers[row] = self.number(tuple(sorted(set(touchpoints[first:end].tolist()))))
        return numbers
