"""Laws of billed sessions, for any events and policies: their keys, order and corrections."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.event_strategies import crowded_event_lists, dense_event_lists, schedules
from tests.support.ledgers import NOW_US, Schedule, append_events, ledger_in_memory
from tests.support.oracle import sessions as metered

from botmeter.domain.instant import NEVER_US
from botmeter.ledger.billing.corrections import CorrectionKind, correct_session
from botmeter.ledger.ledger import Ledger
from botmeter.reports.billed_sessions import TEST, VOID, billed_sessions, corrections_without_session
from support.examples import examples

Event = dict[str, Any]
FEW = examples(cost=30, shrinks=False)


def rows(ledger: Ledger) -> list[dict[str, Any]]:
    return billed_sessions(ledger, -NEVER_US, end_us=NEVER_US).to_pylist()


@pytest.mark.slow
@FEW
@given(st.data(), st.one_of(dense_event_lists(), crowded_event_lists()), schedules())
def test_a_correction_applies_to_the_session_that_has_its_event(
    data: st.DataObject, events: list[Event], schedule: Schedule
) -> None:
    ledger = ledger_in_memory(schedule)
    order = data.draw(st.permutations(events))
    first = data.draw(st.integers(0, len(events)))
    append_events(ledger, *order[:first])
    ids = [row["session_id"] for row in rows(ledger)]
    marked: list[tuple[tuple[str, str], int]] = []
    for session_id in data.draw(st.lists(st.sampled_from(ids), unique=True, max_size=6)) if ids else []:
        kind = data.draw(st.sampled_from(CorrectionKind))
        correct_session(ledger, session_id, kind=kind, reason="a mistake", now_us=NOW_US)
        query = "SELECT source, opening_event_id FROM session WHERE session_id = $id"
        opening = ledger.connection.execute(query, {"id": session_id}).fetchall()[0]
        marked.append((opening, VOID if kind is CorrectionKind.VOID else TEST))
    append_events(ledger, *order[first:])
    sessions = metered(events, schedule)
    charges = {each.session_id: 0 for each in sessions}
    lost = []
    for number, (event, charge) in enumerate(marked, start=1):
        holders = [each.session_id for each in sessions if event in each.event_ids]
        if holders:
            charges[holders[-1]] = charge
        else:
            lost.append(number)
    assert {row["session_id"]: row["charge"] for row in rows(ledger)} == charges
    assert [each.number for each in corrections_without_session(ledger)] == lost


@pytest.mark.slow
@FEW
@given(st.one_of(dense_event_lists(), crowded_event_lists()), schedules())
def test_sessions_are_in_rating_order_under_the_keys_of_their_opening_events(
    events: list[Event], schedule: Schedule
) -> None:
    ledger = ledger_in_memory(schedule)
    append_events(ledger, *events)
    query = (
        "SELECT started_at, event_key, session_id::VARCHAR FROM session JOIN event "
        "ON event.source = session.source AND event_id = opening_event_id ORDER BY ALL"
    )
    billed = [(row["started_at"], row["opening_key"], row["session_id"]) for row in rows(ledger)]
    assert [each[:2] for each in billed] == sorted(each[:2] for each in billed)
    assert sorted(billed) == ledger.connection.execute(query).fetchall()
