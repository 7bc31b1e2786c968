"""Append: duplicates, conflicts, quarantine, receipts, group commit."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.support.ledgers import NOW_US, append_events, batch, event, ledger_in_memory, ledger_with, submissions

from botmeter.domain.errors import Refused
from botmeter.domain.instant import DAY_US, MICROSECONDS_PER_SECOND
from botmeter.domain.receipt import Receipt, Rejection
from botmeter.ledger.append import Submission, append
from botmeter.ledger.large_appends import MEMORY_BYTES, less_memory, raise_memory_limit
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.quarantine import QuarantineFilter, quarantine_counts, quarantined
from botmeter.ledger.verify import verify
from botmeter.metering.schema import EventBatch

DAY = [event(f"e{hour}", f"2026-03-01T{hour:02}:00", attributes={"n": hour}) for hour in range(10, 20)]


def counts(receipt: Receipt) -> tuple[int, int, int, int]:
    return receipt.accepted, receipt.duplicates, receipt.conflicts, receipt.rejected


def number_of(ledger: Ledger, table: str) -> int:
    return int(ledger.connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def test_importing_a_file_twice_changes_nothing_the_second_time() -> None:
    ledger = ledger_in_memory()
    assert counts(append_events(ledger, *DAY)) == (10, 0, 0, 0)
    assert counts(append_events(ledger, *DAY)) == (0, 10, 0, 0)
    assert number_of(ledger, "event") == 10
    assert number_of(ledger, "session") == 1
    assert number_of(ledger, "quarantine") == 0


def test_an_event_twice_in_one_batch_is_stored_once() -> None:
    ledger = ledger_in_memory()
    assert counts(append_events(ledger, *DAY, DAY[3], DAY[3])) == (10, 2, 0, 0)
    assert number_of(ledger, "event") == 10


def test_an_event_sent_again_after_years_is_a_duplicate() -> None:
    ledger = ledger_in_memory()
    old = event("old", "2022-02-05T10:00")
    append_events(ledger, old)
    append_events(ledger, *DAY)
    assert counts(append_events(ledger, old)) == (0, 1, 0, 0)


def test_the_same_id_from_another_source_is_another_event() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, event("1", "2026-03-01T10:00", source="web"))
    assert counts(append_events(ledger, event("1", "2026-03-01T11:00", source="whatsapp"))) == (1, 0, 0, 0)


OTHER_CONTENT: list[dict[str, Any]] = [
    {"at": "2026-03-05T10:00"},
    {"customer_id": "c2"},
    {"conversation_id": "v2"},
    {"actor": "bot"},
    {"kind": "resolved"},
    {"bot_id": "b2"},
    {"bot_version": "2"},
    {"bot_name": "Another name"},
    {"channel": "sms"},
    {"ticket_id": "t1"},
    {"ticket_type": "refund"},
    {"preview": False},
    {"attributes": {"a": 1}},
]


@pytest.mark.slow
def test_the_same_id_with_other_content_is_a_conflict_and_changes_nothing() -> None:
    first = event("1", "2026-03-01T10:00")
    ledger = ledger_with(first)
    for other in OTHER_CONTENT:
        receipt = append_events(ledger, event("1", **{"at": "2026-03-01T10:00", **other}))
        assert counts(receipt) == (0, 0, 1, 0), other
        assert [(each.code, each.event_id) for each in receipt.rejections] == [("conflict", "1")], other
        assert number_of(ledger, "event") == 1, other
    assert counts(append_events(ledger, first)) == (0, 1, 0, 0)
    assert verify(ledger).is_clean


def test_a_conflict_within_one_batch_leaves_the_first_event_stored() -> None:
    ledger = ledger_in_memory()
    first, second = event("1", "2026-03-01T10:00"), event("1", "2026-03-01T10:00", customer_id="c2")
    assert counts(append_events(ledger, first, second)) == (1, 0, 1, 0)
    assert ledger.connection.execute("SELECT customer_id FROM event").fetchall() == [("c1",)]


def test_a_conflict_is_quarantined_once_however_often_it_is_sent() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, event("1", "2026-03-01T10:00"))
    for _ in range(3):
        append_events(ledger, event("1", "2026-03-01T10:00", channel="sms"))
    stored = list(quarantined(ledger))
    assert [(each.event_id, each.code, each.source) for each in stored] == [("1", "conflict", "s")]
    assert b'"channel":"sms"' in stored[0].raw


def test_an_event_before_the_account_s_data_start_is_quarantined() -> None:
    ledger = ledger_in_memory()
    receipt = append_events(ledger, event("early", "2022-02-03T23:59:59.999999Z"), event("first", "2022-02-04T00:00"))
    assert counts(receipt) == (1, 0, 0, 1)
    rejection = receipt.rejections[0]
    assert (rejection.index, rejection.event_id, rejection.code) == (0, "early", "before_available_from")
    assert (
        rejection.detail
        == "It occurred at 2022-02-03T23:59:59.999999Z, before the account's data start date, 2022-02-04."
    )
    assert quarantine_counts(ledger) == {"before_available_from": 1}


def test_an_event_more_than_a_day_ahead_of_the_clock_is_quarantined() -> None:
    ledger = ledger_in_memory()
    edge = event("edge", "2026-06-02T12:00")
    beyond = {**edge, "event_id": "beyond", "occurred_at": edge["occurred_at"] + 1}
    receipt = append_events(ledger, edge, beyond)
    assert counts(receipt) == (1, 0, 0, 1)
    assert [(each.event_id, each.code) for each in quarantined(ledger)] == [("beyond", "in_the_future")]


def test_events_that_the_source_rejects_are_in_the_receipt_and_in_quarantine() -> None:
    ledger = ledger_in_memory()
    noise = Rejection(index=1, event_id=None, code="json_invalid", detail="This is not JSON.", raw=b"\xff\x00\xfe")
    submission = Submission(source="s", batches=[batch(DAY, first=2, rejections=(noise,))], label="a file")
    [receipt] = append(ledger, [submission], now_us=NOW_US)
    assert counts(receipt) == (10, 0, 0, 1)
    assert receipt.rejections == (noise,)
    assert [each.raw for each in quarantined(ledger)] == [b"\xff\x00\xfe"]


def test_a_receipt_counts_all_rejections_and_names_the_first_thousand() -> None:
    ledger = ledger_in_memory()
    early = [event(f"e{number}", "2020-01-01T10:00") for number in range(1_500)]
    receipt = append_events(ledger, *early)
    assert counts(receipt) == (0, 0, 0, 1_500)
    assert len(receipt.rejections) == 1_000
    assert number_of(ledger, "quarantine") == 1_500


def test_quarantine_is_listed_by_code_and_up_to_a_limit() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, *(event(f"e{number}", "2020-01-01T10:00") for number in range(3)))
    append_events(ledger, event("later", "2027-01-01T10:00"))
    assert [each.number for each in quarantined(ledger, limit=2)] == [1, 2]
    assert [each.event_id for each in quarantined(ledger, QuarantineFilter(code="in_the_future"))] == ["later"]


def test_every_submission_leaves_a_receipt_in_the_ledger() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, *DAY[:4], label="one.csv")
    append_events(ledger, *DAY, label="two.csv")
    rows = ledger.connection.execute("SELECT * EXCLUDE (retry_of) FROM receipt ORDER BY append_no").fetchall()
    assert rows == [(1, NOW_US, "s", "one.csv", 4, 0, 0, 0), (2, NOW_US, "s", "two.csv", 6, 4, 0, 0)]


def test_an_empty_submission_has_a_receipt_of_zeros() -> None:
    ledger = ledger_in_memory()
    empty = Submission(source="s", batches=[batch([])], label="empty")
    none = Submission(source="s", batches=[], label="nothing")
    assert [counts(receipt) for receipt in append(ledger, [empty, none], now_us=NOW_US)] == [(0, 0, 0, 0)] * 2


def test_submissions_of_one_commit_are_compared_with_each_other() -> None:
    ledger = ledger_in_memory()
    receipts = append(ledger, [*submissions(DAY), *submissions(DAY)], now_us=NOW_US)
    assert [counts(receipt) for receipt in receipts] == [(10, 0, 0, 0), (0, 10, 0, 0)]


def test_a_group_of_submissions_is_committed_together_or_not_at_all() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, DAY[0])

    def interrupted() -> Any:
        yield batch([event("new", "2026-03-09T10:00", bot_id="a new bot")])
        raise Refused("file_truncated", "The file breaks off.")

    broken = Submission(source="s", batches=interrupted(), label="broken")
    with pytest.raises(Refused, match="breaks off"):
        append(ledger, [*submissions(DAY[1:]), broken], now_us=NOW_US)
    assert number_of(ledger, "event") == 1
    assert number_of(ledger, "receipt") == 1
    assert len(ledger.touchpoints) == 1
    assert counts(append_events(ledger, *DAY[1:])) == (9, 0, 0, 0)
    assert verify(ledger).is_clean


def test_a_clock_set_back_between_two_imports_loses_nothing() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, DAY[0])
    receipt = append_events(ledger, DAY[1], now_us=DAY[1]["occurred_at"] - DAY_US - MICROSECONDS_PER_SECOND)
    assert [each.code for each in receipt.rejections] == ["in_the_future"]
    assert counts(append_events(ledger, DAY[1])) == (1, 0, 0, 0)
    assert verify(ledger).is_clean


@pytest.mark.parametrize("source", ["", "a\0b", "\ud800", "s" * 513])
def test_an_invalid_source_name_is_refused(source: str) -> None:
    with pytest.raises(Refused, match="is not a valid source name") as refused:
        Submission(source=source, batches=[], label="")
    assert refused.value.code == "source_invalid"


def test_names_may_hold_emoji_right_to_left_marks_and_quotes(tmp_path: Path) -> None:
    ledger = ledger_in_memory()
    odd = event(
        "e'\u202e😀", "2026-03-01T10:00", source="';--", customer_id='Zoë \'O"Hara"', bot_name="🤖", channel="a b"
    )
    assert counts(append_events(ledger, odd)) == (1, 0, 0, 0)
    assert counts(append_events(ledger, odd)) == (0, 1, 0, 0)
    assert verify(ledger).is_clean


@pytest.mark.parametrize(("bytes_a_session", "limit"), [(40, MEMORY_BYTES), (400_000_000, 400_000_000), (10**15, 0)])
def test_a_large_append_takes_the_memory_that_its_sessions_need_up_to_the_limit_of_the_account(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, *, bytes_a_session: int, limit: int
) -> None:
    text = "SELECT parse_formatted_bytes(current_setting('memory_limit'))"
    [[whole]] = ledger.connection.execute(text).fetchall()
    monkeypatch.setattr("botmeter.ledger.large_appends._BYTES_A_SESSION", bytes_a_session)
    with less_memory(ledger.connection):
        raise_memory_limit(ledger.connection, session_count=1)
        [[raised]] = ledger.connection.execute(text).fetchall()
    raise_memory_limit(ledger.connection, session_count=1)
    assert ledger.connection.execute(text).fetchall() == [(whole,)]
    assert raised == pytest.approx(limit or whole, rel=0.01)


@pytest.mark.parametrize("fault", [None, Refused("file_damaged", "The file is damaged."), KeyboardInterrupt()])
def test_a_large_append_takes_less_memory_and_gives_it_back(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, fault: BaseException | None
) -> None:
    # Batches are read by another thread than the one that uses the ledger's own connection.
    beside = ledger.connection.cursor()

    def limit_bytes() -> int:
        text = "SELECT parse_formatted_bytes(current_setting('memory_limit'))"
        return int(beside.execute(text).fetchall()[0][0])

    def batches() -> Iterator[EventBatch]:
        yield batch(DAY[:4])
        yield batch(DAY[4:], first=4)
        limits.append(limit_bytes())
        pools.append(pa.default_memory_pool().backend_name)
        if fault is not None:
            raise fault

    monkeypatch.setattr("botmeter.ledger.append.FLUSH_ROWS", 4)
    before, limits, pools = limit_bytes(), list[int](), [pa.default_memory_pool().backend_name]
    with nullcontext() if fault is None else pytest.raises(type(fault)):
        append(ledger, [Submission(source="s", batches=batches(), label="large")], now_us=NOW_US)
    assert limits == [pytest.approx(MEMORY_BYTES, rel=0.01)]
    assert limit_bytes() == before
    assert pools[1:] == ["system"]
    assert pa.default_memory_pool().backend_name == pools[0] != "system"
    assert counts(append(ledger, [Submission(source="s", batches=[batch(DAY)], label="x")], now_us=NOW_US)[0]) == (
        (0, 10, 0, 0) if fault is None else (10, 0, 0, 0)
    )
