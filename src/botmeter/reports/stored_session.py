"""Sessions as they are stored: one by its id, or those of a period."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

import pyarrow as pa

from botmeter.domain.errors import Missing
from botmeter.ledger.lake_account import served_record
from botmeter.ledger.statements import statements_of
from botmeter.reports.snapshot import Snapshot

sql = statements_of(__name__)

# Scope columns, bot and channel are those of the opening event; instants are µs UTC, `ended_at` far away while no limit
# ends the session. By started_at, session_id.
OWN_SCHEMA: Final = pa.schema(
    [
        pa.field("session_id", pa.string()),
        pa.field("started_at", pa.int64()),
        pa.field("ended_at", pa.int64()),
        pa.field("customer_id", pa.string()),
        pa.field("conversation_id", pa.string()),
        pa.field("bot_id", pa.string()),
        pa.field("channel", pa.string()),
        pa.field("preview", pa.bool_()),
    ]
)


class StoredSession(NamedTuple):
    """Session's start in µs UTC, and what its scope key is made of."""

    session_id: str
    started_us: int
    customer_id: str
    conversation_id: str
    opening_touchpoint: int


def stored_session(snapshot: Snapshot, session_id: str, *, account: str) -> StoredSession:
    """Find a session.

    Raises:
        Missing: `session_unknown`.
    """
    checked_id = uuid_text(session_id)
    is_in_lake = served_record(snapshot.connection) is not None
    statement = sql("session_of_text" if is_in_lake else "session_of_id")
    rows = [] if checked_id is None else snapshot.rows(statement, {"session_id": checked_id})
    if not rows:
        raise Missing("session_unknown", f"Account {account} has no session {session_id[:60]!r}.")
    return StoredSession(*rows[0])


def sessions_between(
    snapshot: Snapshot, *, start_us: int, end_us: int, policy: str | None = None
) -> pa.RecordBatchReader:
    """Stream the sessions that started in [start, end), as `OWN_SCHEMA`.

    Args:
        policy: Label of a plan's policy; None: the account's own.
    """
    sessions = "session" if policy is None else f"({sql('plan_sessions')})"
    values = {"start_us": start_us, "end_us": end_us, "policy": policy}
    read = snapshot.batches(sql("sessions_between", sessions=sessions), values)
    return pa.RecordBatchReader.from_batches(OWN_SCHEMA, (batch.cast(OWN_SCHEMA) for batch in read))


def receipt_times(snapshot: Snapshot, session_ids: Sequence[str], *, start_us: int, end_us: int) -> dict[str, int]:
    """Receipt times (µs UTC) of the opening events of sessions that started in [start, end)."""
    bound = {"session_ids": list(session_ids), "start_us": start_us, "end_us": end_us}
    return dict(snapshot.rows(sql("receipt_times"), bound))


def uuid_text(text: str) -> str | None:
    """UUID in its usual form; None for other text."""
    try:
        return str(UUID(text))
    except ValueError:
        return None
