"""What the tests of the intake share: offers, and a desk that writes nothing down and can be held up."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue

import pytest

from botmeter.domain.receipt import Receipt
from botmeter.domain.source import Source
from botmeter.ledger.live_batch import LiveBatch
from botmeter.live.commit import Desk
from botmeter.live.pending import Answered, Offer

Told = Answered | Exception
WITHIN_SECONDS = 30


def text_of(event_id: str) -> bytes:
    return json.dumps(
        {
            "event_id": event_id,
            "occurred_at": "2026-03-10T10:00:00Z",
            "conversation_id": "v1",
            "customer_id": "c1",
            "actor": "customer",
        }
    ).encode()


def offer_of(*event_ids: str, account: str = "acme", source: str = "default") -> Offer:
    return Offer(
        account=account,
        source=source,
        platform="botmeter",
        texts=tuple(map(text_of, event_ids)),
        received_us=0,
    )


class FakeDesk:
    """Takes everything, once it is let; keeps which events came together.

    Attributes:
        groups: Of each call, the ids of the events of each parcel.
        fails: What to raise of a call, by the ids in it.
        bugs: What it was told of.
    """

    def __init__(self) -> None:
        self.groups: list[list[list[str]]] = []
        self.commits: list[tuple[str, int]] = []
        self.bugs: list[tuple[str, Exception]] = []
        self.fails: Callable[[list[str]], Exception | None] = lambda _: None
        self.begun = threading.Semaphore(0)
        self.open = threading.Event()
        self.open.set()

    @property
    def desk(self) -> Desk:
        return Desk(
            live_append=self.live_append, source_of=self.source_of, committed=self.committed, failed=self.failed
        )

    def live_append(self, _: str, parcels: Sequence[LiveBatch]) -> list[tuple[Receipt, ...]]:
        ids = [parcel.batch.events["event_id"].to_pylist() for parcel in parcels]
        self.groups.append(ids)
        self.begun.release()
        assert self.open.wait(WITHIN_SECONDS)
        problem = self.fails([event_id for parcel in ids for event_id in parcel])
        if problem is not None:
            raise problem
        return [tuple(Receipt(accepted=dispatch.record_count) for dispatch in parcel.dispatches) for parcel in parcels]

    def source_of(self, *_: str) -> Source | None:
        return None

    def committed(self, account: str, answers: Sequence[Answered], *, seconds: float) -> None:
        assert seconds >= 0
        self.commits.append((account, len(answers)))

    def failed(self, account: str, problem: Exception) -> None:
        self.bugs.append((account, problem))

    def hold(self) -> None:
        """From now on whoever writes waits for `open`."""
        self.open.clear()

    def wait_begun(self) -> None:
        """Until somebody writes."""
        assert self.begun.acquire(timeout=WITHIN_SECONDS)


class Ear:
    """Whom offers are told to."""

    def __init__(self) -> None:
        self._heard: SimpleQueue[tuple[str, Told]] = SimpleQueue()

    def named(self, name: str) -> Callable[[Told], None]:
        return lambda told: self._heard.put((name, told))

    def heard(self, count: int) -> dict[str, Told]:
        """What the next `count` were told, by name; nobody is told twice."""
        found = [self._heard.get(timeout=WITHIN_SECONDS) for _ in range(count)]
        assert len({name for name, _ in found}) == count
        return dict(found)

    @property
    def is_silent(self) -> bool:
        return self._heard.empty()


@pytest.fixture
def fake() -> Iterator[FakeDesk]:
    made = FakeDesk()
    yield made
    made.open.set()


@pytest.fixture
def ear() -> Ear:
    return Ear()
