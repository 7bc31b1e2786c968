"""Operations are killed before they sync, rename, delete or cut a file: accounts are whole and their own afterwards."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support import killable
from tests.support.killable import ACCOUNT, BATCH_EVENTS, BATCHES, CUSTOMER, IMPORTS, MINUTE_US, NEIGHBOUR, NEW
from tests.support.system_calls import Ended, KillPoint, Operation, kill_at_most, kill_points, killed_at, require_strace

from botmeter.billing.closing import close_ended
from botmeter.billing.stated import read_document
from botmeter.billing.statement_verify import verify_statements
from botmeter.domain.instant import now_us, us_from_text
from botmeter.ledger.backup import backup, restore
from botmeter.ledger.billing.closed_statements import closed_statements
from botmeter.ledger.billing.plan_terms import plan_terms
from botmeter.ledger.billing.purchases import purchases
from botmeter.ledger.erase import erase
from botmeter.ledger.erased_ids import ErasedIds
from botmeter.ledger.folder import Folder
from botmeter.ledger.folder_files import accounts_with_unfinished_erasures
from botmeter.ledger.import_undo import undo_import
from botmeter.ledger.imports import imports
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.ledger.settle import backlog
from botmeter.ledger.unfinished_erasures import finish_erasures
from botmeter.ledger.verify import verify
from botmeter.live.store import LedgerStore

pytestmark = pytest.mark.faults

KILLS_MAX = 14
"""Of each operation; all of them together are about a hundred."""
EVENTS_OF_CUSTOMER = 5
EVENTS_OF_SCHEMA_4 = 81

Counts = dict[str, int]
"""Events of each batch; those of the customer to erase under its pseudonym or id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An operation, and what must be true of its folder after a kill."""

    prepare: Callable[[Path], None]
    operation: Operation
    check: Callable[[Folder, Ended], None]


def forget_nowhere(_name: str, _ids: ErasedIds) -> int:
    """There is no other store."""
    return 0


def batches_of(folder: Folder, account: str = ACCOUNT) -> Counts:
    """Events by batch; the ledger is the account's own and verifies as clean."""
    with folder.ledger(account) as ledger:
        assert ledger.account.name == account
        assert backlog(ledger.connection).event_count == 0
        verification = verify(ledger)
        assert verification.is_clean, "\n".join(map(str, verification.differences))
        query = "SELECT split_part(event_id, '-', 1), count(*) FROM event GROUP BY 1"
        return dict(ledger.connection.execute(query).fetchall())


def check_appended(folder: Folder, ended: Ended) -> None:
    counts = batches_of(folder)
    del counts["e"]
    assert set(ended.acknowledged) <= set(counts) <= {str(number) for number in range(BATCHES)}
    assert set(counts.values()) <= {BATCH_EVENTS}


def check_erased(folder: Folder, ended: Ended) -> None:
    """Whole before or after; finished as an owner of the folder does, or done again, it leaves no trace in any file."""
    for name in accounts_with_unfinished_erasures(folder.path):
        finish_erasures(folder, name, forget=forget_nowhere)
    if "e" in batches_of(folder):
        assert not ended.acknowledged
        erase(folder, ACCOUNT, customer_id=CUSTOMER)
    assert sum(batches_of(folder).values()) == EVENTS_OF_CUSTOMER
    assert accounts_with_unfinished_erasures(folder.path) == []
    named = [file.name for file in folder.path.rglob("*") if file.is_file() and CUSTOMER.encode() in file.read_bytes()]
    assert named == []


def check_replaced(folder: Folder, ended: Ended) -> None:
    """Whole before or after; restoring again gives the backup's contents."""
    before, after = {"e": EVENTS_OF_CUSTOMER, "0": BATCH_EVENTS}, {"e": EVENTS_OF_CUSTOMER}
    assert batches_of(folder) in ([after] if ended.acknowledged else [before, after])
    restore(folder, folder.path / "backup.tar", replace=True)
    assert batches_of(folder) == after


def check_created(folder: Folder, ended: Ended) -> None:
    check_new_account(folder, ended, events={})


def check_restored_beside(folder: Folder, ended: Ended) -> None:
    check_new_account(folder, ended, events={"e": EVENTS_OF_CUSTOMER})
    assert batches_of(folder) == {"e": EVENTS_OF_CUSTOMER, "0": BATCH_EVENTS}


def check_new_account(folder: Folder, ended: Ended, *, events: Counts) -> None:
    """Whole or not there."""
    assert NEW in folder.accounts() or not ended.acknowledged
    assert NEW not in folder.accounts() or batches_of(folder, NEW) == events


def check_backed_up(folder: Folder, ended: Ended) -> None:
    """The backup is whole or not there; the next one removes the draft of a killed one."""
    file = folder.path / "new.tar"
    assert file.exists() or not ended.acknowledged
    assert batches_of(folder) == {"e": EVENTS_OF_CUSTOMER}
    if file.exists():
        restore(folder, file, name=NEW)
        assert batches_of(folder, NEW) == {"e": EVENTS_OF_CUSTOMER}
    backup(folder, ACCOUNT, path=folder.path / "next.tar")
    assert [file.name for file in folder.path.iterdir() if "draft" in file.name] == []


