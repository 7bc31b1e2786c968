"""Latest events and sessions in the memory of a ledger, and what makes it forget them."""

from collections.abc import Callable

import pytest
from tests.support.ledgers import Event, append_events, event, ledger_in_memory
from tests.support.live_batches import append_live, counts, live_batch

from botmeter.domain.instant import us_from_text
from botmeter.ledger import extend_sessions, late_keys, recent_events, remeter
from botmeter.ledger.customers import SameCustomer, merge_customers
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.policies import set_policy
from botmeter.ledger.recent_memory import Attempts
from botmeter.ledger.settle import settle
from botmeter.ledger.verify import verify
from botmeter.metering.policy import Policy

NOON_US = us_from_text("2026-03-02T12:00:00Z")


def sent(number: int, minute: int, **fields: str) -> Event:
    return event(f"e{number}", f"2026-03-02T11:{minute:02}", **fields)


@pytest.fixture
def ledger() -> Ledger:
    opened = ledger_in_memory()
    append_events(opened, sent(1, 0), now_us=NOON_US)
    append_events(opened, sent(2, 1, customer_id="c2", conversation_id="v2"), now_us=NOON_US)
    assert opened.memory.sessions is not None
    return opened


def session_counts(ledger: Ledger) -> list[tuple[str, int]]:
    rows = ledger.connection.execute("SELECT customer_id, event_count FROM session ORDER BY started_at")
    return rows.fetchall()


def test_a_session_in_memory_is_extended_without_reading_its_events(ledger: Ledger) -> None:
    recent = ledger.memory.sessions
    append_events(ledger, sent(3, 5), sent(4, 6, channel="sms"), now_us=NOON_US)
    append_events(ledger, sent(5, 7, customer_id="c3", conversation_id="v3"), now_us=NOON_US)
    assert ledger.memory.sessions is recent
    assert session_counts(ledger) == [("c1", 3), ("c2", 1), ("c3", 1)]
    assert verify(ledger).is_clean


def test_events_that_are_sent_again_stay_in_memory_while_others_go(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent_events, "BYTES_MAX", 500)
    monkeypatch.setattr(recent_events, "_PIECE_ROWS", 2)
    for number in range(10, 24):
        receipt = append_events(ledger, sent(1, 0), sent(number, 2), now_us=NOON_US)
        assert (receipt.accepted, receipt.duplicates) == (1, 1)
    columns = "event_key, source, event_id"
    stored = ledger.connection.sql(f"SELECT {columns} FROM event WHERE event_id IN ('e1', 'e10', 'e23')")
    searched = stored.order("event_id").to_arrow_table()
    found, is_recent = ledger.memory.events.stored(searched, read_latest=pytest.fail)
    assert is_recent.tolist() == [True, False, True]
    assert found["row"].to_pylist() == [0, 2]


def test_an_event_before_the_first_of_a_session_replaces_the_session_in_memory(ledger: Ledger) -> None:
    recent = ledger.memory.sessions
    append_live(ledger, live_batch([event("e0", "2026-03-02T10:59")]), now_us=NOON_US)
    settle(ledger, now_us=NOON_US)
    append_events(ledger, sent(3, 5), now_us=NOON_US)
    append_events(ledger, sent(4, 6), now_us=NOON_US)
    assert ledger.memory.sessions is recent
    assert session_counts(ledger) == [("c1", 4), ("c2", 1)]
    assert verify(ledger).is_clean


@pytest.mark.parametrize("limit", ["LATE_KEYS_MAX", "EVENTS_MAX"])
def test_more_late_keys_or_events_than_memory_holds_are_metered_from_the_tables(
    ledger: Ledger, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_keys, limit, 0)
    append_live(ledger, live_batch([event("e0", "2026-03-02T10:59")]), now_us=NOON_US)
    settle(ledger, now_us=NOON_US)
    assert ledger.memory.sessions is None
    assert session_counts(ledger) == [("c1", 2), ("c2", 1)]
    assert verify(ledger).is_clean


