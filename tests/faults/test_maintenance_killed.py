"""Maintenance that is killed before any of its calls that change files: no account is lost, mixed up or half there."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from tests.support import killed_at_call
from tests.support.killed_at_call import ACCOUNT, BACKUP, CUSTOMER, NEW_BACKUP, OTHER
from tests.support.ledgers import append_events, event, filled_account

import botmeter
from botmeter.ledger.backup import backup, restore
from botmeter.ledger.erase import erase
from botmeter.ledger.erased_ids import ErasedIds
from botmeter.ledger.folder import Folder
from botmeter.ledger.folder_files import accounts_with_unfinished_erasures
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.ledger.unfinished_erasures import finish_erasures
from botmeter.ledger.verify import verify

pytestmark = pytest.mark.faults
BEFORE, AFTER = {"e1"}, {"e1", "e2"}
"""Events in the backup, and in the account."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder and a backup of its account from before the last event."""
    path = tmp_path_factory.mktemp("maintenance") / "template"
    with Folder.owned(path / "data", purpose="a test") as folder:
        filled_account(folder, ACCOUNT, events=[event("e1", "2026-03-10T10:00", customer_id=CUSTOMER)])
        backup(folder, ACCOUNT, path=path / BACKUP)
        with folder.ledger(ACCOUNT) as ledger:
            append_events(ledger, event("e2", "2026-03-11T10:00"))
    return path


def killed(operation: str, template: Path, *, works: Path) -> list[Path]:
    """Folders that the operation left when it was killed before its first call, its second, …, and not at all."""
    done = subprocess.run(
        [sys.executable, killed_at_call.__file__, operation, str(template), str(works)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(botmeter.__file__).parents[1])},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [works / str(number) for number in range(1, len(done.stdout.splitlines()) + 2)]


def event_ids(folder: Folder, name: str) -> set[str]:
    with folder.ledger(name) as ledger:
        assert verify(ledger).is_clean
        return {event_id for (event_id,) in ledger.connection.execute("SELECT event_id FROM event").fetchall()}


def owned(works: list[Path]) -> Iterator[tuple[Folder, Path]]:
    """Each folder in turn, without drafts."""
    for work in works:
        with Folder.owned(work / "data", purpose="a test") as folder:
            assert list((folder.path / "accounts").glob("*draft*")) == []
            yield folder, work


def test_a_replaced_account_is_the_old_or_the_restored_one(template: Path, tmp_path: Path) -> None:
    works = killed("restore_over", template, works=tmp_path)
    found = [event_ids(folder, ACCOUNT) for folder, _ in owned(works)]
    assert (found[0], found[-1]) == (AFTER, BEFORE)
    assert all(each in (BEFORE, AFTER) for each in found)


@pytest.mark.parametrize("operation", ["restore_beside", "create"])
def test_a_new_account_is_there_as_a_whole_or_not_at_all(template: Path, tmp_path: Path, operation: str) -> None:
    works = killed(operation, template, works=tmp_path)
    content = BEFORE if operation == "restore_beside" else set()
    accounts = []
    for folder, _ in owned(works):
        assert event_ids(folder, ACCOUNT) == AFTER
        accounts.append(folder.accounts())
        assert OTHER not in folder.accounts() or event_ids(folder, OTHER) == content
    assert (accounts[0], accounts[-1]) == ([ACCOUNT], [ACCOUNT, OTHER])


def test_a_backup_is_complete_or_not_there(template: Path, tmp_path: Path) -> None:
    works = killed("back_up", template, works=tmp_path)
    for folder, work in owned(works):
        assert event_ids(folder, ACCOUNT) == AFTER
        if (work / NEW_BACKUP).exists():
            restore(folder, work / NEW_BACKUP, name=OTHER)
            assert event_ids(folder, OTHER) == AFTER
        # The next one removes what a killed one left.
        backup(folder, ACCOUNT, path=work / "next.backup")
        assert {path.name for path in work.iterdir()} <= {"data", BACKUP, NEW_BACKUP, "next.backup"}


def test_an_erasure_is_finished_or_has_not_begun(template: Path, tmp_path: Path) -> None:
    works = killed("erase_customer", template, works=tmp_path)
    counts = []
    for folder, _ in owned(works):
        forgotten: list[ErasedIds] = []
        for name in accounts_with_unfinished_erasures(folder.path):
            finish_erasures(folder, name, forget=lambda _, ids, forgotten=forgotten: forgotten.append(ids))
        ids = event_ids(folder, ACCOUNT)
        is_there = CUSTOMER.encode() in folder.file_of(ACCOUNT).read_bytes()
        assert (len(ids), "e1" in ids) == (len(AFTER), is_there)
        assert accounts_with_unfinished_erasures(folder.path) == []
        counts.append((is_there, len(forgotten)))
    assert set(counts) == {(True, 0), (False, 1), (False, 0)}


def test_restoring_and_erasing_at_the_same_time_mix_up_no_accounts(template: Path, tmp_path: Path) -> None:
    # An account of this name had the draft of every restored one.
    name = "restored"
    with Folder.owned(tmp_path / "data", purpose="a test") as folder, closing(OpenLedgers(folder)) as opened:
        shared = SharedFolder(opened)
        customers = [f"c{number}" for number in range(6)]
        filled_account(folder, name, events=[event(each, "2026-03-10T10:00", customer_id=each) for each in customers])
        with ThreadPoolExecutor(max_workers=2) as threads:
            erased = threads.submit(lambda: [erase(shared, name, customer_id=each) for each in customers])
            restored = threads.submit(
                lambda: [restore(shared, template / BACKUP, name=f"copy{number}") for number in range(6)]
            )
            assert (len(erased.result()), len(restored.result())) == (6, 6)
        assert len(event_ids(shared, name)) == len(customers)
        assert all(event_ids(shared, f"copy{number}") == BEFORE for number in range(6))
