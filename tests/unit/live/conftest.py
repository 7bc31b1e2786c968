"""Pending batches, and a store that keeps what is enqueued and can be held up."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import pytest

from botmeter.domain.receipt import Receipt
from botmeter.domain.source import Source
from botmeter.ledger.live_batch import LiveBatch
from botmeter.live.ingest import Ingestion
from botmeter.live.queue import PendingDelivery

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


def pending(*event_ids: str, account: str = "acme", source: str = "default") -> PendingDelivery:
    return PendingDelivery(
        account=account,
        source=source,
        platform="botmeter",
        records=tuple(map(text_of, event_ids)),
        received_us=0,
    )


def enqueued(ingestion: Ingestion, *event_ids: str, account: str = "acme", source: str = "default") -> PendingDelivery:
    delivery = pending(*event_ids, account=account, source=source)
    ingestion.enqueue(delivery)
    return delivery


def _receipts(batch: LiveBatch) -> tuple[Receipt, ...]:
    """Accept everything."""
    firsts = [delivery.first_position for delivery in batch.deliveries]
    return tuple(Receipt(accepted=end - first) for first, end in pairwise([*firsts, len(batch.parsed.events)]))


class FakeStore:
    """Accepts everything, as soon as it is open.

    Attributes:
        groups: For each commit, the event ids of each live batch.
        accounts: For each commit, its account.
        fails: The exception for a commit of these event ids.
        bugs: The reported bugs.
    """

    def __init__(self) -> None:
        self.groups: list[list[list[str]]] = []
        self.accounts: list[str] = []
        self.bugs: list[Exception] = []
        self.fails: Callable[[list[str]], Exception | None] = lambda _: None
        self.started = threading.Semaphore(0)
        self.open = threading.Event()
        self.open.set()

    def commit(self, account: str, batches: Sequence[LiveBatch]) -> list[tuple[Receipt, ...]]:
        ids = [batch.parsed.events["event_id"].to_pylist() for batch in batches]
        self.groups.append(ids)
        self.accounts.append(account)
        self.started.release()
        assert self.open.wait(WITHIN_SECONDS)
        problem = self.fails([event_id for batch in ids for event_id in batch])
        if problem is not None:
            raise problem
        return [_receipts(batch) for batch in batches]

    def source_of(self, delivery: PendingDelivery) -> Source:
        return Source(name=delivery.source, platform=delivery.platform)

    def settle(self, account: str) -> float:  # noqa: ARG002 - of the port
        """Meter nothing."""
        return time.monotonic()

    def report(self, problem: Exception) -> None:
        self.bugs.append(problem)

    def hold(self) -> None:
        """Block commits until `open` is set."""
        self.open.clear()

    def wait_started(self) -> None:
        """Wait until a commit has started."""
        assert self.started.acquire(timeout=WITHIN_SECONDS)


@pytest.fixture
def store() -> Iterator[FakeStore]:
    made = FakeStore()
    yield made
    made.open.set()


@pytest.fixture
def ingestion(store: FakeStore) -> Iterator[Ingestion]:
    made = Ingestion(store)
    yield made
    store.open.set()
    made.close()
