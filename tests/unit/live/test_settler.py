"""Appended events are metered soon, again after a failure, and once more at the end."""

import math
import threading
import time
from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from botmeter.domain.errors import Unavailable
from botmeter.domain.receipt import Receipt
from botmeter.live import settler as settling
from botmeter.live.ingest import Ingestion
from botmeter.live.settler import Settler
from unit.live.conftest import WITHIN_SECONDS, FakeStore, enqueued


class SettledStore(FakeStore):
    """Counts runs, and fails as often as it should."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 0
        self.problem: Exception = LookupError("of the ledger")
        self.checkpoint_seconds = 0.0
        self._runs: SimpleQueue[str] = SimpleQueue()

    def settle(self, account: str) -> float:
        self._runs.put(account)
        if self.failures:
            self.failures -= 1
            raise self.problem
        return time.monotonic() - self.checkpoint_seconds

    def wait(self) -> str:
        """The account of the next run."""
        return self._runs.get(timeout=WITHIN_SECONDS)

    @property
    def rest_count(self) -> int:
        return self._runs.qsize()


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> SettledStore:
    monkeypatch.setattr(settling, "METERED_WITHIN_SECONDS", 0)
    monkeypatch.setattr(settling, "_REST_SECONDS", 0)
    monkeypatch.setattr(settling, "_RETRY_SECONDS", 0)
    return SettledStore()


@pytest.fixture
def settler(runs: SettledStore) -> Iterator[Settler]:
    made = Settler("acme", store=runs)
    yield made
    made.close()


def test_nothing_is_metered_before_it_is_woken_and_once_more_at_the_end(runs: SettledStore) -> None:
    Settler("acme", store=runs).close()
    assert runs.rest_count == 0
    settler = Settler("acme", store=runs)
    settler.wake()
    settler.close()
    assert runs.rest_count in {1, 2}


def test_an_idle_thread_ends_and_the_next_wake_starts_another(
    runs: SettledStore, settler: Settler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "_IDLE_SECONDS", 0)
    threads = set()
    for _ in range(3):
        settler.wake()
        thread = settler._thread
        assert runs.wait() == "acme"
        if thread is not None:
            thread.join(WITHIN_SECONDS)
            threads.add(thread)
    assert settler._thread is None
    assert not any(thread.is_alive() for thread in threads)


def test_each_waking_is_followed_by_a_run(runs: SettledStore, settler: Settler) -> None:
    for _ in range(3):
        settler.wake()
        assert runs.wait() == "acme"


def test_a_checkpoint_after_a_run_is_part_of_the_pause(
    runs: SettledStore, settler: Settler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "METERED_WITHIN_SECONDS", -math.inf)
    monkeypatch.setattr(settling, "_REST_SECONDS", 2 * WITHIN_SECONDS)
    runs.checkpoint_seconds = 2 * WITHIN_SECONDS
    for _ in range(3):
        settler.wake()
        assert runs.wait() == "acme"


def test_events_appended_during_a_run_get_another_run(runs: SettledStore, monkeypatch: pytest.MonkeyPatch) -> None:
    started, go = threading.Semaphore(0), threading.Event()
    settle = runs.settle

    def slow(account: str) -> float:
        started.release()
        assert go.wait(WITHIN_SECONDS)
        return settle(account)

    monkeypatch.setattr(runs, "settle", slow)
    settler = Settler("acme", store=runs)
    settler.wake()
    assert started.acquire(timeout=WITHIN_SECONDS)
    settler.wake()
    go.set()
    assert started.acquire(timeout=WITHIN_SECONDS)
    settler.close()
    assert runs.rest_count == 3


def test_a_failed_run_is_reported_and_tried_again_without_being_woken(runs: SettledStore, settler: Settler) -> None:
    runs.failures = 2
    settler.wake()
    assert [runs.wait() for _ in range(3)] == ["acme"] * 3
    assert [str(problem) for problem in runs.bugs] == ["of the ledger"] * 2


def test_a_run_that_fails_at_the_end_does_not_keep_the_server_from_stopping(runs: SettledStore) -> None:
    runs.failures = 100
    settler = Settler("acme", store=runs)
    settler.wake()
    settler.close()
    assert runs.bugs


def test_a_commit_wakes_the_metering_of_its_account_if_anything_was_accepted(
    runs: SettledStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingestion = Ingestion(runs)
    enqueued(ingestion, "a", account="globex")
    assert runs.wait() == "globex"
    ingestion.close()
    # The run at the end.
    assert runs.wait() == "globex"
    known = Ingestion(runs)
    monkeypatch.setattr(runs, "commit", lambda *_: [(Receipt(duplicates=1),)])
    monkeypatch.setattr(Settler, "close", lambda _: None)
    enqueued(known, "a").receipt.result(WITHIN_SECONDS)
    known.close()
    assert runs.rest_count == 0
    monkeypatch.undo()
    known._committers["acme"]._settler.close()


def test_a_busy_ledger_is_tried_again_and_not_reported_as_a_bug(runs: SettledStore, settler: Settler) -> None:
    runs.failures, runs.problem = 2, Unavailable("ledger_busy", "The ledger is being used by others.")
    settler.wake()
    assert [runs.wait() for _ in range(3)] == ["acme"] * 3
    settler.close()
    assert runs.bugs == []


def test_events_left_by_a_stopped_server_are_metered_for_each_account_even_if_one_is_busy(runs: SettledStore) -> None:
    runs.failures, runs.problem = 1, Unavailable("ledger_busy", "The ledger is being used by others.")
    ingestion = Ingestion(runs)
    ingestion.settle_left_over(["acme", "beta"])
    ingestion.close()
    assert [runs.wait(), runs.wait()] == ["acme", "beta"]
