"""What was taken in is metered soon, again after a failure, and once more at the end."""

import threading
from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from botmeter.domain.errors import Unavailable
from botmeter.domain.receipt import Receipt
from botmeter.live import settling
from botmeter.live.ingest import Intake
from botmeter.live.settling import Settler
from unit.live.conftest import WITHIN_SECONDS, Ear, FakeDesk, offer_of


class Runs:
    """Settles nothing, says that it was asked, and fails as often as it is told to."""

    def __init__(self) -> None:
        self.failures = 0
        self.problem: Exception = LookupError("of the ledger")
        self.told: list[tuple[str, Exception]] = []
        self._made: SimpleQueue[str] = SimpleQueue()

    def settle(self, account: str) -> None:
        self._made.put(account)
        if self.failures:
            self.failures -= 1
            raise self.problem

    def failed(self, account: str, problem: Exception) -> None:
        self.told.append((account, problem))

    def wait(self) -> str:
        return self._made.get(timeout=WITHIN_SECONDS)

    @property
    def rest_count(self) -> int:
        return self._made.qsize()


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    monkeypatch.setattr(settling, "SETTLE_EVERY_SECONDS", 0)
    monkeypatch.setattr(settling, "_AGAIN_SECONDS", 0)
    return Runs()


@pytest.fixture
def settler(runs: Runs) -> Iterator[Settler]:
    made = Settler("acme", settle=runs.settle, failed=runs.failed)
    yield made
    made.close()


def test_nothing_is_metered_before_there_is_something_and_once_at_the_end(runs: Runs) -> None:
    settler = Settler("acme", settle=runs.settle, failed=runs.failed)
    assert runs.rest_count == 0
    settler.close()
    assert runs.rest_count == 1


def test_each_waking_has_a_run_after_it(runs: Runs, settler: Settler) -> None:
    for _ in range(3):
        settler.wake()
        assert runs.wait() == "acme"


def test_what_comes_during_a_run_has_another_run(runs: Runs) -> None:
    begun, go = threading.Semaphore(0), threading.Event()

    def slow(account: str) -> None:
        begun.release()
        assert go.wait(WITHIN_SECONDS)
        runs.settle(account)

    settler = Settler("acme", settle=slow, failed=runs.failed)
    settler.wake()
    assert begun.acquire(timeout=WITHIN_SECONDS)
    settler.wake()
    go.set()
    assert begun.acquire(timeout=WITHIN_SECONDS)
    settler.close()
    assert runs.rest_count == 3


def test_a_run_that_failed_is_told_and_tried_again_without_being_woken(runs: Runs, settler: Settler) -> None:
    runs.failures = 2
    settler.wake()
    assert [runs.wait() for _ in range(3)] == ["acme"] * 3
    assert [(account, str(problem)) for account, problem in runs.told] == [("acme", "of the ledger")] * 2


def test_a_run_that_fails_at_the_end_does_not_keep_the_server(runs: Runs) -> None:
    runs.failures = 100
    settler = Settler("acme", settle=runs.settle, failed=runs.failed)
    settler.close()
    assert len(runs.told) == 1


def test_a_commit_wakes_the_metering_of_its_account_if_anything_was_accepted(
    runs: Runs, fake: FakeDesk, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = Intake(fake.desk, settle=runs.settle)
    intake.offer(offer_of("a", account="globex"), tell=ear.named("a"))
    assert runs.wait() == "globex"
    monkeypatch.setattr(fake, "live_append", lambda *_: [(Receipt(duplicates=1),)])
    known = Intake(fake.desk, settle=runs.settle)
    known.offer(offer_of("a", account="acme"), tell=ear.named("again"))
    ear.heard(2)
    known.close()
    assert runs.rest_count == 0
    known.wake("acme")
    intake.close()
    assert runs.wait() == "globex"
    assert runs.rest_count == 0


def test_a_ledger_that_others_write_is_asked_again_and_no_fault_is_kept(runs: Runs, settler: Settler) -> None:
    runs.failures, runs.problem = 2, Unavailable("ledger_busy", "The ledger is being used by others.")
    settler.wake()
    assert [runs.wait() for _ in range(3)] == ["acme"] * 3
    settler.close()
    assert runs.told == []


def test_what_an_ended_server_left_is_metered_account_by_account_whatever_one_of_them_says(runs: Runs) -> None:
    runs.failures, runs.problem = 1, Unavailable("ledger_busy", "The ledger is being used by others.")
    intake = Intake(FakeDesk().desk, settle=runs.settle)
    intake.meter_left_over(["acme", "beta"])
    intake.close()
    assert [runs.wait(), runs.wait()] == ["acme", "beta"]
