"""Live append: each event once, over stored and waiting events, with a receipt for each delivery."""

from typing import Any

import duckdb
import pytest
from tests.support.ledgers import NOW_US, append_events, batch, event, ledger_in_memory
from tests.support.live_batches import append_live, counts, live_batch

from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import DAY_US, MICROSECONDS_PER_SECOND
from botmeter.domain.receipt import Rejection
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.live_append import live_append
from botmeter.ledger.live_batch import BatchDelivery, LiveBatch
from botmeter.ledger.quarantine import quarantined
from botmeter.ledger.settle import backlog, settle
from botmeter.ledger.verify import verify

HOURS = [event(f"e{hour}", f"2026-03-01T{hour:02}:00") for hour in range(10, 20)]
EARLY = event("early", "2001-03-01T10:00")
BROKEN = Rejection(index=1, event_id=None, code="json_invalid", detail="It is no JSON.", raw=b"{")


def number_of(ledger: Ledger, table: str) -> int:
    return int(ledger.connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def fields(event_id: str, **other: Any) -> dict[str, Any]:
    return event(event_id, **{"at": "2026-03-01T10:00", **other})


def test_every_delivery_gets_its_own_receipt() -> None:
    ledger = ledger_in_memory()
    receipts = append_live(ledger, live_batch(HOURS[:3], [], [HOURS[0], HOURS[3]]))
    assert [counts(each) for each in receipts] == [(3, 0, 0, 0), (0, 0, 0, 0), (1, 1, 0, 0)]


def test_live_events_count_only_once_settled() -> None:
    ledger = ledger_in_memory()
    append_live(ledger, live_batch(HOURS))
    assert (number_of(ledger, "event"), number_of(ledger, "session")) == (0, 0)
    assert backlog(ledger.connection).event_count == 10
    assert settle(ledger, now_us=NOW_US) == 10
    assert (number_of(ledger, "event"), number_of(ledger, "session")) == (10, 1)
    assert backlog(ledger.connection).oldest_received_us is None
    assert verify(ledger).is_clean


@pytest.mark.parametrize("is_settled", [False, True], ids=["waiting", "settled"])
def test_a_repeated_event_is_a_duplicate_or_a_conflict(is_settled: bool) -> None:
    ledger = ledger_in_memory()
    append_live(ledger, live_batch(HOURS))
    if is_settled:
        settle(ledger, now_us=NOW_US)
    [receipt] = append_live(ledger, live_batch([HOURS[3], fields("e14", channel="sms"), fields("new")]))
    assert counts(receipt) == (1, 1, 1, 0)
    assert [(each.index, each.event_id, each.code) for each in receipt.rejections] == [(1, "e14", "conflict")]
    assert [each.event_id for each in quarantined(ledger)] == ["e14"]


@pytest.mark.slow
def test_imported_and_live_events_are_duplicates_of_each_other() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, *HOURS[:5])
    assert counts(append_live(ledger, live_batch(HOURS[4:7]))[0]) == (2, 1, 0, 0)
    assert counts_of_append(ledger) == (3, 7, 0, 0)
    assert number_of(ledger, "event") == 10
    assert verify(ledger).is_clean


def counts_of_append(ledger: Ledger) -> tuple[int, int, int, int]:
    return counts(append_events(ledger, *HOURS))


def test_the_same_id_from_another_source_in_one_commit_is_another_event() -> None:
    ledger = ledger_in_memory()
    other = fields("e10", source="web", bot_name="Another", channel="sms")
    receipts = append_live(
        ledger, live_batch(HOURS[:1]), live_batch([other]), live_batch([{**other, "channel": "web"}])
    )
    assert [counts(each) for each in receipts] == [(1, 0, 0, 0), (1, 0, 0, 0), (0, 0, 1, 0)]
    settle(ledger, now_us=NOW_US)
    assert verify(ledger).is_clean


def test_rejections_count_from_the_start_of_their_delivery_and_are_quarantined() -> None:
    ledger = ledger_in_memory()
    ahead = event("ahead", "2026-06-02T12:00:01Z")
    receipts = append_live(ledger, live_batch(HOURS[:2], [HOURS[2], EARLY, HOURS[3], ahead]))
    assert [counts(each) for each in receipts] == [(2, 0, 0, 0), (2, 0, 0, 2)]
    rejections = [(each.index, each.code) for each in receipts[1].rejections]
    assert rejections == [(1, "before_available_from"), (3, "in_the_future")]
    assert [(each.position, each.event_id) for each in quarantined(ledger)] == [(1, "early"), (3, "ahead")]


def test_an_unreadable_payload_is_quarantined_whole() -> None:
    ledger = ledger_in_memory()
    [receipt] = append_live(ledger, live_batch(HOURS[:1], rejections=(BROKEN,)))
    assert counts(receipt) == (1, 0, 0, 1)
    [stored] = quarantined(ledger)
    assert (stored.raw, stored.code, stored.position) == (b"{", "json_invalid", 1)


