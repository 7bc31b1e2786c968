"""Which events of a source a ledger has already, for whoever could bring them again."""

from collections.abc import Sequence

import pyarrow as pa

from botmeter.ledger.event_rows import event_keys
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.rows import rows_given
from botmeter.ledger.statements import statements_of
from botmeter.metering.columns import repeated_text

sql = statements_of(__name__)

CONVERSATIONS_MAX = 20_000
"""More than can be asked for in a day."""


def known_instants(ledger: ReadableLedger, source: str, *, event_ids: Sequence[str]) -> dict[str, int]:
    """Those of the events that the ledger has, by id, with the µs UTC at which each occurred; erased ones too.

    Args:
        ledger: Open for writing, so that nobody adds to it before what is missing is appended.
        source: Of all of them.
        event_ids: In any order; the same one may stand there twice.
    """
    wanted = sorted(set(event_ids))
    if not wanted:
        return {}
    ids = pa.table({"source": repeated_text(source, len(wanted)), "event_id": pa.array(wanted, pa.string())})
    keyed = ids.select(["event_id"]).append_column("event_key", event_keys(ledger, ids))
    return dict(rows_given(ledger.connection, sql("known_instants"), given=keyed, values={"source": source}))


def active_conversations(ledger: ReadableLedger, source: str, *, first_us: int) -> list[tuple[str, int]]:
    """The source's conversations with an event at `first_us` (µs UTC) or later, each with the instant of its latest.

    The latest come first; past `CONVERSATIONS_MAX` the others are left out.
    """
    values = {"source": source, "first_us": first_us, "limit": CONVERSATIONS_MAX}
    return ledger.connection.execute(sql("active_conversations"), values).fetchall()
