"""Likely reasons of differences; the first that applies stands."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from botmeter.billing.reconcile.differences import Reason
from botmeter.billing.reconcile.kinds import Kinds
from botmeter.billing.reconcile.pairing import Ints, Points, paired
from botmeter.billing.reconcile.result import Terms
from botmeter.billing.reconcile.sides import ID_COLUMNS, NONE, PLACE_COLUMNS, Flags, Sides, latest_before
from botmeter.domain.instant import DAY_US

REASONS: Final = tuple(Reason)
_UNSET: Final = len(REASONS) - 1
_LATE_US: Final = DAY_US // 24
"""Events are received within seconds; a vendor that counts late ones counts them when they come."""
Numbers = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Rows, sessions and facts from which reasons are derived.

    Attributes:
        receipts: µs at which differing sessions were received; None: not compared.
    """

    kinds: Kinds
    terms: Terms
    shift_us: int
    amounts: Ints
    previews: Flags
    corrected: Flags
    receipts: Ints | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Numbers in `REASONS`, and the row of the other side that a reason refers to."""

    reasons: Numbers
    related: Ints


def reasons_of_theirs(context: Context) -> Explained:
    """Reasons of rows that are only theirs; related are our sessions."""
    kinds, sides, rows = context.kinds, context.kinds.sides, context.kinds.only_theirs
    finder = _Finder(len(rows))
    finder.mark(Reason.DUPLICATE, _is_repeated(context))
    is_shifted, sessions = _shifted(context)[0]
    finder.mark(Reason.ZONE, is_shifted, related=sessions)
    finder.mark(Reason.PERIOD, kinds.partners[rows] != NONE, related=kinds.partners[rows])
    around = _our_session_around(sides, rows)
    conversations = sides.columns["conversation_id"]
    is_other = (around != NONE) & (conversations.theirs[rows] != NONE) & conversations.is_comparable
    is_other[is_other] = conversations.theirs[rows[is_other]] != conversations.ours[around[is_other]]
    finder.mark(Reason.SCOPE, is_other, related=around)
    finder.mark(Reason.WINDOW, around != NONE, related=around)
    finder.mark(Reason.PERIOD, ~context.terms.includes(sides.their_times[rows]))
    for name in PLACE_COLUMNS:
        column = sides.columns[name]
        finder.mark(Reason.SCOPE, column.is_comparable & (column.theirs[rows] != NONE) & ~column.is_their_known[rows])
    return finder.explained()


def reasons_of_ours(context: Context) -> Explained:
    """Reasons of sessions that are only ours; related are their rows."""
    sides, rows = context.kinds.sides, context.kinds.only_ours
    finder = _Finder(len(rows))
    is_shifted, their_rows = _shifted(context)[1]
    finder.mark(Reason.ZONE, is_shifted, related=their_rows)
    finder.mark(Reason.CORRECTED, context.corrected[rows])
    finder.mark(Reason.PREVIEW, context.previews[rows])
    if context.receipts is not None:
        finder.mark(Reason.LATE, context.receipts[rows] >= context.terms.end_us)
    around = _their_row_around(sides, rows)
    finder.mark(Reason.WINDOW, around != NONE, related=around)
    for name in PLACE_COLUMNS:
        column = sides.columns[name]
        is_listed = column.is_comparable and bool((column.theirs != NONE).all())
        finder.mark(Reason.SCOPE, is_listed & (column.ours[rows] != NONE) & ~column.is_our_known[rows])
    return finder.explained()


def reasons_of_other_days(context: Context) -> Numbers:
    """Reasons of sessions on another day."""
    kinds, sides, rows = context.kinds, context.kinds.sides, context.kinds.other_day
    sessions = kinds.partners[rows]
    theirs, ours = sides.their_times[rows], sides.our_times[sessions]
    finder = _Finder(len(rows))
    if context.shift_us:
        finder.mark(Reason.ZONE, np.abs(theirs - ours - context.shift_us) <= context.terms.tolerance_us)
    if context.receipts is not None:
        received = context.receipts[sessions]
        finder.mark(Reason.LATE, (received - ours >= _LATE_US) & (np.abs(theirs - received) < _LATE_US))
    finder.mark(Reason.WINDOW, (theirs >= ours) & (theirs < sides.our_ends[sessions]))
    finder.mark(Reason.WINDOW, (ours > theirs) & (ours - theirs < DAY_US))
    return finder.explained().reasons


class _Finder:
    def __init__(self, count: int) -> None:
        self._reasons: Numbers = np.full(count, _UNSET, np.uint8)
        self._related: Ints = np.full(count, NONE)

    def mark(self, reason: Reason, where: Flags, *, related: Ints | None = None) -> None:
        chosen = where & (self._reasons == _UNSET)
        self._reasons[chosen] = REASONS.index(reason)
        if related is not None:
            self._related[chosen] = related[chosen]

    def explained(self) -> Explained:
        return Explained(reasons=self._reasons, related=self._related)


def _is_repeated(context: Context) -> Flags:
    """Flags of rows with ids that repeat another row; the one with a session, or else the first, repeats none."""
    kinds, sides, rows = context.kinds, context.kinds.sides, context.kinds.only_theirs
    near = np.flatnonzero(np.isin(sides.their_times, sides.their_times[rows]))
    keys = [context.amounts[near], *(column.theirs[near] for column in sides.columns.values()), sides.their_times[near]]
    # Rows with a session come first, so that of equal rows it is the others that repeat it.
    order = np.lexsort((near, kinds.partners[near] == NONE, *keys))
    is_repeated = np.zeros(len(order), np.bool_)
    is_repeated[1:] = np.logical_and.reduce([key[order][1:] == key[order][:-1] for key in keys])
    repeated = np.zeros(len(sides.their_times), np.bool_)
    repeated[near[order[is_repeated]]] = True
    has_id = np.logical_or.reduce([sides.columns[name].theirs[rows] != NONE for name in ID_COLUMNS])
    return repeated[rows] & has_id


def _shifted(context: Context) -> tuple[tuple[Flags, Ints], tuple[Flags, Ints]]:
    theirs, ours = context.kinds.only_theirs, context.kinds.only_ours
    partners, sessions = np.full(len(theirs), NONE), np.full(len(ours), NONE)
    if context.shift_us:
        one = context.kinds.sides.their_points(theirs)
        moved = Points(rows=np.arange(len(theirs)), groups=one.groups, times=one.times - context.shift_us)
        other = context.kinds.sides.our_points(ours)
        against = Points(rows=np.arange(len(ours)), groups=other.groups, times=other.times)
        their_places, our_places = paired(moved, against, reach_us=context.terms.tolerance_us)
        partners[their_places] = ours[our_places]
        sessions[our_places] = theirs[their_places]
    return (partners != NONE, partners), (sessions != NONE, sessions)


def _our_session_around(sides: Sides, rows: Ints) -> Ints:
    if not len(sides.our_times):
        return np.full(len(rows), NONE)
    everything = np.arange(len(sides.our_times))
    for name in sides.comparable_ids:
        latest = latest_before(sides.their_points(rows, by=(name,)), sides.our_points(everything, by=(name,)))
        is_known = sides.columns[name].is_their_known[rows]
        runs = is_known & (latest != NONE) & (sides.their_times[rows] < sides.our_ends[latest])
        return np.where(runs, latest, NONE)
    return np.full(len(rows), NONE)


def _their_row_around(sides: Sides, rows: Ints) -> Ints:
    if not len(sides.their_times):
        return np.full(len(rows), NONE)
    everything = np.arange(len(sides.their_times))
    for name in sides.comparable_ids:
        latest = latest_before(sides.our_points(rows, by=(name,)), sides.their_points(everything, by=(name,)))
        is_known = sides.columns[name].is_our_known[rows]
        runs = is_known & (latest != NONE) & (sides.our_times[rows] - sides.their_times[latest] < DAY_US)
        return np.where(runs, latest, NONE)
    return np.full(len(rows), NONE)
