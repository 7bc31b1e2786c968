"""A large import while live events of its account are appended: as if they had come after it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.ledgers import NOW_US, Event, append_events, batch, event, made_account
from tests.support.live_batches import append_live, counts, live_batch
from tests.support.table_meaning import table_meaning

from botmeter.domain.errors import Refused, Unavailable
from botmeter.domain.receipt import Rejection
from botmeter.ledger.append import Submission
from botmeter.ledger.append_beside import BESIDE_FROM_BYTES, append_import
from botmeter.ledger.folder import Folder
from botmeter.ledger.folder_files import mark_file
from botmeter.ledger.imports import ImportedFile, imports
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.ledger.verify import verify
from botmeter.metering.schema import EventBatch

KNOWN = [event("k1", "2026-03-01T10:00"), event("k2", "2026-03-04T11:00")]
FILE = [
    event("n1", "2026-02-28T12:00", bot_name="Older"),
    event("n2", "2026-03-04T12:00", conversation_id="v3", customer_id="c3", ticket_id="t1"),
]
NEW_BOT = event("n3", "2026-03-05T12:00", bot_id="new", customer_id="c4", conversation_id="v4")
LIVE = [event("l1", "2026-03-04T12:30", conversation_id="v3", customer_id="c3"), event("l2", "2026-03-01T09:00")]
OTHER_BOT = event("l3", "2026-03-05T10:00", bot_id="other", customer_id="c5", conversation_id="v5")
BAD = Rejection(index=9, event_id="n9", code="time_invalid", detail="Not a time.", raw=b"{}")
WORSE = Rejection(index=9, event_id="n8", code="time_invalid", detail="Not a time.", raw=b"[]")


@pytest.fixture
def shared(folder: Folder, acme: str) -> Iterator[SharedFolder]:
    """The folder of a server, with an account acme that has the known events and a rejected one."""
    with folder.ledger(acme) as ledger:
        append_events(ledger, *KNOWN)
        append_live(ledger, live_batch([], rejections=(WORSE,)))
    ledgers = OpenLedgers(folder)
    yield SharedFolder(ledgers)
    ledgers.close()


class Beside:
    """An import between whose batches live events are sent."""

    def __init__(self, shared: SharedFolder) -> None:
        self._shared = shared
        self.read_count = 0
        self.live: list[tuple[int, int, int, int]] = []

    def send(self, *events: Event, rejections: tuple[Rejection, ...] = ()) -> None:
        with self._shared._ledgers.appending_live("acme") as ledger:
            [receipt] = append_live(ledger, live_batch(events, rejections=rejections))
        self.live.append(counts(receipt))

    def imported(
        self, *events: Event, rejections: tuple[Rejection, ...] = (), between: Callable[[], object]
    ) -> tuple[int, int, int, int]:
        def batches() -> Iterator[EventBatch]:
            self.read_count += 1
            yield batch(events[:1])
            if self.read_count == 1:
                between()
            yield batch(events[1:], rejections=rejections)

        def submissions() -> list[Submission]:
            return [Submission(source="s", batches=batches(), label="a.csv", file=ImportedFile(name="a.csv"))]

        with self._shared.importing("acme", size_bytes=BESIDE_FROM_BYTES) as access:
            [receipt] = append_import(access, submissions, now_us=NOW_US)
        return counts(receipt)


@pytest.fixture
def beside(shared: SharedFolder) -> Beside:
    return Beside(shared)


def rows(ledger: Ledger, query: str) -> list[tuple[Any, ...]]:
    return ledger.connection.execute(query).fetchall()


def event_ids(shared: SharedFolder) -> set[str]:
    """Ids of all events of a ledger that is right in every way, now and when it is opened again."""
    shared._ledgers.close_idle(0)
    with shared.ledger("acme") as ledger:
        assert verify(ledger).is_clean
        numbers = [number for (number,) in rows(ledger, "SELECT append_no FROM receipt")]
        assert len(numbers) == len(set(numbers))
        entries = [number for (number,) in rows(ledger, "SELECT quarantine_no FROM quarantine ORDER BY 1")]
        assert entries == list(range(1, len(entries) + 1))
        touchpoints = [number for (number,) in rows(ledger, "SELECT touchpoint FROM touchpoint ORDER BY 1")]
        assert touchpoints == list(range(len(touchpoints)))
        ids = [event_id for (event_id,) in rows(ledger, "SELECT event_id FROM event")]
        assert len(ids) == len(set(ids))
        assert append_events(ledger, *KNOWN).duplicates == 2
        return set(ids)


@pytest.mark.slow
def test_live_events_during_an_import_are_accepted_and_the_tables_those_of_the_import_before_them(
    shared: SharedFolder, beside: Beside, tmp_path: Path
) -> None:
    assert beside.imported(*FILE, NEW_BOT, rejections=(BAD,), between=lambda: beside.send(*LIVE)) == (3, 0, 0, 1)
    beside.send(*LIVE, *FILE, NEW_BOT)
    assert beside.live == [(2, 0, 0, 0), (0, 5, 0, 0)]
    assert beside.read_count == 1
    with shared.ledger("acme") as ledger:
        meaning = table_meaning(ledger)
        assert [each.accepted for each in imports(ledger)] == [3]
        assert rows(ledger, "SELECT max(append_no) FROM event WHERE event_id IN ('n1', 'n2', 'n3')") < rows(
            ledger, "SELECT min(append_no) FROM event WHERE event_id IN ('l1', 'l2')"
        )
    assert event_ids(shared) == {"k1", "k2", "n1", "n2", "n3", "l1", "l2"}
    with Folder.owned(tmp_path / "other", purpose="a test") as other:
        made_account(other)
        with other.ledger("acme") as ledger:
            for part in (KNOWN, [*FILE, NEW_BOT], LIVE):
                append_events(ledger, *part)
            assert table_meaning(ledger) == meaning


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "expected"),
    [(FILE[1], (1, 1, 0, 0)), (event("n2", "2026-03-04T12:01", customer_id="c9"), (1, 0, 1, 0))],
    ids=["duplicate", "conflict"],
)
def test_a_live_event_that_is_in_the_file_too_counts_once_and_the_first_one_stands(
    shared: SharedFolder, beside: Beside, sent: Event, expected: tuple[int, int, int, int]
) -> None:
    assert beside.imported(*FILE, between=lambda: beside.send(sent)) == expected
    assert (beside.live, beside.read_count) == ([(1, 0, 0, 0)], 2)
    assert event_ids(shared) == {"k1", "k2", "n1", "n2"}
    with shared.ledger("acme") as ledger:
        assert rows(ledger, "SELECT customer_id FROM event WHERE event_id = 'n2'") == [(sent["customer_id"],)]


@pytest.mark.slow
def test_new_bots_on_both_sides_have_numbers_of_their_own(shared: SharedFolder, beside: Beside) -> None:
    assert beside.imported(*FILE, NEW_BOT, between=lambda: beside.send(OTHER_BOT)) == (3, 0, 0, 0)
    assert (beside.live, beside.read_count) == ([(1, 0, 0, 0)], 2)
    assert event_ids(shared) == {"k1", "k2", "n1", "n2", "n3", "l3"}
    with shared.ledger("acme") as ledger:
        bots = rows(
            ledger, "SELECT event_id, bot_id FROM event JOIN touchpoint USING (touchpoint) WHERE bot_id <> 'b1'"
        )
    assert sorted(bots) == [("l3", "other"), ("n3", "new")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("own", "sent", "entries", "read_count"),
    [
        ([BAD], [], 2, 1),
        ([], [BAD], 2, 1),
        ([BAD], [BAD], 2, 2),
        ([BAD, WORSE], [], 2, 1),
        ([WORSE], [BAD], 2, 1),
        ([BAD], [WORSE], 2, 1),
        # Both change one row: DuckDB refuses the import, never the live event.
        ([WORSE], [WORSE], 1, 2),
    ],
)
def test_an_event_refused_on_either_side_is_in_quarantine_once(
    shared: SharedFolder, beside: Beside, own: list[Rejection], sent: list[Rejection], entries: int, read_count: int
) -> None:
    received = beside.imported(*FILE, rejections=tuple(own), between=lambda: beside.send(rejections=tuple(sent)))
    assert received == (2, 0, 0, len(own))
    assert (beside.live, beside.read_count) == ([(0, 0, 0, len(sent))], read_count)
    assert event_ids(shared) == {"k1", "k2", "n1", "n2"}
    with shared.ledger("acme") as ledger:
        stored = rows(ledger, "SELECT event_id, again_nos FROM quarantine ORDER BY 1 DESC")
    assert len(stored) == entries
    again = next((nos for event_id, nos in stored if event_id == "n8"), None)
    assert len(again or []) == (WORSE in own) + (WORSE in sent)


@pytest.mark.slow
def test_different_events_refused_on_both_sides_have_numbers_of_their_own(shared: SharedFolder, beside: Beside) -> None:
    third = Rejection(index=9, event_id="n7", code="time_invalid", detail="Not a time.", raw=b"7")
    beside.imported(*FILE, rejections=(BAD,), between=lambda: beside.send(rejections=(third,)))
    assert beside.read_count == 1
    event_ids(shared)
    with shared.ledger("acme") as ledger:
        assert rows(ledger, "SELECT quarantine_no, event_id FROM quarantine ORDER BY 1") == [
            (1, "n8"),
            (2, "n7"),
            (3, "n9"),
        ]


@pytest.mark.slow
def test_an_entry_that_the_import_corrects_leaves_quarantine_although_it_was_sent_again(
    shared: SharedFolder, beside: Beside
) -> None:
    mended = event("n8", "2026-03-05T12:00")
    assert beside.imported(*FILE, mended, between=lambda: beside.send(rejections=(WORSE,)))[0] == 3
    assert (beside.live, beside.read_count) == ([(0, 0, 0, 1)], 2)
    with shared.ledger("acme") as ledger:
        assert rows(ledger, "SELECT count(*) FROM waiting") == [(0,)]


@pytest.mark.slow
def test_an_import_that_fails_leaves_the_live_events_and_their_numbers(shared: SharedFolder, beside: Beside) -> None:
    def fail() -> None:
        beside.send(*LIVE)
        raise Refused("file_truncated", "The file ends.")

    with pytest.raises(Refused, match="ends"):
        beside.imported(*FILE, NEW_BOT, between=fail)
    beside.send(OTHER_BOT)
    assert beside.imported(*FILE, NEW_BOT, between=lambda: None) == (3, 0, 0, 0)
    assert beside.live == [(2, 0, 0, 0), (1, 0, 0, 0)]
    assert event_ids(shared) == {"n1", "n2", "n3", "k1", "k2", "l1", "l2", "l3"}


@pytest.mark.slow
def test_an_import_whose_mark_can_t_be_written_is_stored_and_says_so(
    folder: Folder, shared: SharedFolder, beside: Beside
) -> None:
    mark = mark_file(folder.path, "acme")
    content = mark.read_bytes()
    beside.send(*LIVE)

    def break_it() -> None:
        mark.unlink()
        mark.mkdir()

    with pytest.raises(Unavailable, match="The import is stored") as stored:
        beside.imported(*FILE, between=break_it)
    assert stored.value.code == "mark_failed"
    with pytest.raises(Unavailable, match="Nothing was changed"):
        beside.imported(*FILE, between=lambda: None)
    mark.rmdir()
    mark.write_bytes(content)
    assert beside.imported(*FILE, between=lambda: None) == (0, 2, 0, 0)
    assert event_ids(shared) == {"k1", "k2", "n1", "n2", "l1", "l2"}


@pytest.mark.slow
def test_settling_and_other_writers_wait_for_the_import(folder: Folder, acme: str) -> None:
    ledgers = OpenLedgers(folder, wait_seconds=0)
    shared = SharedFolder(ledgers)
    with shared.importing(acme, size_bytes=BESIDE_FROM_BYTES):
        for use in (ledgers.settling, ledgers.writing, ledgers.exclusively):
            with pytest.raises(Unavailable), use(acme):
                pass
    ledgers.close()


def test_a_small_import_keeps_live_events_waiting(shared: SharedFolder) -> None:
    for size_bytes in (None, BESIDE_FROM_BYTES - 1):
        with shared.importing("acme", size_bytes=size_bytes) as access:
            assert access.live_pause is None
