"""Events sent again: found by their keys, compared in full, and told apart as duplicates and conflicts."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.ledger.known_keys import Mask
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.rows import rows_given, table_given
from botmeter.ledger.statements import statements_of
from botmeter.ledger.tables import NEVER

sql = statements_of(__name__)

Ints = npt.NDArray[np.int64]


class Copies(NamedTuple):
    """Rows of events that are not new, ascending, and whether nothing in them is."""

    rows: Ints
    same: Mask


class Repeats(NamedTuple):
    """Rows whose ids stand in several of them, ascending, with numbers: equal where the ids are, and the contents."""

    rows: Ints
    id_no: Ints
    content_no: Ints

    def after_the_first(self) -> Copies:
        """All but the first row of each id."""
        _, first, place = np.unique(self.id_no, return_index=True, return_inverse=True)
        same = self.content_no == self.content_no[first][place]
        later = first[place] != np.arange(len(self.rows))
        return Copies(self.rows[later], same[later])


def known_copies(ledger: Ledger, suspects: pa.Table) -> Copies:
    """Those of the suspects that the ledger has.

    Args:
        ledger: In a transaction.
        suspects: Events whose key is known: row, event_key, source, then the columns of event.
    """
    if len(suspects) == 0:
        return Copies(np.empty(0, np.int64), np.empty(0, np.bool_))
    values = {"places": _places(ledger, suspects)}
    found = table_given(ledger.connection, sql("known"), given=suspects, values=values)
    return Copies(found["row"].to_numpy(), found["same"].to_numpy())


def repeats(ledger: Ledger, suspects: pa.Table) -> Repeats:
    """Those of the suspects whose ids stand in several of them; the same columns as for `known_copies`."""
    if len(suspects) == 0:
        return Repeats(*(np.empty(0, np.int64) for _ in Repeats._fields))
    found = table_given(ledger.connection, sql("repeated"), given=suspects)
    return Repeats(*(found[name].to_numpy() for name in ("row", "id_no", "content_no")))


def _places(ledger: Ledger, suspects: pa.Table) -> list[int]:
    """Where in the table `event` the keys of the suspects stand, but for those that are in `arrival` still.

    A copy occurred when the first one did, so the ledger is looked through at the time of the
    suspects first, and as a whole only where that does not find each of the keys.
    """
    keys = suspects.select(["event_key"])
    wanted = pc.count_distinct(suspects["event_key"]).as_py()
    bounds = pc.min_max(suspects["occurred_at"]).as_py()
    near, whole = {"first": bounds["min"], "last": bounds["max"]}, {"first": -NEVER, "last": NEVER}
    found = rows_given(ledger.connection, sql("known_places"), given=keys, values=near)
    if len({key for _, key in found}) < wanted:
        found = rows_given(ledger.connection, sql("known_places"), given=keys, values=whole)
    return [place for place, _ in found if place is not None]
