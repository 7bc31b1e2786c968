"""Rows and sessions by kind."""

from dataclasses import dataclass

import numpy as np

from botmeter.billing.reconcile.pairing import Ints
from botmeter.billing.reconcile.result import Terms
from botmeter.billing.reconcile.sides import NONE, Flags, Sides


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """Indexes of rows and sessions by kind.

    Attributes:
        only_theirs: Their rows, as `other_day` and `same`; `only_ours` has sessions.
        moved_count: Of the same ones, those further apart than the tolerance.
    """

    sides: Sides
    partners: Ints
    only_theirs: Ints
    only_ours: Ints
    other_day: Ints
    same: Ints
    moved_count: int
    is_our_period: Flags


def kinds_of(sides: Sides, partners: Ints, *, terms: Terms) -> Kinds:
    """Sort out rows and sessions."""
    is_our_period = terms.includes(sides.our_times)
    is_free = np.ones(len(sides.our_times), np.bool_)
    is_free[partners[partners != NONE]] = False
    rows = np.flatnonzero(partners != NONE)
    sessions = partners[rows]
    theirs, ours = sides.their_times[rows], sides.our_times[sessions]
    is_near = np.abs(theirs - ours) <= terms.tolerance_us
    is_theirs_inside, is_ours_inside = terms.includes(theirs), is_our_period[sessions]
    # A second around midnight is no difference, unless it is the midnight between two bills.
    is_other_day = (is_theirs_inside != is_ours_inside) | (~is_near & (terms.days(theirs) != terms.days(ours)))
    is_outside = ~is_theirs_inside & ~is_ours_inside
    is_same = ~is_other_day & ~is_outside
    return Kinds(
        sides=sides,
        partners=partners,
        only_theirs=np.sort(np.concatenate([np.flatnonzero(partners == NONE), rows[is_outside]])),
        only_ours=np.flatnonzero(is_free & is_our_period),
        other_day=rows[is_other_day & ~is_outside],
        same=rows[is_same],
        moved_count=int((is_same & ~is_near).sum()),
        is_our_period=is_our_period,
    )
