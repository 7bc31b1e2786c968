"""Quarantine: groups, search, discarded entries, and those whose corrected event was accepted."""

from random import Random

import pytest
from tests.support.ledgers import NOW_US, append_events, batch, event, ledger_in_memory
from tests.support.live_batches import append_live, live_batch

from botmeter.domain.errors import Refused
from botmeter.domain.receipt import Rejection
from botmeter.ledger.append import Submission, append
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.quarantine import (
    QuarantineFilter,
    discard,
    discarded_count,
    quarantine_counts,
    quarantine_groups,
    quarantine_sources,
    quarantine_stream,
    quarantined,
    quarantined_numbers,
    restore_discarded,
)
from botmeter.ledger.settle import settle

DISCARDED = QuarantineFilter(is_discarded=True)


def refused(index: int, event_id: str | None, *, code: str = "time_invalid", raw: bytes = b"") -> Rejection:
    return Rejection(index=index, event_id=event_id, code=code, detail="Not a time.", raw=raw or b"%d" % index)


@pytest.fixture
def ledger() -> Ledger:
    """Three waiting entries of two codes and two sources."""
    ledger = ledger_in_memory()
    own = (refused(0, "e0"), refused(1, None, code="row_uneven", raw="Grüße, Ärger".encode()))
    for source, rejections in (("s", own), ("t", (refused(0, "e0", raw=b"\xff Bytes"),))):
        append(
            ledger,
            [Submission(source=source, batches=[batch([], rejections=rejections)], label="f")],
            now_us=NOW_US,
        )
    return ledger


def test_entries_are_grouped_by_code_with_the_newest_as_example(ledger: Ledger) -> None:
    times, rows = quarantine_groups(ledger)
    assert (times.code, times.entry_count, times.sources, times.latest_at) == ("time_invalid", 2, ("s", "t"), NOW_US)
    assert times.example.raw == b"\xff Bytes"
    assert (rows.code, rows.entry_count, rows.example.number) == ("row_uneven", 1, 2)


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        (QuarantineFilter(), [1, 2, 3]),
        (QuarantineFilter(code="row_uneven"), [2]),
        (QuarantineFilter(source="t"), [3]),
        (QuarantineFilter(search="E0"), [1, 3]),
        (QuarantineFilter(search="ärger"), [2]),
        (QuarantineFilter(search="bytes"), [3]),
        (QuarantineFilter(search="NOT A"), [1, 2, 3]),
        (QuarantineFilter(search="%"), []),
        (QuarantineFilter(search="ärger", finds_content=False), []),
        (QuarantineFilter(numbers=(3, 1, 99)), [1, 3]),
        (QuarantineFilter(numbers=()), []),
        (DISCARDED, []),
    ],
)
def test_entries_are_chosen_by_code_source_and_text(
    ledger: Ledger, chosen: QuarantineFilter, numbers: list[int]
) -> None:
    assert quarantined_numbers(ledger, chosen) == numbers
    assert [each.number for each in quarantined(ledger, chosen, after=1)] == [each for each in numbers if each > 1]


def test_a_discarded_entry_is_listed_with_who_when_and_why_and_can_be_brought_back(ledger: Ledger) -> None:
    before = quarantined(ledger)
    assert discard(ledger, [1, 2, 99], reason=" test data ", by="ada@example.org", now_us=NOW_US) == 2
    assert discard(ledger, [1], reason="again", now_us=NOW_US) == 0
    assert quarantined_numbers(ledger) == [3]
    assert quarantine_counts(ledger) == {"time_invalid": 1}
    assert [(each.number, each.discarded_for) for each in quarantined(ledger, DISCARDED)] == [
        (1, "test data"),
        (2, "test data"),
    ]
    assert {(each.discarded_at, each.discarded_by) for each in quarantined(ledger, DISCARDED)} == {
        (NOW_US, "ada@example.org")
    }
    assert restore_discarded(ledger, [1, 2, 3]) == 2
    assert quarantined(ledger) == before


def test_a_discard_needs_a_reason(ledger: Ledger) -> None:
    with pytest.raises(Refused, match="Give a reason"):
        discard(ledger, [1], reason="  ", now_us=NOW_US)


def test_an_event_refused_again_after_it_was_discarded_waits_again(ledger: Ledger) -> None:
    discard(ledger, [1], reason="test data", now_us=NOW_US)
    append(ledger, [Submission(source="s", batches=[batch([], rejections=(refused(0, "e0"),))], label="f")], now_us=1)
    assert [(each.number, each.recorded_at) for each in quarantined(ledger)] == [(2, NOW_US), (3, NOW_US), (4, 1)]
    assert [each.number for each in quarantined(ledger, DISCARDED)] == [1]


def test_an_entry_leaves_once_its_corrected_event_is_accepted(ledger: Ledger) -> None:
    append_events(ledger, event("e0", "2026-03-01T10:00"))
    assert quarantined_numbers(ledger) == [2, 3]


def test_an_entry_leaves_once_its_corrected_event_came_live(ledger: Ledger) -> None:
    append_live(ledger, live_batch([event("e0", "2026-03-01T10:00", source="t")]))
    settle(ledger, now_us=NOW_US)
    assert quarantined_numbers(ledger) == [1, 2]


def test_an_event_refused_after_it_was_accepted_waits(ledger: Ledger) -> None:
    append_events(ledger, event("e5", "2026-03-01T10:00"))
    append(ledger, [Submission(source="s", batches=[batch([], rejections=(refused(5, "e5"),))], label="f")], now_us=1)
    append_events(ledger, event("e5", "2026-03-01T10:00", channel="sms"), event("e6", "2026-03-01T10:00"))
    assert [(each.event_id, each.code) for each in quarantined(ledger)][-2:] == [
        ("e5", "time_invalid"),
        ("e5", "conflict"),
    ]


def test_entries_are_cut_and_streamed(ledger: Ledger) -> None:
    every = quarantined(ledger)
    assert list(quarantine_stream(ledger)) == every
    assert [each.raw for each in quarantined(ledger, raw_bytes_max=3)] == [each.raw[:3] for each in every]
    discard(ledger, [2], reason="x", now_us=NOW_US)
    assert [each.number for each in quarantine_stream(ledger, DISCARDED)] == [2]
    assert (discarded_count(ledger), quarantine_sources(ledger)) == (1, ["s", "t"])


@pytest.mark.slow
def test_events_refused_again_in_several_files_of_many_commits_wait_once() -> None:
    ledger, dice, sent = ledger_in_memory(), Random(1), set()
    for _ in range(30):
        files = []
        for _ in range(3):
            numbers = sorted(dice.sample(range(600), 100))
            rejections = [refused(place, f"e{number}", raw=b"%0280d" % number) for place, number in enumerate(numbers)]
            files.append(Submission(source="s", batches=[batch([], rejections=rejections)], label="a file"))
            sent.update(numbers)
        append(ledger, files, now_us=NOW_US)
        assert len(quarantined_numbers(ledger, QuarantineFilter())) == len(sent)
