"""Assignment of our sessions to their rows: by ids where they agree, else by time."""

from typing import Final

import numpy as np

from botmeter.billing.reconcile.pairing import Ints, paired
from botmeter.billing.reconcile.sides import ID_COLUMNS, NONE, PLACE_COLUMNS, Flags, Sides
from botmeter.domain.instant import DAY_US

ID_REACH_US: Final = 2 * DAY_US
"""From the first minute of a day to the last of the next: a session with the same ids on another day."""


def assigned(sides: Sides, *, tolerance_us: int) -> Ints:
    """Index of our session for each of their rows; `NONE` without one."""
    assignment = _Assignment(sides)
    customer, conversation = (sides.columns[name] for name in ID_COLUMNS)
    has_customer = (customer.theirs != NONE) & customer.is_comparable
    has_conversation = (conversation.theirs != NONE) & conversation.is_comparable
    for reach_us in (tolerance_us, ID_REACH_US):
        assignment.add(ID_COLUMNS, reach_us, where=has_customer & has_conversation)
        # Another conversation at the same time is the same session; hours apart it is not.
        is_customer_enough = has_customer if reach_us == tolerance_us else has_customer & ~has_conversation
        assignment.add(("customer_id",), reach_us, where=is_customer_enough)
        assignment.add(("conversation_id",), reach_us, where=has_conversation & ~has_customer)
    places = tuple(name for name in PLACE_COLUMNS if sides.columns[name].is_comparable)
    for by in dict.fromkeys((places, ())):
        assignment.add(by, tolerance_us, where=~has_customer & ~has_conversation)
    return assignment.partners


class _Assignment:
    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self.partners: Ints = np.full(len(sides.their_times), NONE)
        self._is_ours_free: Flags = np.ones(len(sides.our_times), np.bool_)

    def add(self, by: tuple[str, ...], reach_us: int, *, where: Flags) -> None:
        columns = [self._sides.columns[name] for name in by]
        theirs, ours = where & (self.partners == NONE), self._is_ours_free.copy()
        for column in columns:
            theirs &= column.is_their_known
            ours &= column.is_our_known
        if not (theirs.any() and ours.any()):
            return
        their_rows, our_rows = paired(
            self._sides.their_points(np.flatnonzero(theirs), by=by),
            self._sides.our_points(np.flatnonzero(ours), by=by),
            reach_us=reach_us,
        )
        self.partners[their_rows] = our_rows
        self._is_ours_free[our_rows] = False
