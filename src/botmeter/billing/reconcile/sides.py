"""Columns of both lists as numbers, and which of them can be compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.billing.reconcile.pairing import Ints, Points

Flags = npt.NDArray[np.bool_]

ID_COLUMNS: Final = ("customer_id", "conversation_id")
PLACE_COLUMNS: Final = ("bot_id", "channel")
NONE: Final = -1

_KNOWN_SHARE_MIN: Final = 0.5
"""Fewer ids in common may be accidents, as with two systems that both number from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """Values of a column as numbers, the same on both sides, `NONE` where it is empty.

    Attributes:
        is_comparable: Half of their values or more are among ours.
    """

    theirs: Ints
    ours: Ints
    is_comparable: bool
    is_their_known: Flags
    is_our_known: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Both lists, by column.

    Attributes:
        our_ends: µs; far away while no limit ends the session.
        columns: `ID_COLUMNS` and `PLACE_COLUMNS`.
    """

    their_times: Ints
    our_times: Ints
    our_ends: Ints
    columns: Mapping[str, Codes]

    @property
    def comparable_ids(self) -> tuple[str, ...]:
        return tuple(name for name in ID_COLUMNS if self.columns[name].is_comparable)

    def their_points(self, which: Ints, *, by: Sequence[str] = ()) -> Points:
        codes = [self.columns[name].theirs for name in by]
        return Points(rows=which, groups=_groups(codes, which), times=self.their_times[which])

    def our_points(self, which: Ints, *, by: Sequence[str] = ()) -> Points:
        codes = [self.columns[name].ours for name in by]
        return Points(rows=which, groups=_groups(codes, which), times=self.our_times[which])


def sides_of(theirs: pa.Table, ours: pa.Table, *, aliases: Mapping[str, str]) -> Sides:
    """Read the columns of both lists; an alias is the customer that our sessions have."""
    if aliases:
        sent = theirs["customer_id"]
        places = pc.index_in(sent, value_set=pa.array(list(aliases), pa.string()))
        known = pa.array(list(aliases.values()), pa.string()).take(places.combine_chunks())
        theirs = theirs.set_column(
            theirs.schema.get_field_index("customer_id"), "customer_id", pc.coalesce(known, sent)
        )
    return Sides(
        their_times=_ints(theirs, "started_at"),
        our_times=_ints(ours, "started_at"),
        our_ends=_ints(ours, "ended_at"),
        columns={name: _codes(theirs[name], ours[name]) for name in (*ID_COLUMNS, *PLACE_COLUMNS)},
    )


def latest_before(points: Points, others: Points) -> Ints:
    """For each point in order, the row of the latest other of its group at its time or before; `NONE` without one."""
    groups = np.concatenate([others.groups, points.groups])
    times = np.concatenate([others.times, points.times])
    rows = np.concatenate([others.rows, points.rows])
    is_point = np.repeat(np.array([0, 1]), [len(others.rows), len(points.rows)])
    order = np.lexsort((rows, is_point, times, groups))
    places = np.where(is_point[order] == 0, np.arange(len(order)), NONE)
    latest = np.maximum.accumulate(places) if len(places) else places
    known = order[np.maximum(latest, 0)]
    found = np.where((latest >= 0) & (groups[known] == groups[order]), rows[known], NONE)
    by_point = np.full(len(order), NONE)
    by_point[order] = found
    return by_point[len(others.rows) :]


def _groups(codes: Sequence[Ints], which: Ints) -> Ints:
    groups = np.zeros(len(which), np.int64)
    for column in codes:
        # Both sides number the same values alike, and a list has at most some millions of them.
        groups = (groups << 24) ^ (column[which] + 1) if len(codes) > 1 else column[which]
    return groups


def _ints(table: pa.Table, name: str) -> Ints:
    return np.asarray(table[name].to_numpy(), np.int64)


def _codes(theirs: pa.ChunkedArray, ours: pa.ChunkedArray) -> Codes:
    both = pa.chunked_array([*theirs.chunks, *ours.chunks], pa.string()).combine_chunks().dictionary_encode()
    codes = both.indices.fill_null(NONE).to_numpy().astype(np.int64)
    their_codes, our_codes = codes[: len(theirs)], codes[len(theirs) :]
    in_theirs, in_ours = (_members(each, size=len(both.dictionary)) for each in (their_codes, our_codes))
    is_filled = their_codes != NONE
    is_their_known = in_ours[their_codes] & is_filled
    known_count, filled_count = int(is_their_known.sum()), int(is_filled.sum())
    return Codes(
        theirs=their_codes,
        ours=our_codes,
        is_comparable=filled_count > 0 and known_count >= _KNOWN_SHARE_MIN * filled_count,
        is_their_known=is_their_known,
        is_our_known=in_theirs[our_codes] & (our_codes != NONE),
    )


def _members(codes: Ints, *, size: int) -> Flags:
    # One more place, so that NONE is an index.
    members = np.zeros(size + 1, np.bool_)
    members[codes] = True
    return members
