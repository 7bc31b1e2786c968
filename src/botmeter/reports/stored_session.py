"""A session by its id."""

from typing import NamedTuple
from uuid import UUID

from botmeter.domain.errors import Missing
from botmeter.ledger.statements import statements_of
from botmeter.reports.snapshot import Snapshot

sql = statements_of(__name__)


class StoredSession(NamedTuple):
    """A session's start in µs UTC, and what its scope key is made of."""

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
    rows = [] if checked_id is None else snapshot.rows(sql("session_of_id"), {"session_id": checked_id})
    if not rows:
        raise Missing("session_unknown", f"Account {account} has no session {session_id[:60]!r}.")
    return StoredSession(*rows[0])


def uuid_text(text: str) -> str | None:
    """Return a UUID in its usual form; None for other text."""
    try:
        return str(UUID(text))
    except ValueError:
        return None
