"""Known events and active conversations of a source, for pulls."""

from collections.abc import Sequence

import pyarrow as pa

from botmeter.ledger.event_rows import event_keys
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.rows import execute_with
from botmeter.ledger.statements import statements_of
from botmeter.metering.columns import repeated_text

sql = statements_of(__name__)

CONVERSATIONS_MAX = 20_000
"""A day of pulls can't request more."""


def known_instants(ledger: ReadableLedger, source: str, *, event_ids: Sequence[str]) -> dict[str, int]:
    """Return the instants (µs UTC) of known events, erased ones included, by id.

    Open for writing, so that nobody else appends.
    """
    wanted = sorted(set(event_ids))
    if not wanted:
        return {}
    ids = pa.table({"source": repeated_text(source, len(wanted)), "event_id": pa.array(wanted, pa.string())})
    keyed = ids.select(["event_id"]).append_column("event_key", event_keys(ledger, ids))
    return dict(
        execute_with(ledger.connection, sql("known_instants"), input_rows=keyed, values={"source": source}).fetchall()
    )


def active_conversations(ledger: ReadableLedger, source: str, *, first_us: int) -> list[tuple[str, int]]:
    """Return a source's conversations since `first_us` with their latest instants.

    The latest come first, at most `CONVERSATIONS_MAX`.
    """
    values = {"source": source, "first_us": first_us, "limit": CONVERSATIONS_MAX}
    return ledger.connection.execute(sql("active_conversations"), values).fetchall()
