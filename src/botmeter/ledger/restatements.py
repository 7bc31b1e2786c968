"""Numbers that had been shown and are others now: what, when, before, after, because of what."""

from contextlib import closing
from dataclasses import dataclass
from datetime import date

from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """One UTC day whose sessions changed after it had been over.

    Attributes:
        append_no: The submission that did it; 0: a change of policy; below: minus the number of a change to customers.
        label: What people call that submission; empty for a change of policy; what was done to customers.
        recorded_at: When, µs UTC.
        day: Which day's sessions.
        before_count: Sessions before.
        after_count: Sessions after.
        removed: Ids of sessions that are no more, at most 100.
        added: Ids of sessions that are new, at most 100.
        because: Ids of the events that did it, at most 100.
        because_count: How many events there were.
    """

    append_no: int
    label: str
    recorded_at: int
    day: date
    before_count: int
    after_count: int
    removed: tuple[str, ...]
    added: tuple[str, ...]
    because: tuple[str, ...]
    because_count: int


def restatements(ledger: ReadableLedger, *, session_id: str | None = None) -> list[Restatement]:
    """Every restatement, or those that removed or added the session, in the order in which they were recorded."""
    # A cursor, since others may be reading the same ledger.
    with closing(ledger.connection.cursor()) as connection:
        rows = connection.execute(sql("restatements"), {"session": session_id}).fetchall()
    return [
        Restatement(
            append_no=row[0],
            label=row[1],
            recorded_at=row[2],
            day=row[3],
            before_count=row[4],
            after_count=row[5],
            removed=tuple(row[6]),
            added=tuple(row[7]),
            because=tuple(row[8]),
            because_count=row[9],
        )
        for row in rows
    ]
