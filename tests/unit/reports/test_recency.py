"""Time of the last events: from a file or live, metered or waiting, with a clock that may be set back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from botmeter.domain.instant import us_from_text
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.settle import settle
from botmeter.reports.recency import Recency, recency_of
from botmeter.reports.snapshot import open_snapshot
from support.ledgers import NOW_US, append_events, event, made_account
from support.live_batches import append_live, live_batch

FIRST = "2026-03-30T22:00"
SECOND = "2026-03-31T01:00"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Folder.owned(tmp_path / "data", purpose="a test") as folder, folder.ledger(made_account(folder)) as opened:
        yield opened


def recency(ledger: Ledger) -> Recency:
    with open_snapshot(ledger) as snapshot:
        return recency_of(snapshot)


def at(text: str) -> int:
    return us_from_text(f"{text}:00Z")


def live(ledger: Ledger, event_id: str, *, occurred: str, now_us: int) -> None:
    """Append a live event and settle it."""
    append_live(ledger, live_batch([event(event_id, occurred)]), now_us=now_us)
    settle(ledger, now_us=now_us)


def test_an_account_without_events_has_no_times(ledger: Ledger) -> None:
    assert recency(ledger) == Recency(
        first_event_us=None, latest_event_us=None, received_us=None, live_received_us=None
    )


def test_a_file_is_received_and_is_not_live(ledger: Ledger) -> None:
    append_events(ledger, event("a", FIRST), event("b", SECOND))
    answer = recency(ledger)
    assert (answer.first_event_us, answer.latest_event_us, answer.live_received_us) == (at(FIRST), at(SECOND), None)
    assert answer.received_us is not None


def test_events_that_wait_to_be_metered_do_not_count_as_received(ledger: Ledger) -> None:
    live(ledger, "a", occurred=FIRST, now_us=NOW_US + 1)
    append_live(ledger, live_batch([event("b", SECOND)]), now_us=NOW_US + 2)
    assert recency(ledger) == Recency(
        first_event_us=at(FIRST), latest_event_us=at(FIRST), received_us=NOW_US + 1, live_received_us=NOW_US + 1
    )
    settle(ledger, now_us=NOW_US + 3)
    assert recency(ledger) == Recency(
        first_event_us=at(FIRST), latest_event_us=at(SECOND), received_us=NOW_US + 2, live_received_us=NOW_US + 2
    )


def test_duplicates_do_not_count_as_received(ledger: Ledger) -> None:
    live(ledger, "a", occurred=FIRST, now_us=NOW_US + 1)
    live(ledger, "a", occurred=FIRST, now_us=NOW_US + 2)
    assert (recency(ledger).received_us, recency(ledger).live_received_us) == (NOW_US + 1, NOW_US + 1)


def test_the_last_commit_counts_even_if_the_clock_was_set_back(ledger: Ledger) -> None:
    live(ledger, "a", occurred=FIRST, now_us=NOW_US + 5)
    live(ledger, "b", occurred=SECOND, now_us=NOW_US + 1)
    assert (recency(ledger).received_us, recency(ledger).live_received_us) == (NOW_US + 1, NOW_US + 1)
