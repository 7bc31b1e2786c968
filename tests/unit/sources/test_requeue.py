"""Retries from quarantine: valid events are accepted, the others stay once."""

import json
from pathlib import Path

import pytest
from tests.support.ledgers import NOW_US, append_events, event, ledger_in_memory

from botmeter.domain.instant import DAY_US
from botmeter.ledger.append import Submission, append
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.quarantine import QuarantineFilter, quarantined
from botmeter.ledger.verify import verify
from botmeter.sources import requeue
from botmeter.sources.reader import SourceFile, batches
from botmeter.sources.requeue import retry


def in_quarantine(ledger: Ledger) -> list[tuple[str | None, str]]:
    return [(each.event_id, each.code) for each in quarantined(ledger)]


def open_earlier(ledger: Ledger) -> None:
    """The account's data start in 2020 from now on."""
    ledger.connection.execute("INSERT INTO account_term VALUES (1, 'acme', DATE '2020-01-01', NULL, NULL)")
    ledger.reload()


@pytest.fixture
def ledger() -> Ledger:
    return ledger_in_memory()


def test_an_empty_quarantine_leaves_no_trace(ledger: Ledger) -> None:
    assert retry(ledger, now_us=NOW_US).total == 0
    assert ledger.connection.execute("SELECT count(*) FROM receipt").fetchall() == [(0,)]


def test_early_events_are_accepted_once_the_data_start_earlier(ledger: Ledger) -> None:
    early = [
        event(f"e{number}", "2021-01-01T10:00", source="st"[number % 2], attributes={"n": [number, "é"]}, preview=True)
        for number in range(10)
    ]
    append_events(ledger, *early)
    assert retry(ledger, now_us=NOW_US).rejected == 10
    assert len(in_quarantine(ledger)) == 10
    open_earlier(ledger)
    receipt = retry(ledger, now_us=NOW_US)
    assert (receipt.accepted, receipt.duplicates, receipt.conflicts, receipt.rejected) == (10, 0, 0, 0)
    assert in_quarantine(ledger) == []
    again = append_events(ledger, *early)
    assert (again.duplicates, again.conflicts) == (10, 0)
    assert verify(ledger).is_clean


def test_a_retried_event_that_a_pull_brought_is_no_conflict_with_its_webhook(ledger: Ledger) -> None:
    pulled, sent = (event(name, "2021-01-01T10:00") for name in ("pulled", "sent"))
    append_events(ledger, pulled, is_pulled=True)
    append_events(ledger, sent)
    open_earlier(ledger)
    assert retry(ledger, now_us=NOW_US).accepted == 2
    webhooks = [{**each, "occurred_at": each["occurred_at"] + 250_000} for each in (pulled, sent)]
    again = append_events(ledger, *webhooks)
    assert (again.duplicates, again.conflicts) == (1, 1)


def test_a_future_event_is_accepted_on_its_day(ledger: Ledger) -> None:
    append_events(ledger, event("soon", "2026-06-04T10:00"))
    assert retry(ledger, now_us=NOW_US).rejected == 1
    assert retry(ledger, now_us=NOW_US + 3 * DAY_US).accepted == 1
    assert in_quarantine(ledger) == []


def test_an_event_that_was_accepted_since_is_not_sent_again(ledger: Ledger) -> None:
    early = event("1", "2021-01-01T10:00")
    append_events(ledger, early)
    open_earlier(ledger)
    append_events(ledger, early)
    assert in_quarantine(ledger) == []
    assert retry(ledger, now_us=NOW_US).total == 0


def test_a_conflict_stays_in_quarantine_once_after_several_retries(ledger: Ledger) -> None:
    append_events(ledger, event("1", "2026-03-01T10:00"))
    append_events(ledger, event("1", "2026-03-01T10:00", channel="sms", attributes={"b": 1, "a": 1.50}))
    for _ in range(3):
        receipt = retry(ledger, now_us=NOW_US)
        assert (receipt.accepted, receipt.conflicts) == (0, 1)
    assert in_quarantine(ledger) == [("1", "conflict")]


def test_an_event_rejected_for_another_reason_is_in_quarantine_once(ledger: Ledger) -> None:
    append_events(ledger, event("1", "2021-01-01T10:00"), event("1", "2021-01-01T10:00", channel="sms"))
    assert in_quarantine(ledger) == [("1", "before_available_from")] * 2
    open_earlier(ledger)
    receipt = retry(ledger, now_us=NOW_US)
    assert (receipt.accepted, receipt.conflicts) == (1, 1)
    assert in_quarantine(ledger) == [("1", "conflict")]


def test_an_unreadable_line_stays_in_quarantine_unchanged(ledger: Ledger, tmp_path: Path) -> None:
    good = {"occurred_at": "2026-03-01T10:00:00Z", "conversation_id": "v", "customer_id": "c", "actor": "customer"}
    lines = [{**good, "event_id": "1"}, {**good, "event_id": "2", "occurred_at": "2026-03-01T10:00"}, {"event_id": "3"}]
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"\n".join(json.dumps(line).encode() for line in lines) + b"\nnoise \xff\n")
    given = Submission(source="s", batches=batches(SourceFile(path=str(file))), label=file.name)
    [receipt] = append(ledger, [given], now_us=NOW_US)
    assert (receipt.accepted, receipt.rejected) == (1, 3)
    before = list(quarantined(ledger))
    again = retry(ledger, now_us=NOW_US)
    assert (again.accepted, again.rejected) == (0, 3)
    assert len(again.rejections) == 3
    assert list(quarantined(ledger)) == before


@pytest.mark.slow
def test_thousands_are_retried_in_pieces(ledger: Ledger) -> None:
    append_events(ledger, *(event(f"e{number}", "2021-01-01T10:00") for number in range(2_500)))
    append_events(ledger, event("e2499", "2021-01-01T10:00", channel="sms"))
    open_earlier(ledger)
    receipt = retry(ledger, now_us=NOW_US)
    assert (receipt.accepted, receipt.conflicts) == (2_500, 1)
    assert in_quarantine(ledger) == [("e2499", "conflict")]


def test_a_choice_is_retried_and_the_others_wait(ledger: Ledger) -> None:
    append_events(ledger, event("1", "2021-01-01T10:00", source="s"), event("2", "2021-01-01T10:00", source="t"))
    open_earlier(ledger)
    assert retry(ledger, QuarantineFilter(source="t"), now_us=NOW_US).accepted == 1
    assert in_quarantine(ledger) == [("1", "before_available_from")]


@pytest.mark.slow
def test_many_events_are_retried_some_at_a_time(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requeue, "_ENTRIES_AT_ONCE", 3)
    append_events(ledger, *(event(f"e{number}", "2021-01-01T10:00", source="st"[number % 2]) for number in range(8)))
    append_events(ledger, event("e8", "2019-01-01T10:00"))
    open_earlier(ledger)
    receipt = retry(ledger, now_us=NOW_US)
    assert (receipt.accepted, receipt.rejected) == (8, 1)
    assert in_quarantine(ledger) == [("e8", "before_available_from")]
    assert verify(ledger).is_clean
