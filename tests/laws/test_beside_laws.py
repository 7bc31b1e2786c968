"""Laws of imports beside live events: the ledger is that of the same events one after another."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.laws.test_import_laws import enriched, import_of, ledger_of, parts_of
from tests.support.event_strategies import dense_event_lists, schedules
from tests.support.ledgers import NOW_US, Schedule, batch
from tests.support.live_batches import append_live, live_batch
from tests.support.table_meaning import table_meaning

from botmeter.domain.receipt import Rejection
from botmeter.ledger.append import Submission, append
from botmeter.ledger.append_beside import ImportAccess, append_import
from botmeter.ledger.imports import ImportedFile
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.settle import settle
from botmeter.ledger.verify import verify
from botmeter.metering.schema import EventBatch
from support.examples import examples

pytestmark = pytest.mark.slow

Event = dict[str, Any]
FEW = examples(cost=30, shrinks=False)


class _LiveEvents:
    """Live events that wait to be sent through their own connection, except in a pause."""

    def __init__(self, ledger: Ledger, events: list[Event]) -> None:
        self._ledger = ledger
        # As the owner of a folder makes connections: the ledger's own one is the import's meanwhile.
        self._root = ledger.connection.cursor()
        self._waiting = deque(events)
        self._is_paused = False
        self.pause_count = 0

    def send(self, count: int) -> None:
        while count and self._waiting and not self._is_paused:
            live = Ledger(self._root.cursor(), keys=self._keys, reserved=self._ledger.reserved)
            event = self._waiting.popleft()
            number = sum(map(ord, event["event_id"]))
            refused = Rejection(index=1, event_id=f"r{number % 3}", code="time_invalid", detail="No.", raw=b"{}")
            append_live(live, live_batch([event], rejections=(refused,) if number % 5 == 0 else ()))
            count -= 1

    @contextmanager
    def pause(self) -> Iterator[None]:
        self.pause_count += 1
        self._is_paused = True
        # The import uses keys of its own in between.
        self._keys = self._ledger.keys if self.pause_count == 1 else self._keys
        yield
        self._is_paused = False


def beside(ledger: Ledger, imported: list[Event], *, live: _LiveEvents, counts: list[int]) -> None:
    """Import the events, and send live ones between them."""

    def batches(events: list[Event]) -> Iterator[EventBatch]:
        for event, count in zip(events, counts, strict=False):
            live.send(count)
            refused = Rejection(index=1, event_id=f"r{count}", code="time_invalid", detail="No.", raw=b"{}")
            yield batch([event], rejections=(refused,) if count else ())

    def submissions() -> list[Submission]:
        return [
            Submission(source=source, batches=batches(own), label="file", file=ImportedFile(name="file"))
            for source in sorted({each["source"] for each in imported})
            if (own := [each for each in imported if each["source"] == source])
        ]

    append_import(ImportAccess(ledger=ledger, live_pause=live.pause), submissions, now_us=NOW_US)


def check(schedule: Schedule, events: list[Event], *, draw: Callable[..., Any], is_large: bool) -> None:
    before, imported, live = parts_of(enriched(events), draw)
    repeated = (
        draw(st.lists(st.sampled_from(imported), min_size=draw(st.integers(0, 2)), max_size=3)) if imported else []
    )
    live += [each | {"customer_id": draw(st.sampled_from([each["customer_id"], "c9"]))} for each in repeated]
    live = draw(st.permutations(live))
    counts = draw(st.lists(st.integers(0, 3), min_size=len(imported), max_size=len(imported)))
    both, alone = ledger_of(schedule, is_large=is_large), ledger_of(schedule, is_large=is_large)
    for ledger in (both, alone):
        append(ledger, import_of(before, "before"), now_us=NOW_US)
    sent = _LiveEvents(both, list(live))
    beside(both, imported, live=sent, counts=counts)
    sent.send(len(live))
    both.catch_up()
    settle(both, now_us=NOW_US)
    stored = {
        (source, event_id): customer
        for source, event_id, customer in both.connection.execute(
            "SELECT source, event_id, coalesce(sent_customer_id, customer_id) FROM event"
        ).fetchall()
    }
    # Of an event that came twice, either form may have been first.
    append(
        alone,
        import_of([each for each in live if stored[each["source"], each["event_id"]] == each["customer_id"]], "live"),
        now_us=NOW_US,
    )
    append(alone, import_of(imported, "imported"), now_us=NOW_US)
    assert table_meaning(both) == table_meaning(alone)
    verification = verify(both)
    assert verification.is_clean, verification.differences
    for numbers in ("append_no FROM receipt", "quarantine_no FROM quarantine", "touchpoint FROM touchpoint"):
        rows = both.connection.execute(f"SELECT {numbers}").fetchall()
        assert len(set(rows)) == len(rows)
    waiting = both.connection.execute("SELECT source, event_id, code, raw FROM waiting").fetchall()
    assert len(set(waiting)) == len(waiting)


@pytest.mark.parametrize("is_large", [False, True])
@FEW
@given(schedule=schedules(), events=dense_event_lists(), data=st.data())
def test_an_import_beside_live_events_gives_the_tables_of_the_same_events(
    is_large: bool, schedule: Schedule, events: list[Event], data: st.DataObject
) -> None:
    check(schedule, events, draw=data.draw, is_large=is_large)
