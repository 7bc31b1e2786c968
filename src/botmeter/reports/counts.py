"""Counts of distinct sessions for every split of a report, added up from few rows.

Sessions come grouped by the set of touchpoints that they visited, which is what makes the numbers
additive: a session is in one group, so a bot's sessions are the sum of the groups whose set has it.
The additive usage gives groups of many sessions; the rows themselves, groups of one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.domain.period import Period
from botmeter.metering.columns import dictionary_of

if TYPE_CHECKING:
    from botmeter.metering.touchpoints import Touchpoint

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitCount:
    """One bot or channel: the sessions that touched it, and those that it opened."""

    id: str | None
    session_count: int
    opened_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Distinct sessions, and their splits.

    Attributes:
        session_count: For each day of the period.
        by_bot: Most sessions first, then by id; in them `opened_count` adds up to all sessions.
        by_channel: In the same order.
    """

    session_count: list[int]
    preview_count: int
    by_bot: tuple[SplitCount, ...]
    by_channel: tuple[SplitCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Groups of sessions, those that match.

    Attributes:
        day: For each group the day of the period, from 0.
        place_set: For each group the number of its set of touchpoints, from 0.
        opening_touchpoint: For each group where its sessions were opened.
        is_preview: For each group whether a preview opened its sessions.
        session_count: For each group how many sessions it has.
        members: (set, touchpoint) of every matching touchpoint of each set.
    """

    day: Ints
    place_set: Ints
    opening_touchpoint: Ints
    is_preview: npt.NDArray[np.bool_]
    session_count: Ints
    members: tuple[Ints, Ints]


def members_of(places: pa.Table, touchpoints: list[int] | None) -> tuple[Ints, Ints]:
    """(set, touchpoint) of the matching members of every set of touchpoints.

    Args:
        places: place_set, touchpoint; one row per member of a set.
        touchpoints: Those that match; None for all.
    """
    sets, members = _ints(places, "place_set"), _ints(places, "touchpoint")
    if touchpoints is None:
        return sets, members
    is_matching = np.zeros(int(members.max(initial=0)) + 1, np.bool_)
    is_matching[[number for number in touchpoints if number < len(is_matching)]] = True
    return sets[is_matching[members]], members[is_matching[members]]


def groups_of(sessions: pa.Table, members: tuple[Ints, Ints]) -> Groups:
    """The groups whose set has a matching member.

    Args:
        sessions: day, place_set, opening_touchpoint, preview (1 or 0), session_count; one row per group.
        members: (set, touchpoint), the matching ones.
    """
    sets, place_set = members[0], _ints(sessions, "place_set")
    # Sets of several touchpoints have negative numbers.
    lowest = min(int(sets.min(initial=0)), int(place_set.min(initial=0)))
    highest = max(int(sets.max(initial=0)), int(place_set.max(initial=0)))
    is_matching = np.zeros(highest - lowest + 1, np.bool_)
    is_matching[sets - lowest] = True
    kept = np.flatnonzero(is_matching[place_set - lowest])
    return Groups(
        day=_ints(sessions, "day")[kept],
        place_set=place_set[kept] - lowest,
        opening_touchpoint=_ints(sessions, "opening_touchpoint")[kept],
        is_preview=_ints(sessions, "preview")[kept] != 0,
        session_count=_ints(sessions, "session_count")[kept],
        members=(sets - lowest, members[1]),
    )


def counts_of(groups: Groups, touchpoints: "list[Touchpoint]", *, period: Period) -> Counts:
    """The counts of all splits."""
    return Counts(
        session_count=sessions_of_days(groups, period),
        preview_count=int(groups.session_count[groups.is_preview].sum()),
        by_bot=_split(groups, [place.bot_id for place in touchpoints]),
        by_channel=_split(groups, [place.channel for place in touchpoints]),
    )


def sessions_of_days(groups: Groups, period: Period) -> list[int]:
    """How many sessions started on each day of the period."""
    session_count: list[int] = _sums(groups.day, groups.session_count, size=period.day_count).tolist()
    return session_count


def _split(groups: Groups, id_of_touchpoint: "list[str] | list[str | None]") -> tuple[SplitCount, ...]:
    """Sessions by the id that the touchpoints have: a bot's or a channel's."""
    ids = list(dict.fromkeys(id_of_touchpoint))
    number_of = {value: number for number, value in enumerate(ids)}
    code = np.array([number_of[value] for value in id_of_touchpoint], np.int64)
    sets, members = groups.members
    size = int(max(sets.max(initial=0), groups.place_set.max(initial=0))) + 1
    sessions_of_set = _sums(groups.place_set, groups.session_count, size=size)
    # Most sets that there ever were have no session in the period.
    is_used = sessions_of_set[sets] > 0
    # A set with two versions of one bot has that bot once.
    visits = np.unique(sets[is_used] * len(ids) + code[members[is_used]])
    visited_set, visited_id = np.divmod(visits, max(1, len(ids)))
    session_count = _sums(visited_id, sessions_of_set[visited_set], size=len(ids)).tolist()
    opened_count = _sums(code[groups.opening_touchpoint], groups.session_count, size=len(ids)).tolist()
    found = [
        SplitCount(id=value, session_count=sessions, opened_count=opened)
        for value, sessions, opened in zip(ids, session_count, opened_count, strict=True)
        if sessions or opened
    ]
    return tuple(sorted(found, key=lambda one: (-one.session_count, one.id is None, one.id or "")))


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCounts:
    """Distinct tickets.

    Attributes:
        ticket_count: In all.
        of_day: For each day of the period.
        by_type: (type, tickets, sessions with one), most tickets first, then by type.
    """

    ticket_count: int
    of_day: list[int]
    by_type: tuple[tuple[str, int, int], ...]


def ticket_counts_of(tickets: pa.Table, period: Period) -> TicketCounts:
    """The distinct tickets of each split.

    Args:
        tickets: day, session_id, ticket_id, ticket_type; a ticket can have several rows.
    """
    ticket, ids = _codes(tickets, "ticket_id")
    session, sessions = _codes(tickets, "session_id")
    kind, kinds = _codes(tickets, "ticket_type")
    names: list[str] = [name.as_py() for name in kinds]
    tickets_of_kind = _distinct(kind, ticket, count=len(ids), size=len(names))
    sessions_of_kind = _distinct(kind, session, count=len(sessions), size=len(names))
    by_type = zip(names, tickets_of_kind, sessions_of_kind, strict=True)
    return TicketCounts(
        ticket_count=len(ids),
        of_day=_distinct(_ints(tickets, "day"), ticket, count=len(ids), size=period.day_count),
        by_type=tuple(sorted(by_type, key=lambda one: (-one[1], one[0]))),
    )


def _distinct(places: Ints, codes: Ints, *, count: int, size: int) -> list[int]:
    """How many distinct codes each place has; there are `count` codes and `size` places."""
    pairs = np.unique(places * count + codes)
    found: list[int] = np.bincount(pairs // max(1, count), minlength=size).tolist()
    return found


def _sums(places: Ints, amounts: Ints, *, size: int) -> Ints:
    totals = np.zeros(size, np.int64)
    np.add.at(totals, places, amounts)
    return totals


def _codes(table: pa.Table, name: str) -> tuple[Ints, Sequence[pa.Scalar]]:
    """A code for each row of a text column without nulls, and the text of each code."""
    if table.num_rows == 0:
        return np.zeros(0, np.int64), ()
    column = dictionary_of(table[name])
    return _numbers(column.indices), column.dictionary


def _ints(table: pa.Table, name: str) -> Ints:
    return _numbers(table[name].combine_chunks()) if table.num_rows else np.zeros(0, np.int64)


def _numbers(array: pa.Array) -> Ints:
    # Not `to_numpy` (nor `pa.array` above): where pandas is installed that imports it, which takes
    # longer than the whole report.
    numbers: Ints = np.from_dlpack(array).astype(np.int64, copy=False)
    return numbers
