"""Live events taken in: once and only once over everything there is, request by request, whatever is settled."""

from typing import Any

import duckdb
import pytest
from tests.support.ledgers import NOW_US, append_events, batch, event, ledger_in_memory
from tests.support.parcels import counts, parcel, take

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


def test_every_request_gets_a_receipt_of_its_own() -> None:
    ledger = ledger_in_memory()
    receipts = take(ledger, parcel(HOURS[:3], [], [HOURS[0], HOURS[3]]))
    assert [counts(each) for each in receipts] == [(3, 0, 0, 0), (0, 0, 0, 0), (1, 1, 0, 0)]


def test_what_was_taken_in_is_in_no_number_until_it_is_settled() -> None:
    ledger = ledger_in_memory()
    take(ledger, parcel(HOURS))
    assert (number_of(ledger, "event"), number_of(ledger, "session")) == (0, 0)
    assert backlog(ledger.connection).event_count == 10
    assert settle(ledger, now_us=NOW_US).event_count == 10
    assert (number_of(ledger, "event"), number_of(ledger, "session")) == (10, 1)
    assert backlog(ledger.connection).oldest_received_us is None
    assert verify(ledger).is_clean


@pytest.mark.parametrize("is_settled", [False, True], ids=["waiting", "settled"])
def test_an_event_sent_again_is_a_duplicate_or_a_conflict_of_the_first(is_settled: bool) -> None:
    ledger = ledger_in_memory()
    take(ledger, parcel(HOURS))
    if is_settled:
        settle(ledger, now_us=NOW_US)
    [receipt] = take(ledger, parcel([HOURS[3], fields("e14", channel="sms"), fields("new")]))
    assert counts(receipt) == (1, 1, 1, 0)
    assert [(each.index, each.event_id, each.code) for each in receipt.rejections] == [(1, "e14", "conflict")]
    assert [each.event_id for each in quarantined(ledger)] == ["e14"]


def test_an_imported_event_is_known_when_it_is_sent_live_and_the_other_way_round() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, *HOURS[:5])
    assert counts(take(ledger, parcel(HOURS[4:7]))[0]) == (2, 1, 0, 0)
    assert counts_of_append(ledger) == (3, 7, 0, 0)
    assert number_of(ledger, "event") == 10
    assert verify(ledger).is_clean


def counts_of_append(ledger: Ledger) -> tuple[int, int, int, int]:
    return counts(append_events(ledger, *HOURS))


def test_the_same_id_of_another_source_in_the_same_commit_is_another_event() -> None:
    ledger = ledger_in_memory()
    other = fields("e10", source="web", bot_name="Another", channel="sms")
    receipts = take(ledger, parcel(HOURS[:1]), parcel([other]), parcel([{**other, "channel": "web"}]))
    assert [counts(each) for each in receipts] == [(1, 0, 0, 0), (1, 0, 0, 0), (0, 0, 1, 0)]
    settle(ledger, now_us=NOW_US)
    assert verify(ledger).is_clean


def test_what_is_refused_is_told_by_its_place_in_its_own_request_and_quarantined() -> None:
    ledger = ledger_in_memory()
    ahead = event("ahead", "2026-06-02T12:00:01Z")
    receipts = take(ledger, parcel(HOURS[:2], [HOURS[2], EARLY, HOURS[3], ahead]))
    assert [counts(each) for each in receipts] == [(2, 0, 0, 0), (2, 0, 0, 2)]
    told = [(each.index, each.code) for each in receipts[1].rejections]
    assert told == [(1, "before_available_from"), (3, "in_the_future")]
    assert [(each.position, each.event_id) for each in quarantined(ledger)] == [(1, "early"), (3, "ahead")]


def test_a_payload_that_nobody_understands_is_kept_whole() -> None:
    ledger = ledger_in_memory()
    [receipt] = take(ledger, parcel(HOURS[:1], rejections=(BROKEN,)))
    assert counts(receipt) == (1, 0, 0, 1)
    [kept] = quarantined(ledger)
    assert (kept.raw, kept.code, kept.position) == (b"{", "json_invalid", 1)


@pytest.mark.parametrize("bad", [EARLY, fields("e10", channel="sms")], ids=["refused", "in conflict"])
def test_an_atomic_request_with_a_bad_event_is_not_taken_and_leaves_nothing(bad: dict[str, Any]) -> None:
    ledger = ledger_in_memory()
    take(ledger, parcel(HOURS[:1]))
    [withdrawn, taken] = take(ledger, parcel([HOURS[1], HOURS[0], bad], [HOURS[2]], atomic=[0, 1]))
    assert (withdrawn.accepted, withdrawn.duplicates, len(withdrawn.rejections)) == (0, 1, 1)
    assert withdrawn.rejections[0].index == 2
    assert counts(taken) == (1, 0, 0, 0)
    assert number_of(ledger, "quarantine") == 0
    assert number_of(ledger, "arrival") == 2


