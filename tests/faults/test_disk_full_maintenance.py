"""Maintenance on a full disk: a sentence, nothing changed, no drafts; and it works when there is room."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.ledgers import event, filled_account

from botmeter.domain.account import Account
from botmeter.domain.durable_files import durable_file
from botmeter.domain.errors import Unavailable
from botmeter.ledger.backup import backup, restore
from botmeter.ledger.erase import erase
from botmeter.ledger.folder import Folder
from botmeter.ledger.verify import verify
from botmeter.metering.policy import FRESHCHAT
from support.live_server import commanded, ran
from support.small_disk import fill, make_room, small_disk

pytestmark = pytest.mark.faults
ACCOUNT, CUSTOMER = "acme", "customer-SECRET"
NOW_US = 1_780_000_000_000_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with a data folder and a backup of its account."""
    with small_disk(tmp_path) as disk:
        with Folder.owned(disk / "data", purpose="a test") as folder:
            events = [event(f"e{number}", "2026-03-10T10:00", customer_id=CUSTOMER) for number in range(500)]
            filled_account(folder, ACCOUNT, events=events)
            backup(folder, ACCOUNT, path=disk / "acme.backup")
        yield disk


def create(folder: Folder) -> None:
    folder.create(Account(name="other"), policy=FRESHCHAT, now_us=NOW_US)


def back_up(folder: Folder) -> None:
    backup(folder, ACCOUNT, path=folder.path.parent / "new.backup")


def restore_over(folder: Folder) -> None:
    restore(folder, folder.path.parent / "acme.backup", replace=True)


def restore_beside(folder: Folder) -> None:
    restore(folder, folder.path.parent / "acme.backup", name="other")


def erase_customer(folder: Folder) -> None:
    erase(folder, ACCOUNT, customer_id=CUSTOMER)


@pytest.mark.parametrize("operation", [create, back_up, restore_over, restore_beside, erase_customer])
def test_it_is_refused_with_a_sentence_and_leaves_no_draft(disk: Path, operation: Callable[[Folder], None]) -> None:
    with Folder.owned(disk / "data", purpose="a test") as folder:
        fill(disk)
        with pytest.raises(Unavailable, match="disk") as refused:
            operation(folder)
        assert refused.value.code in {"disk_full", "erase_unfinished"}
        assert list(disk.rglob("*.draft*")) == []
        assert folder.accounts() == [ACCOUNT]
        make_room(disk)
        with folder.ledger(ACCOUNT) as ledger:
            assert verify(ledger).is_clean
        operation(folder)


def test_an_export_is_refused_and_leaves_the_earlier_file_as_it_was(disk: Path) -> None:
    earlier = disk / "rows.csv"
    with durable_file(earlier) as file:
        file.write(b"earlier")
    fill(disk)
    export = ("sessions", "--account", ACCOUNT, "--from", "2026-03-01", "--to", "2026-03-31", "-o", str(earlier))
    done = ran(disk / "data", *export)
    assert (done.returncode, done.stderr.endswith(f"error: The disk is full; {earlier} was not written.\n")) == (
        1,
        True,
    )
    assert (earlier.read_bytes(), list(disk.rglob("*.draft*"))) == (b"earlier", [])
    make_room(disk)
    commanded(disk / "data", *export)
    assert earlier.read_bytes() != b"earlier"
