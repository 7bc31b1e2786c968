"""Pairs of instants of two lists, one to one: as many as the reach allows, then the nearest.

A row without a partner is moved back to where leaving it out makes the pairs nearest, so no later one seems missing.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

_STEPS_A_ROW: Final = 20
"""Of moving rows back, on average. Only lists without ids, of a hundred sessions within the reach, take more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Rows of a list to be paired.

    Attributes:
        groups: Only rows of one group are paired.
    """

    rows: Ints
    groups: Ints
    times: Ints

    def sorted(self) -> "Points":
        return self.taken(np.lexsort((self.rows, self.times, self.groups)))

    def taken(self, which: Ints | npt.NDArray[np.bool_]) -> "Points":
        return Points(rows=self.rows[which], groups=self.groups[which], times=self.times[which])


def paired(theirs: Points, ours: Points, *, reach_us: int) -> tuple[Ints, Ints]:
    """Pair rows of a group whose times are at most `reach_us` apart; return the rows of both sides."""
    one, other = theirs.sorted(), ours.sorted()
    equal_one, equal_other = _equal(one, other)
    pass_ = _Pass(_without(one, equal_one), _without(other, equal_other), reach_us=reach_us)
    near_one, near_other = pass_.pairs()
    return np.concatenate([one.rows[equal_one], near_one]), np.concatenate([other.rows[equal_other], near_other])


def _equal(one: Points, other: Points) -> tuple[Ints, Ints]:
    groups = np.concatenate([one.groups, other.groups])
    times = np.concatenate([one.times, other.times])
    is_other = np.repeat(np.array([0, 1]), [len(one.rows), len(other.rows)])
    order = np.lexsort((is_other, times, groups))
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = (np.diff(groups[order]) != 0) | (np.diff(times[order]) != 0)
    starts = np.flatnonzero(is_first)
    sizes = np.diff(np.append(starts, len(order)))
    other_counts = np.add.reduceat(is_other[order], starts) if len(starts) else np.array([], np.int64)
    counts = np.minimum(sizes - other_counts, other_counts)
    ranks = np.arange(len(order)) - np.repeat(starts, sizes)
    own_counts = np.repeat(sizes - other_counts, sizes)
    sides = is_other[order]
    is_paired = np.where(sides == 1, ranks - own_counts, ranks) < np.repeat(counts, sizes)
    chosen = order[is_paired]
    return chosen[chosen < len(one.rows)], chosen[chosen >= len(one.rows)] - len(one.rows)


def _without(points: Points, indexes: Ints) -> Points:
    keep = np.ones(len(points.rows), np.bool_)
    keep[indexes] = False
    return points.taken(keep)


class _Pass:
    def __init__(self, one: Points, other: Points, *, reach_us: int) -> None:
        self._sides = (one, other)
        self._groups = (one.groups.tolist(), other.groups.tolist())
        self._times = (one.times.tolist(), other.times.tolist())
        self._reach_us = reach_us
        self._steps_left = _STEPS_A_ROW * (len(one.rows) + len(other.rows))
        # Indexes of the pairs so far, in order; both lists ascend.
        self._pairs: tuple[list[int], list[int]] = ([], [])

    def pairs(self) -> tuple[Ints, Ints]:
        (one_groups, other_groups), (one_times, other_times) = self._groups, self._times
        one_count, other_count, reach_us = len(one_times), len(other_times), self._reach_us
        left, right = self._pairs
        i = j = 0
        while i < one_count and j < other_count:
            group, against = one_groups[i], other_groups[j]
            if group == against:
                apart_us = one_times[i] - other_times[j]
                if -reach_us <= apart_us <= reach_us:
                    left.append(i)
                    right.append(j)
                    i += 1
                    j += 1
                    continue
                is_one_earlier = apart_us < 0
            else:
                is_one_earlier = group < against
            if is_one_earlier:
                self._move_back(0, i)
                i += 1
            else:
                self._move_back(1, j)
                j += 1
        for side, index, count in ((0, i, one_count), (1, j, other_count)):
            for rest in range(index, count):
                self._move_back(side, rest)
        return tuple(each.rows[np.array(pairs, np.int64)] for each, pairs in zip(self._sides, self._pairs, strict=True))  # type: ignore[return-value]

    def _move_back(self, side: int, index: int) -> None:
        """Leave out an earlier row instead, where the pairs between are then nearer."""
        mine, partners = self._pairs[side], self._pairs[1 - side]
        times, partner_times = self._times[side], self._times[1 - side]
        groups = self._groups[side]
        free, cost, best_cost, best = index, 0, 0, index
        for pair in range(len(mine) - 1, -1, -1):
            before = free - 1
            if mine[pair] != before or groups[before] != groups[index] or self._steps_left <= 0:
                break
            self._steps_left -= 1
            partner_time = partner_times[partners[pair]]
            apart_us = abs(partner_time - times[free])
            if apart_us > self._reach_us:
                break
            cost += apart_us - abs(partner_time - times[before])
            free = before
            if cost < best_cost:
                best_cost, best = cost, free
            elif cost > best_cost + self._reach_us:
                break
        for back in range(1, index - best + 1):
            mine[-back] += 1
