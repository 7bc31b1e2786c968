"""Stored events with a batch's identities, for the admission rule."""

import pyarrow as pa
import pyarrow.compute as pc

from botmeter.ledger.known_keys import Mask
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.rows import execute_with, table_from
from botmeter.ledger.statements import statements_of
from botmeter.ledger.tables import NEVER

sql = statements_of(__name__)


def stored_events(ledger: Ledger, events: pa.Table, *, is_known: Mask) -> pa.Table | None:
    """Return the stored events with known keys of `event_rows`, as `stored` of `admission`. In a transaction."""
    if not is_known.any():
        return None
    rows = pa.array(is_known.nonzero()[0])
    searched = events.select(["event_key", "source", "event_id", "occurred_at"]).take(rows)
    values = {"places": _places(ledger, searched)}
    return table_from(
        ledger.connection, sql("stored_events"), input_rows=searched.append_column("row", rows), values=values
    )


def _places(ledger: Ledger, searched: pa.Table) -> list[int]:
    """Search from the original's instant, which a duplicate shares; search everywhere only for missing keys."""
    keys = searched.select(["event_key"])
    wanted = pc.count_distinct(searched["event_key"]).as_py()
    bounds = pc.min_max(searched["occurred_at"]).as_py()
    near, whole = {"first": bounds["min"], "last": bounds["max"]}, {"first": -NEVER, "last": NEVER}
    found = execute_with(ledger.connection, sql("known_places"), input_rows=keys, values=near).fetchall()
    if len({key for _, key in found}) < wanted:
        found = execute_with(ledger.connection, sql("known_places"), input_rows=keys, values=whole).fetchall()
    return [place for place, _ in found if place is not None]
