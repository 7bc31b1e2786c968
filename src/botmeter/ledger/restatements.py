"""Restatements: numbers that changed after they had been shown."""

from contextlib import closing
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from botmeter.ledger.duckdb_calls import records_of
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.partitions import SharedKey
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

NO_APPEND = 2**31 - 1
"""An append number that no event reaches."""


class Cause(IntEnum):
    """Cause of a restatement, stored as a number that never changes."""

    APPEND = 0
    POLICY_CHANGE = 1
    CUSTOMER_CHANGE = 2
    IMPORT_UNDONE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDays:
    """Days that ended before `before_us`, and the cause of their restatement."""

    cause: Cause
    cause_no: int = 0
    now_us: int
    before_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """UTC day whose sessions changed after it was over.

    Attributes:
        cause_no: First append of the commit, append of the undone import, or number of the customer change; else 0.
        label: Of the append, or a description of the change; empty for a policy.
        recorded_at: µs UTC.
        removed, added: Session ids, at most 100.
        because: Ids of causing events, at most 100.
    """

    cause: Cause
    cause_no: int
    label: str
    recorded_at: int
    day: date
    before_count: int
    after_count: int
    removed: tuple[str, ...]
    added: tuple[str, ...]
    because: tuple[str, ...]
    because_count: int

    @property
    def append_no(self) -> int:
        """Cause in exports: an append or undone import, 0 for a policy, minus a customer change."""
        return -self.cause_no if self.cause is Cause.CUSTOMER_CHANGE else self.cause_no


def restatements(ledger: ReadableLedger, *, session_id: str | None = None) -> list[Restatement]:
    """Return restatements as recorded."""
    # A cursor, since others may be reading the same ledger.
    with closing(ledger.connection.cursor()) as connection:
        rows = connection.execute(sql("restatements"), {"session": session_id}).fetchall()
    return records_of(Restatement, rows)


def restated_days(ledger: ReadableLedger) -> list[Restatement]:
    """Restatements that changed a day's number of sessions, not only the sessions themselves."""
    return [each for each in restatements(ledger) if each.before_count != each.after_count]


def insert_restatements(ledger: Ledger, key: SharedKey, *, new_session: str, past_days: PastDays) -> None:
    """Record past days whose sessions changed; `new_session` is the table of the present ones."""
    ledger.connection.execute(
        sql("insert_restatements", **key.fragments, new_session=key.fragments[new_session]),
        {
            "cause": int(past_days.cause),
            "cause_no": past_days.cause_no,
            # Other causes append nothing, so they have no events as a cause.
            "first_append_no": past_days.cause_no if past_days.cause is Cause.APPEND else NO_APPEND,
            "now": past_days.now_us,
            "shown_before": past_days.before_us,
        },
    )
