"""Counts of distinct sessions for every split of a report.

Grouped by their set of touchpoints, sessions add up: a bot's sessions are the sum of the groups whose set has it.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.metering.columns import dictionary_of

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
class Counts:
    """Distinct sessions and their splits, most first, then by id; `opened_count` adds up to all."""

    session_count: int
    preview_count: int
    by_bot: tuple[SplitCount[str | None], ...]
    by_channel: tuple[SplitCount[str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Groups of matching sessions, one array element per group.

    Attributes:
        day: Day of the period, from 0.
        place_set: Set of touchpoints, from 0.
        members: (set, touchpoint).
    """

    day: Ints
    place_set: Ints
    opening_touchpoint: Ints
    is_preview: npt.NDArray[np.bool_]
    session_count: Ints
    members: tuple[Ints, Ints]


def members_of(places: pa.Table, touchpoints: list[int] | None, *, excluded: Sequence[int] = ()) -> tuple[Ints, Ints]:
    """Return (set, touchpoint) of matching members.

    Args:
        places: place_set, touchpoint; one row per member.
        touchpoints: None for all.
        excluded: Sets with one of these have no matching member.
    """
    sets, members = ints_of(places, "place_set"), ints_of(places, "touchpoint")
    kept = np.ones(len(sets), np.bool_) if touchpoints is None else np.isin(members, touchpoints)
    if excluded:
        kept &= ~np.isin(sets, sets[np.isin(members, excluded)])
    return (sets, members) if kept.all() else (sets[kept], members[kept])


def groups_of(sessions: pa.Table, members: tuple[Ints, Ints]) -> Groups:
    """Return the groups whose set has a matching member.

    Args:
        sessions: day, place_set, opening_touchpoint, preview (1 or 0), session_count; one row per group.
    """
    sets, place_set = members[0], ints_of(sessions, "place_set")
    # Sets of several touchpoints have negative numbers.
    lowest = min(int(sets.min(initial=0)), int(place_set.min(initial=0)))
    highest = max(int(sets.max(initial=0)), int(place_set.max(initial=0)))
    is_matching = np.zeros(highest - lowest + 1, np.bool_)
    is_matching[sets - lowest] = True
    kept = np.flatnonzero(is_matching[place_set - lowest])
    return Groups(
        day=ints_of(sessions, "day")[kept],
        place_set=place_set[kept] - lowest,
        opening_touchpoint=ints_of(sessions, "opening_touchpoint")[kept],
        is_preview=ints_of(sessions, "preview")[kept] != 0,
        session_count=ints_of(sessions, "session_count")[kept],
        members=(sets - lowest, members[1]),
    )


def counts_of(groups: Groups, touchpoints: "list[Touchpoint]") -> Counts:
    """Count the sessions of all splits."""
    return Counts(
        session_count=int(groups.session_count.sum()),
        preview_count=int(groups.session_count[groups.is_preview].sum()),
        by_bot=tuple(sorted(split(groups, [place.bot_id for place in touchpoints]), key=_most_first)),
        by_channel=tuple(sorted(split(groups, [place.channel for place in touchpoints]), key=_most_first)),
    )


def split(groups: Groups, key_of_touchpoint: Sequence[Key]) -> list[SplitCount[Key]]:
    """Count sessions by a key of the touchpoints, such as the bot; unordered."""
    keys = list(dict.fromkeys(key_of_touchpoint))
    number_of = {value: number for number, value in enumerate(keys)}
    code = np.array([number_of[value] for value in key_of_touchpoint], np.int64)
    sets, members = groups.members
    size = int(max(sets.max(initial=0), groups.place_set.max(initial=0))) + 1
    sessions_of_set = sums(groups.place_set, groups.session_count, size=size)
    # Most known sets have no session in the period.
    is_used = sessions_of_set[sets] > 0
    # A set with two versions of one bot has that bot once.
    visits = distinct(sets[is_used] * len(keys) + code[members[is_used]])
    visited_set, visited_key = np.divmod(visits, max(1, len(keys)))
    session_count = sums(visited_key, sessions_of_set[visited_set], size=len(keys)).tolist()
    opened_count = sums(code[groups.opening_touchpoint], groups.session_count, size=len(keys)).tolist()
    return [
        SplitCount(key=value, session_count=sessions, opened_count=opened)
        for value, sessions, opened in zip(keys, session_count, opened_count, strict=True)
        if sessions or opened
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCounts:
    """Distinct tickets; `by_type` has (type, tickets, sessions), most tickets first, then by type."""

    ticket_count: int
    of_day: list[int]
    of_day_by_type: dict[str, list[int]]
    by_type: tuple[tuple[str, int, int], ...]


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
    day = ints_of(tickets, "day")
    of_cell = _distinct(day * len(names) + kind, ticket, count=len(ids), size=day_count * len(names))
    by_type = zip(names, tickets_of_kind, sessions_of_kind, strict=True)
    return TicketCounts(
        ticket_count=len(ids),
        of_day=_distinct(day, ticket, count=len(ids), size=day_count),
        of_day_by_type={name: of_cell[number :: len(names)] for number, name in enumerate(names)},
        by_type=tuple(sorted(by_type, key=lambda one: (-one[1], one[0]))),
    )


def _most_first(one: SplitCount[str] | SplitCount[str | None]) -> tuple[int, bool, str]:
    return -one.session_count, one.key is None, one.key or ""


def _distinct(places: Ints, codes: Ints, *, count: int, size: int) -> list[int]:
    """Number of distinct codes (below `count`) of each place (below `size`)."""
    pairs = distinct(places * count + codes)
    found: list[int] = np.bincount(pairs // max(1, count), minlength=size).tolist()
    return found


def distinct(values: Ints) -> Ints:
    """Return sorted distinct values, faster than `np.unique`, which hashes first."""
    ordered = np.sort(values)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered


def sums(places: Ints, amounts: Ints, *, size: int) -> Ints:
    """Sum the amounts of each place, from 0."""
    totals = np.zeros(size, np.int64)
    np.add.at(totals, places, amounts)
    return totals


def _codes(table: pa.Table, name: str) -> tuple[Ints, Sequence[pa.Scalar]]:
    """Dictionary codes of a text column without nulls, and their texts."""
    if table.num_rows == 0:
        return np.zeros(0, np.int64), ()
    column = dictionary_of(table[name])
    return _numbers(column.indices), column.dictionary


def ints_of(table: pa.Table, name: str) -> Ints:
    """Return a column of integers."""
    return _numbers(table[name].combine_chunks()) if table.num_rows else np.zeros(0, np.int64)


def _numbers(array: pa.Array) -> Ints:
    # Not `to_numpy` (nor `pa.array` above): where pandas is installed that imports it, which takes
    # longer than the whole report.
    numbers: Ints = np.from_dlpack(array).astype(np.int64, copy=False)
    return numbers
