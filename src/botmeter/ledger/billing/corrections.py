"""Corrections: sessions that people took off the bill. They stay in all counts of sessions.

A correction names the session's opening event. It applies to the session that has that event, whose id may change when
an earlier event comes late.
"""

from dataclasses import dataclass
from enum import StrEnum

import duckdb

from botmeter.domain.errors import Conflict, Missing
from botmeter.domain.instant import text_from_us
from botmeter.domain.reason import checked_reason
from botmeter.ledger.duckdb_calls import records_of, row_of
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


class CorrectionKind(StrEnum):
    """Reason why a session is not charged."""

    VOID = "void"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionToCorrect:
    """Session by its opening event's key and its span then (µs UTC)."""

    opening_key: int
    started_at: int
    ended_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCorrection:
    """Correction, or the undoing of the one that it `undoes`; instants in µs UTC."""

    number: int
    kind: CorrectionKind
    opening_key: int
    started_at: int
    ended_at: int
    reason: str
    recorded_at: int
    set_by: str | None
    undoes: int | None


def corrections(ledger: ReadableLedger, *, with_undone: bool = False) -> list[StoredCorrection]:
    """Corrections in force, or also undone ones and their undoing, in order of recording."""
    return corrections_in(ledger.connection, with_undone=with_undone)


def last_correction_no(ledger: ReadableLedger) -> int:
    """Number of the last correction or undoing; 0: none."""
    return int(row_of(ledger.connection, sql("last_correction_no"))[0])


def session_to_correct(ledger: ReadableLedger, session_id: str) -> SessionToCorrect:
    """Find a session by its id.

    Raises:
        Missing: `session_unknown`.
    """
    rows = ledger.connection.execute(sql("session_of_id"), {"session_id": session_id}).fetchall()
    if not rows:
        raise Missing("session_unknown", f"Account {ledger.account.name} has no session {session_id[:60]!r}.")
    opening_key, started_at, ended_at = rows[0]
    return SessionToCorrect(opening_key=opening_key, started_at=started_at, ended_at=ended_at)


def correct_session(
    ledger: Ledger,
    session_id: str,
    *,
    kind: CorrectionKind,
    reason: str,
    now_us: int,
    by: str | None = None,
) -> int:
    """Take a session off the bill; return the correction's number.

    Raises:
        Missing: `session_unknown`.
        Conflict: `session_corrected` if a correction of it is in force.
        Refused: `reason_invalid`.
    """
    checked = checked_reason(reason)
    with ledger.facts_transaction() as connection:
        session = session_to_correct(ledger, session_id)
        for each in corrections_in(connection):
            if each.opening_key == session.opening_key:
                raise Conflict(
                    "session_corrected",
                    f"Correction {each.number} already marks the session of {text_from_us(session.started_at)} as "
                    f"{each.kind}. Undo it first.",
                )
        values = [str(kind), session.opening_key, session.started_at, session.ended_at, checked, now_us, by, None]
        return int(row_of(connection, sql("insert_correction"), values=values)[0])


def undo_correction(ledger: Ledger, number: int, *, reason: str, now_us: int, by: str | None = None) -> int:
    """Undo a correction; return the undoing's number.

    Raises:
        Missing: `correction_unknown`.
        Conflict: `correction_undone`.
        Refused: `reason_invalid`.
    """
    checked = checked_reason(reason)
    with ledger.facts_transaction() as connection:
        recorded = corrections_in(connection, with_undone=True)
        undone = next((each for each in recorded if each.number == number and each.undoes is None), None)
        if undone is None:
            raise Missing("correction_unknown", f"Account {ledger.account.name} has no correction {number}.")
        if any(each.undoes == number for each in recorded):
            raise Conflict("correction_undone", f"Correction {number} is undone already.")
        values = [str(undone.kind), undone.opening_key, undone.started_at, undone.ended_at]
        return int(row_of(connection, sql("insert_correction"), values=[*values, checked, now_us, by, number])[0])


def corrections_in(connection: duckdb.DuckDBPyConnection, *, with_undone: bool = False) -> list[StoredCorrection]:
    """Return `corrections` as a transaction sees them."""
    rows = connection.execute(sql("corrections"), {"with_undone": with_undone}).fetchall()
    return records_of(StoredCorrection, rows)
