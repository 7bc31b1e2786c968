"""Restatements: numbers that changed after they had been shown."""

from contextlib import closing
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.rows import records_of
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


class Cause(IntEnum):
    """Cause of a restatement, stored as a number that never changes."""

    APPEND = 0
    POLICY_CHANGE = 1
    CUSTOMER_CHANGE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDays:
    """Days shown before `before_us`, and the cause of their restatement."""

    cause: Cause
    cause_no: int = 0
    now_us: int
    before_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """A UTC day whose sessions changed after it was over.

    Attributes:
        cause_no: First append of the commit, or number of the customer change; else 0.
        label: Of the append, or a description of the customer change; empty for a policy.
        recorded_at: µs UTC.
        removed: Session ids, at most 100.
        added: Session ids, at most 100.
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
        """Cause as one number in exports: an append, 0 for a policy, minus a customer change."""
        return -self.cause_no if self.cause is Cause.CUSTOMER_CHANGE else self.cause_no


def restatements(ledger: ReadableLedger, *, session_id: str | None = None) -> list[Restatement]:
    """Return restatements as recorded."""
    # A cursor, since others may be reading the same ledger.
    with closing(ledger.connection.cursor()) as connection:
        rows = connection.execute(sql("restatements"), {"session": session_id}).fetchall()
    return records_of(Restatement, rows)