def check_migrated(folder: Folder, _ended: Ended) -> None:
    batches_of(folder)
    with folder.ledger(ACCOUNT) as ledger:
        assert ledger.connection.execute("SELECT count(*) FROM event").fetchall() == [(EVENTS_OF_SCHEMA_4,)]


def check_undone(folder: Folder, ended: Ended) -> None:
    """Each import is whole or undone as a whole, and says so; an interrupted undo can be repeated."""
    counts = batches_of(folder)
    with folder.ledger(ACCOUNT) as ledger:
        records = imports(ledger)
        in_force = {str(record.number - 1) for record in records if record.undone_at is None}
        assert counts == dict.fromkeys(in_force, BATCH_EVENTS) | {"e": EVENTS_OF_CUSTOMER}
        assert len(in_force) <= IMPORTS - len(ended.acknowledged)
        for record in records:
            if record.undone_at is None:
                undo_import(ledger, record.number, reason="again", now_us=now_us())
    assert batches_of(folder) == {"e": EVENTS_OF_CUSTOMER}


def check_closed(folder: Folder, ended: Ended) -> None:
    """Each statement is whole or not there; closing again gives those that are missing, with the next numbers."""
    with folder.ledger(ACCOUNT) as ledger:
        numbers = [each.number for each in closed_statements(ledger)]
        assert ["ACME-000001", *ended.acknowledged] == numbers[: 1 + len(ended.acknowledged)]
        # Before the next one is closed, the late session of February is still to adjust.
        assert all(each.is_pending for each in verify_statements(ledger))
        close_ended(ledger, now_us=us_from_text("2026-06-02T00:00:00Z"))
        assert verify_statements(ledger) == []
        closed = closed_statements(ledger)
        assert [each.number for each in closed] == [f"ACME-00000{number}" for number in range(1, 5)]
        # 3 more sessions in March than included; of February one session more and one void.
        assert [read_document(each)["total"] for each in closed] == ["1.00", "1.50", "0.00", "0.00"]


def check_recharged(folder: Folder, ended: Ended) -> None:
    """The sessions on disk have bought what they buy without a kill: every second one, at its own start."""
    ledgers = OpenLedgers(folder)
    LedgerStore(ledgers).settle(ACCOUNT)
    with ledgers.reading(ACCOUNT) as ledger:
        query = "SELECT count(*) FROM event WHERE customer_id LIKE 'r%'"
        ((count,),) = ledger.connection.execute(query).fetchall()
        from_us = plan_terms(ledger)[0].from_at
        bought = [(each.purchase.from_at - from_us) // MINUTE_US for each in purchases(ledger)]
    ledgers.close()
    assert len(ended.acknowledged) <= count
    assert bought == [number for number in range(count) if number % 2]


CASES = {
    "live append": Case(prepare=killable.create, operation=killable.append_live_batches, check=check_appended),
    "settle": Case(prepare=killable.create, operation=killable.settle_often, check=check_appended),
    "settle and buy": Case(
        prepare=killable.create_with_recharge, operation=killable.settle_and_buy, check=check_recharged
    ),
    "checkpoint": Case(prepare=killable.create, operation=killable.checkpoint, check=check_appended),
    "close": Case(prepare=killable.create_with_plan, operation=killable.close_cycles, check=check_closed),
    "erase": Case(prepare=killable.create, operation=killable.erase_customer, check=check_erased),
    "undo": Case(prepare=killable.create_with_imports, operation=killable.undo_imports, check=check_undone),
    "create": Case(prepare=killable.create, operation=killable.create_account, check=check_created),
    "restore beside": Case(
        prepare=killable.create_with_backup, operation=killable.restore_beside, check=check_restored_beside
    ),
    "restore": Case(prepare=killable.create_with_backup, operation=killable.replace_by_backup, check=check_replaced),
    "backup": Case(prepare=killable.create, operation=killable.back_up, check=check_backed_up),
    "migration": Case(
        prepare=killable.create_in_earlier_schema, operation=killable.open_earlier_schema, check=check_migrated
    ),
}


def is_killed_and_whole(case: Case, point: KillPoint, *, folder: Path) -> bool:
    """Kill the operation there and check its folder; False if it ended before that point."""
    ended = killed_at(point, case.operation, folder=folder)
    with Folder.owned(folder, purpose="a test") as owned:
        assert {ACCOUNT, NEIGHBOUR} <= set(owned.accounts())
        case.check(owned, ended)
        assert batches_of(owned, NEIGHBOUR) == {str(BATCHES): BATCH_EVENTS}
    assert [file.name for file in (folder / "accounts").iterdir() if "draft" in file.name] == []
    return ended.was_killed


@pytest.mark.parametrize("name", CASES)
def test_an_account_is_whole_after_each_kill(name: str, tmp_path: Path) -> None:
    require_strace()
    case, template, folder = CASES[name], tmp_path / "template", tmp_path / "work"
    case.prepare(template)

    def is_killed_at(point: KillPoint) -> bool:
        shutil.copytree(template, folder)
        is_killed = is_killed_and_whole(case, point, folder=folder)
        shutil.rmtree(folder)
        return is_killed

    points = kill_points(case.operation, shutil.copytree(template, tmp_path / "traced"))
    kill_at_most(points, most=KILLS_MAX, is_killed_at=is_killed_at)
