"""Bills go on naming their sessions when a later DuckDB hashes the ids of events differently."""

from typing import Any

import pytest
from tests.support.ledgers import NOW_US, append_events, event

from botmeter.ledger.billing.corrections import (
    CorrectionKind,
    correct_session,
    corrections,
    session_to_correct,
    undo_correction,
)
from botmeter.ledger.erase import erase
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.tables import migrate, set_meta
from botmeter.ledger.verify import verify
from botmeter.reports.billed_sessions import billed_sessions, corrections_without_session

SEED = 0x5BD1E995
OF_ANOTHER_HASH = (
    "UPDATE event SET event_key = xor(event_key, $seed::UBIGINT) WHERE NOT starts_with(event_id, 'erased:')",
    "UPDATE correction SET opening_key = xor(opening_key, $seed::UBIGINT) WHERE correction_no < 3",
    "UPDATE statement_session SET opening_key = xor(opening_key, $seed::UBIGINT)",
)
AGAIN = (OF_ANOTHER_HASH[0], "UPDATE rekeyed_event SET event_key = xor(event_key, $seed::UBIGINT)")
STATED = (
    "INSERT INTO statement_session BY NAME SELECT 1 AS statement_no, 0 AS cycle_start, 0 AS meter, event_key AS "
    "opening_key, occurred_at AS started_at, 'web' AS channel, 'pack 1' AS funding FROM event "
    "WHERE event_id IN ('e4', 'names')"
)


def rows(ledger: Ledger) -> list[tuple[int, int]]:
    return [(row["opening_key"], row["charge"]) for row in billed_sessions(ledger, 0, end_us=NOW_US).to_pylist()]


def written_by_another_hash(ledger: Ledger, statements: tuple[str, ...]) -> None:
    for statement in statements:
        ledger.connection.execute(statement, {"seed": SEED})
    set_meta(ledger.connection, "hash_probe", value="another")


@pytest.mark.slow
def test_corrections_and_statements_keep_their_keys(folder: Folder, acme: str) -> None:
    why: dict[str, Any] = {"reason": "a mistake", "now_us": NOW_US}
    with folder.ledger(acme) as ledger:
        append_events(
            ledger,
            *(event(f"e{n}", f"2026-03-0{n}T10:00", customer_id=f"c{n}", conversation_id=f"v{n}") for n in range(1, 6)),
            event("names", "2026-03-06T10:00", customer_id="c6", conversation_id="v6", attributes={"by": "c3"}),
        )
        ids = [row["session_id"] for row in billed_sessions(ledger, 0, end_us=NOW_US).to_pylist()]
        for number in (0, 1, 2):
            correct_session(ledger, ids[number], kind=CorrectionKind.VOID, **why)
        ledger.connection.execute(STATED)
    # The third one keeps its key, as its id is gone; the last one keeps its id.
    erase(folder, acme, customer_id="c3")
    with folder.ledger(acme) as ledger:
        written_by_another_hash(ledger, OF_ANOTHER_HASH)
        before = ledger.connection.execute("SELECT event_key FROM event ORDER BY occurred_at").fetchall()
        migrate(ledger.connection, name=acme)
        after = ledger.connection.execute("SELECT event_key FROM event ORDER BY occurred_at").fetchall()
        assert [old == new for old, new in zip(before, after, strict=True)] == [False, False, True, False, False, False]
        # Only the fifth one is named by nothing.
        assert rows(ledger) == [
            *((before[0][0], 1), (before[1][0], 1), (before[2][0], 1), (before[3][0], 0), (after[4][0], 0)),
            (before[5][0], 0),
        ]
        assert verify(ledger).is_clean
        assert not corrections_without_session(ledger)
        assert append_events(ledger, event("e2", "2026-03-02T10:00", customer_id="c2", conversation_id="v2")).duplicates
        named = [row["session_id"] for row in billed_sessions(ledger, 0, end_us=NOW_US).to_pylist()]
        assert session_to_correct(ledger, named[0]).opening_key == before[0][0]
        undo_correction(ledger, 1, **why)
        assert [each.opening_key for each in corrections(ledger)] == [before[1][0], before[2][0]]
        # A second time, which must find the events that were given other keys.
        written_by_another_hash(ledger, AGAIN)
        migrate(ledger.connection, name=acme)
        assert rows(ledger) == [
            *((before[0][0], 0), (before[1][0], 1), (before[2][0], 1), (before[3][0], 0), (after[4][0], 0)),
            (before[5][0], 0),
        ]