def test_sessions_are_not_read_for_a_large_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extend_sessions, "READ_FOR_EVENTS_MAX", 2)
    ledger = ledger_in_memory()
    append_events(ledger, *(sent(number, number) for number in (1, 2, 3)), now_us=NOON_US)
    assert ledger.memory.sessions is None
    append_events(ledger, sent(4, 4), sent(5, 5), now_us=NOON_US)
    recent = ledger.memory.sessions
    assert recent is not None
    append_events(ledger, *(sent(number, number) for number in (6, 7, 8)), now_us=NOON_US)
    assert ledger.memory.sessions is recent
    assert session_counts(ledger) == [("c1", 8)]
    assert verify(ledger).is_clean


def test_an_event_outside_sessions_that_was_not_remembered_belongs_to_one_that_begins_before_it(ledger: Ledger) -> None:
    append_events(ledger, *(sent(number, 2) for number in range(10, 30)), now_us=NOON_US)
    answers = [
        event(f"b{minute}", f"2026-03-02T{minute}", actor="bot", customer_id="c9") for minute in ("10:20", "11:10")
    ]
    append_events(ledger, *answers, now_us=NOON_US)
    append_events(ledger, sent(3, 5, customer_id="c9"), now_us=NOON_US)
    assert session_counts(ledger) == [("c1", 21), ("c2", 1), ("c9", 2)]
    assert verify(ledger).is_clean


@pytest.mark.parametrize(
    ("events_max", "late_keys_max"),
    [(remeter.EVENTS_MAX, late_keys.LATE_KEYS_MAX), (remeter.EVENTS_MAX, 0), (0, 0)],
    ids=["all in memory", "too many late keys", "too many events"],
)
@pytest.mark.parametrize("after", [(), ("2026-03-03T12:30",)], ids=["in its session", "also after it"])
def test_beside_a_late_event_a_stored_session_stands_for_its_events(
    ledger: Ledger, after: tuple[str, ...], events_max: int, late_keys_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remeter, "EVENTS_MAX", events_max)
    monkeypatch.setattr(late_keys, "LATE_KEYS_MAX", late_keys_max)
    append_events(ledger, *(sent(number, 2) for number in range(10, 30)), now_us=NOON_US)
    late = event("e0", "2026-03-02T10:59", customer_id="c2", conversation_id="v2")
    later = [event("f1", each) for each in after]
    append_events(ledger, late, sent(3, 5, conversation_id="v3"), sent(4, 6, channel="sms"), *later, now_us=2 * NOON_US)
    assert session_counts(ledger) == [("c2", 2), ("c1", 23), *(("c1", 1) for _ in after)]
    assert verify(ledger).is_clean


def fail(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), ledger.transaction():
        raise ZeroDivisionError


def change_policy(ledger: Ledger) -> None:
    policy = Policy(name="later", max_duration_us=3_600_000_000)
    set_policy(ledger, policy, from_on=None, now_us=NOON_US)


def merge(ledger: Ledger) -> None:
    merge_customers(ledger, [SameCustomer(customer_id="c1", alias="c2")], now_us=NOON_US)


@pytest.mark.parametrize("change", [fail, change_policy, merge])
def test_what_changes_sessions_makes_it_forget_them(ledger: Ledger, change: Callable[[Ledger], object]) -> None:
    change(ledger)
    assert ledger.memory.sessions is None
    append_events(ledger, sent(3, 5, customer_id="c2", conversation_id="v2"), now_us=NOON_US)
    assert verify(ledger).is_clean


def test_facts_of_billing_leave_the_sessions_in_memory(ledger: Ledger) -> None:
    recent = ledger.memory.sessions
    with ledger.facts_transaction():
        pass
    assert ledger.memory.sessions is recent


def test_a_repeated_event_in_memory_is_a_duplicate_or_a_conflict(ledger: Ledger) -> None:
    ledger.connection.execute("UPDATE event SET event_id = 'not read'")
    again = [sent(1, 0), sent(2, 1, customer_id="c9"), sent(1, 0)]
    assert [counts(each) for each in append_live(ledger, live_batch(again), now_us=NOON_US)] == [(0, 2, 1, 0)]


def test_a_memory_that_is_often_dropped_is_seldom_read() -> None:
    attempts = Attempts()
    read = []
    for number in range(300):
        if attempts.is_due():
            read.append(number)
            attempts.note(is_used=False)
    assert read == [0, 2, 6, 14, 30, 62, 126, 190, 254]
