"""Numbers of touchpoints and footprints.

A footprint is the set of a session's touchpoints: counts of distinct sessions by footprint add up under any filter.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.metering.columns import codes_of

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
        combined = np.zeros(len(events), np.int64)
        texts: list[list[str | None]] = []
        for name in Touchpoint._fields:
            codes, known = codes_of(events[name])
            values = [*known.to_pylist(), None]
            combined = combined * len(values) + codes
            texts.append(values)
        possible = math.prod(len(values) for values in texts)
        if possible > max(len(combined), _FEW):
            distinct, inverse = np.unique(combined, return_inverse=True)
            return np.array([self.number(_touchpoint(code, texts)) for code in distinct.tolist()], np.int32)[inverse]
        # Few combinations are possible, so those that occur are marked; sorting takes ten times as long.
        occurs = np.zeros(possible, np.bool_)
        occurs[combined] = True
        numbers = np.empty(possible, np.int32)
        for code in np.flatnonzero(occurs).tolist():
            numbers[code] = self.number(_touchpoint(code, texts))
        return numbers[combined]


class Footprints:
    """Sets of touchpoints: one has its touchpoint's number, larger ones -1, -2, … in order of first sight."""

    def __init__(self, known: Iterable[tuple[int, ...]] = ()) -> None:
        self._number_of: dict[tuple[int, ...], int] = {}
        for members in known:
            self.number(members)

    def __len__(self) -> int:
        return len(self._number_of)

    def all(self) -> list[tuple[int, ...]]:
        """Return the footprints of several touchpoints; index i has the number -1 - i."""
        return list(self._number_of)

    def number(self, members: tuple[int, ...]) -> int:
        """Return the number of a set: ascending, without repetition."""
        if len(members) == 1:
            return members[0]
        return self._number_of.setdefault(members, -1 - len(self._number_of))


def _touchpoint(code: int, texts: list[list[str | None]]) -> Touchpoint:
    parts: list[str | None] = []
    for values in reversed(texts):
        code, index = divmod(code, len(values))
        parts.append(values[index])
    channel, bot_version, bot_id = parts
    return Touchpoint(bot_id, bot_version, channel or "unknown")
