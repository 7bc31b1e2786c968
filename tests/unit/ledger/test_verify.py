"""Verification finds every row that does not follow from the events, and changes nothing."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.support.ledgers import Event, append_events, event, ledger_in_memory, ledger_with
from tests.support.live_batches import append_live, live_batch
from tests.support.table_meaning import table_meaning

from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.ledger.verify import verify

EVENTS = [
    event("1", "2026-03-01T10:00", bot_name="Order bot"),
    event("2", "2026-03-01T11:00", actor="bot", ticket_id="T1", ticket_type="refund", channel="sms"),
    event("3", "2026-03-05T10:00", kind="conversation_created"),
    event("4", "2026-03-05T10:01", preview=True),
    event("5", "2026-03-02T10:00", customer_id="c2", conversation_id="v2", bot_id="b2"),
]


def filled(events: list[Event] = EVENTS) -> Ledger:
    return ledger_with(*events)


def test_an_intact_ledger_is_clean_and_stays_unchanged() -> None:
    ledger = filled()
    before = table_meaning(ledger)
    verification = verify(ledger)
    assert verification.is_clean
    assert (
        verification.event_count,
        verification.session_count,
        verification.duplicate_count,
        verification.difference_count,
    ) == (5, 3, 0, 0)
    assert table_meaning(ledger) == before


def test_an_empty_ledger_is_clean() -> None:
    assert verify(ledger_in_memory()).is_clean


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("session", "UPDATE session SET event_count = event_count + 1 WHERE opening_event_id = '1'"),
        ("session", "DELETE FROM session WHERE opening_event_id = '1'"),
        ("session", "INSERT INTO session SELECT * FROM session LIMIT 1"),
        ("participation", "UPDATE participation SET touchpoint = 0 WHERE touchpoint = 1"),
        ("session_usage", "UPDATE session_usage SET session_count = 7"),
        ("session_usage", "DELETE FROM footprint_member WHERE footprint < 0"),
        ("conversation_day", "UPDATE conversation_day SET has_other_rows = NOT has_other_rows"),
        ("conversation_usage", "DELETE FROM conversation_usage"),
        ("session_ticket", "UPDATE session_ticket SET ticket_type = 'delivery'"),
        ("conversation_ticket", "DELETE FROM conversation_ticket"),
        ("conversation_span", "UPDATE conversation_span SET last_event_at = 0"),
        ("bot_name_sent", "UPDATE bot_name_sent SET bot_name = 'Another'"),
    ],
)
def test_a_tampered_row_is_reported(table: str, change: str) -> None:
    ledger = filled()
    ledger.connection.execute(change)
    verification = verify(ledger)
    assert not verification.is_clean
    assert verification.difference_count > 0
    assert table in {difference.table for difference in verification.differences}


def test_a_difference_names_the_stored_or_missing_row() -> None:
    ledger = filled()
    ledger.connection.execute("UPDATE session SET event_count = 99 WHERE opening_event_id = '5'")
    message = [str(difference) for difference in verify(ledger).differences]
    assert any("99" in each and each.endswith("is stored, but does not follow from the events.") for each in message)
    assert any(each.endswith("follows from the events, but is not stored.") for each in message)


def test_an_event_that_is_stored_twice_is_reported() -> None:
    ledger = filled()
    ledger.connection.execute("INSERT INTO event SELECT * FROM event WHERE event_id = '5'")
    assert verify(ledger).duplicate_count == 1


def test_an_event_with_a_wrong_key_is_reported_because_a_copy_of_it_would_count() -> None:
    ledger = filled()
    ledger.connection.execute("UPDATE event SET event_key = 1 WHERE event_id = '5'")
    assert not verify(ledger).is_clean


def test_a_changed_event_shows_in_the_sessions_that_follow_from_it() -> None:
    ledger = filled()
    ledger.connection.execute("UPDATE event SET actor = 1 WHERE event_id = '5'")
    assert "session" in {difference.table for difference in verify(ledger).differences}


def test_many_differences_are_counted_and_a_hundred_listed() -> None:
    ledger = filled([event(f"e{number}", "2026-03-01T10:00", customer_id=f"c{number}") for number in range(150)])
    ledger.connection.execute("DELETE FROM session")
    verification = verify(ledger)
    assert verification.difference_count >= 150
    assert len(verification.differences) == 100


@pytest.mark.slow
def test_verifying_does_not_write_to_the_file(folder: Folder, acme: str) -> None:
    with folder.ledger(acme) as ledger:
        append_events(ledger, *EVENTS)
    with folder.ledger(acme) as ledger:
        before = table_meaning(ledger)
        assert verify(ledger).is_clean
    with folder.reading(acme) as ledger:
        assert table_meaning(ledger) == before


@pytest.mark.slow
def test_live_events_are_appended_while_a_server_s_ledger_is_verified(folder: Folder, acme: str) -> None:
    opened = OpenLedgers(folder)

    def append(*events: Event) -> None:
        with opened.appending_live(acme) as live:
            append_live(live, live_batch(events))

    append(event("e1", "2026-03-01T10:00"), event("e2", "2026-03-09T10:00"))
    with SharedFolder(opened).rehearsing(acme) as ledger, ThreadPoolExecutor(max_workers=1) as thread:
        verified = thread.submit(verify, ledger)
        count = 0
        while not count or not verified.done():
            count += 1
            append(event(f"m{count}", "2026-03-20T10:00", bot_id=f"new{count}"))
        assert (verified.result().is_clean, verified.result().event_count) == (True, 2)
    with opened.writing(acme) as writer:
        again = verify(writer)
        assert (again.is_clean, again.event_count) == (True, 2 + count)
    opened.close()
