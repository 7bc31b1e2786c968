"""Counts of distinct sessions for every split of a report.

A bot's sessions are the sum of the groups whose footprint has it.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.metering.columns import dictionary_of
from botmeter.reports.report_json import ReportTicketType
from botmeter.reports.snapshot import Snapshot

if TYPE_CHECKING:
    from botmeter.metering.touchpoints import Touchpoint

Key = TypeVar("Key", bound=Hashable)
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitCount(Generic[Key]):
    """Sessions that touched a key, such as a bot, and those opened there."""

    key: Key
    session_count: int
    opened_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Pairs of a footprint and one of its touchpoints, in arrays of equal length."""

    footprint: Ints
    touchpoint: Ints

    def matching(self, touchpoints: list[int] | None, *, excluded: list[int]) -> "Members":
        """Members among the touchpoints (None: all), of footprints without an excluded one."""
        is_match = np.ones(len(self.footprint), np.bool_)
        if touchpoints is not None:
            is_match &= np.isin(self.touchpoint, touchpoints)
        if excluded:
            is_match &= ~np.isin(self.footprint, self.footprint[np.isin(self.touchpoint, excluded)])
        return Members(footprint=self.footprint[is_match], touchpoint=self.touchpoint[is_match])


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Groups of matching sessions, one array element per group.

    Attributes:
        day: From 0; of groups from usage only if the period has UTC days.
        footprint: Set of touchpoints, from 0.
        members: Matching touchpoints of each set.
        touchpoints: By number.
    """

    day: Ints
    footprint: Ints
    opening_touchpoint: Ints
    is_preview: npt.NDArray[np.bool_]
    session_count: Ints
    members: Members
    touchpoints: "list[Touchpoint]"


def members_of(snapshot: Snapshot) -> Members:
    """Members of all footprints."""
    single, several = np.arange(len(snapshot.touchpoints)), snapshot.footprints
    sizes = np.array([len(members) for members in several], np.int64)
    numbers = -1 - np.arange(len(several))
    return Members(
        footprint=np.concatenate([single, np.repeat(numbers, sizes)]),
        touchpoint=np.concatenate([single, np.array(list(chain.from_iterable(several)), np.int64)]),
    )


def groups_of(sessions: pa.Table, members: Members, *, touchpoints: "list[Touchpoint]") -> Groups:
    """Groups whose footprint has a matching member.

    Args:
        sessions: day, footprint, opening_touchpoint, preview (1 or 0), session_count; one row per group.
    """
    footprint = integers(sessions, "footprint")
    # Footprints of several touchpoints have negative numbers.
    lowest = min(int(members.footprint.min(initial=0)), int(footprint.min(initial=0)))
    highest = max(int(members.footprint.max(initial=0)), int(footprint.max(initial=0)))
    has_match = np.zeros(highest - lowest + 1, np.bool_)
    has_match[members.footprint - lowest] = True
    rows = np.flatnonzero(has_match[footprint - lowest])
    return Groups(
        day=integers(sessions, "day")[rows],
        footprint=footprint[rows] - lowest,
        opening_touchpoint=integers(sessions, "opening_touchpoint")[rows],
        is_preview=integers(sessions, "preview")[rows] != 0,
        session_count=integers(sessions, "session_count")[rows],
        members=Members(footprint=members.footprint - lowest, touchpoint=members.touchpoint),
        touchpoints=touchpoints,
    )


def split(groups: Groups, key_of: "Callable[[Touchpoint], Key]") -> list[SplitCount[Key]]:
    """Count sessions by a key, such as the bot; unordered."""
    key_of_touchpoint = [key_of(touchpoint) for touchpoint in groups.touchpoints]
    keys = list(dict.fromkeys(key_of_touchpoint))
    number_of = {value: number for number, value in enumerate(keys)}
    code = np.array([number_of[value] for value in key_of_touchpoint], np.int64)
    members = groups.members
    size = int(max(members.footprint.max(initial=0), groups.footprint.max(initial=0))) + 1
    sessions_of_footprint = sums(groups.footprint, groups.session_count, size=size)
    # Most known footprints have no session in the period.
    is_used = sessions_of_footprint[members.footprint] > 0
    # A footprint with two versions of one bot has that bot once.
    pairs = distinct(members.footprint[is_used] * len(keys) + code[members.touchpoint[is_used]])
    footprint, key = np.divmod(pairs, max(1, len(keys)))
    session_count = sums(key, sessions_of_footprint[footprint], size=len(keys)).tolist()
    opened_count = sums(code[groups.opening_touchpoint], groups.session_count, size=len(keys)).tolist()
    return [
        SplitCount(key=value, session_count=sessions, opened_count=opened)
        for value, sessions, opened in zip(keys, session_count, opened_count, strict=True)
        if sessions or opened
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCounts:
    """Distinct tickets; `by_type` has most tickets first, then by type."""

    ticket_count: int
    of_day: list[int]
    of_day_by_type: dict[str, list[int]]
    by_type: list[ReportTicketType]


def ticket_counts_of(tickets: pa.Table, *, day_count: int) -> TicketCounts:
    """Count distinct tickets.

    Args:
        tickets: day, session_id, ticket_id, ticket_type; a ticket can have several rows.
    """
    ticket, ids = _codes(tickets, "ticket_id")
    session, sessions = _codes(tickets, "session_id")
    kind, kinds = _codes(tickets, "ticket_type")
    names: list[str] = [name.as_py() for name in kinds]
    tickets_of_kind = _distinct(kind, ticket, count=len(ids), size=len(names))
    sessions_of_kind = _distinct(kind, session, count=len(sessions), size=len(names))
    day = integers(tickets, "day")
    of_cell = _distinct(day * len(names) + kind, ticket, count=len(ids), size=day_count * len(names))
    by_type = [ReportTicketType(*counts) for counts in zip(names, tickets_of_kind, sessions_of_kind, strict=True)]
    return TicketCounts(
        ticket_count=len(ids),
        of_day=_distinct(day, ticket, count=len(ids), size=day_count),
        of_day_by_type={name: of_cell[number :: len(names)] for number, name in enumerate(names)},
        by_type=sorted(by_type, key=lambda one: (-one.ticket_count, one.ticket_type)),
    )


def _distinct(keys: Ints, codes: Ints, *, count: int, size: int) -> list[int]:
    pairs = distinct(keys * count + codes)
    counts: list[int] = np.bincount(pairs // max(1, count), minlength=size).tolist()
    return counts


def distinct(values: Ints) -> Ints:
    """Sorted distinct values, faster than `np.unique`, which hashes first."""
    ordered = np.sort(values)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered


def sums(keys: Ints, amounts: Ints, *, size: int) -> Ints:
    """Sum the amounts of each key, from 0."""
    totals = np.zeros(size, np.int64)
    np.add.at(totals, keys, amounts)
    return totals


def _codes(table: pa.Table, name: str) -> tuple[Ints, Sequence[pa.Scalar]]:
    if table.num_rows == 0:
        return np.zeros(0, np.int64), ()
    column = dictionary_of(table[name])
    return _numbers(column.indices), column.dictionary


def integers(table: pa.Table, name: str) -> Ints:
    """Column of integers."""
    return _numbers(table[name].combine_chunks()) if table.num_rows else np.zeros(0, np.int64)


def _numbers(array: pa.Array) -> Ints:
    # Not `to_numpy` (nor `pa.array` above): where pandas is installed that imports it, which takes
    # longer than the whole report.
    numbers: Ints = np.from_dlpack(array).astype(np.int64, copy=False)
    return numbers