@pytest.mark.parametrize("bad", [EARLY, fields("e10", channel="sms")], ids=["refused", "in conflict"])
def test_an_atomic_delivery_with_a_bad_event_is_withdrawn_and_leaves_nothing(bad: dict[str, Any]) -> None:
    ledger = ledger_in_memory()
    append_live(ledger, live_batch(HOURS[:1]))
    [withdrawn, accepted] = append_live(ledger, live_batch([HOURS[1], HOURS[0], bad], [HOURS[2]], atomic=[0, 1]))
    assert (withdrawn.accepted, withdrawn.duplicates, len(withdrawn.rejections)) == (0, 1, 1)
    assert withdrawn.rejections[0].index == 2
    assert counts(accepted) == (1, 0, 0, 0)
    assert number_of(ledger, "quarantine") == 0
    assert number_of(ledger, "arrival") == 2


def test_an_atomic_delivery_with_an_unreadable_record_is_withdrawn() -> None:
    ledger = ledger_in_memory()
    [receipt] = append_live(ledger, live_batch(HOURS[:1], rejections=(BROKEN,), atomic=[0]))
    assert counts(receipt) == (0, 0, 0, 1)
    assert (number_of(ledger, "arrival"), number_of(ledger, "quarantine")) == (0, 0)


def test_a_repeat_of_a_withdrawn_event_is_accepted() -> None:
    ledger = ledger_in_memory()
    receipts = append_live(ledger, live_batch([HOURS[0], EARLY], [HOURS[0]], atomic=[0]))
    assert [counts(each) for each in receipts] == [(0, 0, 0, 1), (1, 0, 0, 0)]


def test_an_atomic_delivery_conflicts_only_with_accepted_events() -> None:
    """The first one is withdrawn for its conflict with itself, so the second, which differs from it, is accepted."""
    ledger = ledger_in_memory()
    first = [fields("a"), fields("b"), fields("b", channel="sms")]
    second = [fields("a", channel="sms"), fields("c")]
    third = [fields("a"), fields("d")]
    receipts = append_live(ledger, live_batch(first, second, third, [fields("d")], atomic=[0, 1, 2]))
    assert [counts(each) for each in receipts] == [(0, 0, 1, 0), (2, 0, 0, 0), (0, 0, 1, 0), (1, 0, 0, 0)]


def test_an_atomic_delivery_of_duplicates_is_accepted() -> None:
    ledger = ledger_in_memory()
    receipts = append_live(ledger, live_batch([HOURS[0], HOURS[0]], [HOURS[0], HOURS[1]], atomic=[0, 1]))
    assert [counts(each) for each in receipts] == [(1, 1, 0, 0), (1, 1, 0, 0)]


def test_a_withdrawn_delivery_can_be_sent_again_in_the_next_commit() -> None:
    ledger = ledger_in_memory()
    append_live(ledger, live_batch([HOURS[0], EARLY], atomic=[0]))
    assert counts(append_live(ledger, live_batch([HOURS[0]]))[0]) == (1, 0, 0, 0)


def test_each_batch_with_events_has_a_numbered_receipt() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, HOURS[0])
    append_live(ledger, live_batch(HOURS[1:3], HOURS[3:4]), live_batch([fields("x", source="web")]))
    append_live(ledger, LiveBatch(source="s", parsed=batch([]), deliveries=(BatchDelivery(first_position=0),)))
    assert append_live(ledger, live_batch([HOURS[4]]))[0].accepted == 1
    settle(ledger, now_us=NOW_US)
    append_events(ledger, HOURS[5])
    rows = ledger.connection.execute("SELECT append_no, source, label, accepted FROM receipt").fetchall()
    live = [(2, "s", "live", 3), (3, "web", "live", 1), (5, "s", "live", 1)]
    assert rows == [(1, "s", "a file", 1), *live, (6, "s", "a file", 1)]
    own = ledger.connection.execute("SELECT DISTINCT append_no FROM event ORDER BY 1").fetchall()
    assert [number for (number,) in own] == [1, 2, 3, 5, 6]


@pytest.mark.slow
def test_a_clock_set_back_loses_and_repeats_nothing() -> None:
    ledger = ledger_in_memory()
    append_live(ledger, live_batch(HOURS[:5]))
    settle(ledger, now_us=NOW_US)
    back_us = NOW_US - 40 * DAY_US
    assert counts(append_live(ledger, live_batch(HOURS[4:]), now_us=back_us)[0]) == (5, 1, 0, 0)
    settle(ledger, now_us=back_us - MICROSECONDS_PER_SECOND)
    assert number_of(ledger, "event") == 10
    assert verify(ledger).is_clean


def test_a_failed_commit_keeps_nothing_and_can_be_sent_again() -> None:
    ledger = ledger_in_memory()
    append_live(ledger, live_batch(HOURS[:1]))
    ledger.connection.execute("ALTER TABLE delivery RENAME TO hidden")
    with pytest.raises(Unavailable) as refused:
        live_append(ledger, [live_batch(HOURS)], now_us=NOW_US)
    assert refused.value.code == "ledger_failed"
    assert isinstance(refused.value.__cause__, duckdb.Error)
    ledger.connection.execute("ALTER TABLE hidden RENAME TO delivery")
    assert counts(append_live(ledger, live_batch(HOURS))[0]) == (9, 1, 0, 0)
    settle(ledger, now_us=NOW_US)
    assert verify(ledger).is_clean