def test_an_atomic_request_with_an_unreadable_record_is_not_taken() -> None:
    ledger = ledger_in_memory()
    [receipt] = take(ledger, parcel(HOURS[:1], rejections=(BROKEN,), atomic=[0]))
    assert counts(receipt) == (0, 0, 0, 1)
    assert (number_of(ledger, "arrival"), number_of(ledger, "quarantine")) == (0, 0)


def test_a_copy_of_what_was_withdrawn_is_new() -> None:
    ledger = ledger_in_memory()
    receipts = take(ledger, parcel([HOURS[0], EARLY], [HOURS[0]], atomic=[0]))
    assert [counts(each) for each in receipts] == [(0, 0, 0, 1), (1, 0, 0, 0)]


def test_an_atomic_request_conflicts_only_with_what_is_taken_before_it() -> None:
    """The first one is withdrawn for its conflict with itself, so the second, which differs from it, is taken."""
    ledger = ledger_in_memory()
    first = [fields("a"), fields("b"), fields("b", channel="sms")]
    second = [fields("a", channel="sms"), fields("c")]
    third = [fields("a"), fields("d")]
    receipts = take(ledger, parcel(first, second, third, [fields("d")], atomic=[0, 1, 2]))
    assert [counts(each) for each in receipts] == [(0, 0, 1, 0), (2, 0, 0, 0), (0, 0, 1, 0), (1, 0, 0, 0)]


def test_an_atomic_request_of_duplicates_alone_is_fine() -> None:
    ledger = ledger_in_memory()
    receipts = take(ledger, parcel([HOURS[0], HOURS[0]], [HOURS[0], HOURS[1]], atomic=[0, 1]))
    assert [counts(each) for each in receipts] == [(1, 1, 0, 0), (1, 1, 0, 0)]


def test_a_withdrawn_request_stays_new_for_the_next_commit() -> None:
    ledger = ledger_in_memory()
    take(ledger, parcel([HOURS[0], EARLY], atomic=[0]))
    assert counts(take(ledger, parcel([HOURS[0]]))[0]) == (1, 0, 0, 0)


def test_a_commit_has_a_receipt_with_a_number_of_its_own_and_one_without_events_has_none() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, HOURS[0])
    take(ledger, parcel(HOURS[1:3], HOURS[3:4]), parcel([fields("x", source="web")]))
    take(ledger, LiveBatch(source="s", batch=batch([]), deliveries=(BatchDelivery(first_position=0, record_count=0),)))
    assert take(ledger, parcel([HOURS[4]]))[0].accepted == 1
    settle(ledger, now_us=NOW_US)
    append_events(ledger, HOURS[5])
    rows = ledger.connection.execute("SELECT append_no, source, label, accepted FROM receipt").fetchall()
    live = [(2, "s", "live", 3), (3, "web", "live", 1), (5, "s", "live", 1)]
    assert rows == [(1, "s", "a file", 1), *live, (6, "s", "a file", 1)]
    own = ledger.connection.execute("SELECT DISTINCT append_no FROM event ORDER BY 1").fetchall()
    assert [number for (number,) in own] == [1, 2, 3, 5, 6]


def test_a_clock_that_was_set_back_does_no_harm() -> None:
    ledger = ledger_in_memory()
    take(ledger, parcel(HOURS[:5]))
    settle(ledger, now_us=NOW_US)
    back_us = NOW_US - 40 * DAY_US
    assert counts(take(ledger, parcel(HOURS[4:]), now_us=back_us)[0]) == (5, 1, 0, 0)
    settle(ledger, now_us=back_us - MICROSECONDS_PER_SECOND)
    assert number_of(ledger, "event") == 10
    assert verify(ledger).is_clean


def test_nothing_of_a_commit_that_fails_is_kept_and_all_of_it_can_be_sent_again() -> None:
    ledger = ledger_in_memory()
    take(ledger, parcel(HOURS[:1]))
    ledger.connection.execute("ALTER TABLE delivery RENAME TO hidden")
    with pytest.raises(Unavailable) as refused:
        live_append(ledger, [parcel(HOURS)], now_us=NOW_US)
    assert refused.value.code == "ledger_failed"
    assert isinstance(refused.value.__cause__, duckdb.Error)
    ledger.connection.execute("ALTER TABLE hidden RENAME TO delivery")
    assert counts(take(ledger, parcel(HOURS))[0]) == (9, 1, 0, 0)
    settle(ledger, now_us=NOW_US)
    assert verify(ledger).is_clean
