"""What becomes of live events that came together: each is taken, known, refused, or withdrawn with its dispatch.

What the ledger has stands before what came along, and of that what stands first. A dispatch that is all or none and
can't be taken as a whole is as good as never sent: it makes no later copy a duplicate.
"""

from enum import IntEnum
from itertools import groupby
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.ledger.duplicates import Ints, Repeats, known_copies, repeats
from botmeter.ledger.known_keys import Keys, Mask
from botmeter.ledger.ledger import Ledger


class Outcome(IntEnum):
    """What became of one event."""

    TAKEN = 0
    DUPLICATE = 1
    CONFLICT = 2
    REFUSED = 3
    WITHDRAWN = 4


class Dispatched(NamedTuple):
    """Which dispatch each event is of, by number from 0, and which of the dispatches are all or none.

    `withdrawn` are those that can't be taken already, for what was refused of them.
    """

    number: Ints
    is_atomic: Mask
    withdrawn: Mask


class Outcomes(NamedTuple):
    """The fate of each event, and which dispatches were withdrawn."""

    of_event: npt.NDArray[np.int8]
    withdrawn: Mask

    @property
    def taken(self) -> Mask:
        return self.of_event == Outcome.TAKEN


def outcomes_of(ledger: Ledger, events: pa.Table, *, refused: Mask, dispatched: Dispatched) -> Outcomes:
    """The fate of each event.

    Args:
        ledger: In a transaction.
        events: As `arrived` gives them, with their keys, rows numbered from 0 and in the order of their dispatches.
        refused: Those that the account's own rules refuse.
        dispatched: What they came in.
    """
    found = Outcomes(np.where(refused, Outcome.REFUSED, Outcome.TAKEN).astype(np.int8), dispatched.withdrawn.copy())
    keys: Keys = events["event_key"].to_numpy()
    suspects = ledger.known_keys().suspects(keys)
    if suspects.known.any():
        known = known_copies(ledger, events.filter(pa.array(suspects.known & found.taken)))
        found.of_event[known.rows] = np.where(known.same, Outcome.DUPLICATE, Outcome.CONFLICT)
        clashing = dispatched.number[known.rows[~known.same]]
        found.withdrawn[clashing[dispatched.is_atomic[clashing]]] = True
    if suspects.repeated.any():
        repeated = repeats(ledger, events.filter(pa.array(suspects.repeated & found.taken)))
        _judge_repeats(repeated, dispatched=dispatched, found=found)
    found.of_event[found.taken & found.withdrawn[dispatched.number]] = Outcome.WITHDRAWN
    return found


def _judge_repeats(repeated: Repeats, *, dispatched: Dispatched, found: Outcomes) -> None:
    """Decides dispatch by dispatch, as whether one is withdrawn depends on those before it alone."""
    standing: dict[int, int] = {}
    numbers = dispatched.number[repeated.rows].tolist()
    rows = zip(numbers, *(column.tolist() for column in repeated), strict=True)
    for number, of_dispatch in groupby(rows, key=lambda row: row[0]):
        own: dict[int, int] = {}
        for _, row, id_no, content_no in of_dispatch:
            first = standing.get(id_no, own.get(id_no))
            if first is None:
                own[id_no] = content_no
            elif first == content_no:
                found.of_event[row] = Outcome.DUPLICATE
            else:
                found.of_event[row] = Outcome.CONFLICT
                found.withdrawn[number] |= dispatched.is_atomic[number]
        if not found.withdrawn[number]:
            standing |= own
