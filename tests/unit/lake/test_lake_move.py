"""An account's ledger becomes a lake and a lake's record a ledger, with the same tables, also after a kill."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from tests.support.lakes import append_files, random_increments, run, written_files
from tests.support.ledgers import ACME, NOW_US, append_events, batch, event
from tests.support.table_meaning import Rows, whole_meaning

from botmeter.domain.account import Account
from botmeter.domain.errors import Conflict, Missing
from botmeter.lake.move import export_to_ledger, import_from_ledger
from botmeter.lake.root import LakeRoot
from botmeter.lake.serving import create_lake_account, follow
from botmeter.lake.verification import verify_lake
from botmeter.ledger.append import Submission, append
from botmeter.ledger.backup import backup, restore
from botmeter.ledger.customers import SameCustomer, merge_customers
from botmeter.ledger.erase import erase
from botmeter.ledger.folder import Folder
from botmeter.ledger.imports import ImportedFile
from botmeter.ledger.lake_account import accounts_in_lakes
from botmeter.ledger.settings import BotName, set_bot_name
from botmeter.ledger.verify import verify
from botmeter.metering.policy import FRESHCHAT

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")
pytestmark = pytest.mark.slow

MORE_TABLES = (
    "event", "receipt", "quarantine", "customer_alias", "erased_key", "file_import", "bot_name_set", "restatement",
)  # fmt: skip


@pytest.fixture(name="folder")
def owned(tmp_path: Path) -> Iterator[Folder]:
    with Folder.owned(tmp_path / "data", purpose="a test") as folder:
        yield folder


@pytest.fixture(name="root")
def lake_beside(tmp_path: Path) -> LakeRoot:
    return LakeRoot.at(str(tmp_path / "lake"))


def meaning_of(folder: Folder, name: str) -> dict[str, Rows]:
    """Rows as `whole_meaning` has them, and all columns of tables that no run derives."""
    with folder.ledger(name) as ledger:
        more = {
            table: sorted(ledger.connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
            for table in MORE_TABLES
        }
        return {**whole_meaning(ledger), **{f"{table} whole": rows for table, rows in more.items()}}


def busy_account(folder: Folder) -> Random:
    """Make an account with conflicts, merges, an erased customer and an import, and a copy of it named beside."""
    folder.create(ACME, policy=FRESHCHAT, now_us=NOW_US)
    random = Random(3)
    for number, pieces in enumerate(random_increments(random, count=120, increments=2)):
        with folder.ledger("acme") as ledger:
            append_files(ledger, written_files(folder.path.parent, f"{number}", *pieces))
    with folder.ledger("acme") as ledger:
        merge_customers(ledger, [SameCustomer(customer_id="c1", alias="c2")], now_us=NOW_US)
        set_bot_name(ledger, BotName(bot_id="b1", name="Ada"), now_us=NOW_US)
        imported = [
            Submission(
                source="t",
                batches=[batch([event("t1", "2026-03-01T10:00")])],
                label="t.csv",
                file=ImportedFile(name="t.csv"),
            )
        ]
        append(ledger, imported, now_us=NOW_US)
    erase(folder, "acme", customer_id="c3")
    backup(folder, "acme", path=folder.path / "acme.tar")
    restore(folder, folder.path / "acme.tar", name="beside")
    return random


def send(folder: Folder, root: LakeRoot, *, random: Random, name: str) -> None:
    """Send the same files to the lake and to the account beside it."""
    files = written_files(folder.path.parent, name, *random_increments(random, count=60, increments=1)[0])
    run(root, files)
    with folder.ledger("beside") as beside:
        append_files(beside, files)


def test_a_ledger_becomes_a_lake_and_a_lake_a_ledger(folder: Folder, root: LakeRoot) -> None:
    random = busy_account(folder)
    before = meaning_of(folder, "acme")
    record = import_from_ledger(folder, "acme", root=root, now_us=NOW_US)
    assert (record.event_count, accounts_in_lakes(folder.path)) == (len(before["event"]), ["acme"])
    assert meaning_of(folder, "acme") == before
    assert verify_lake(root).is_clean
    send(folder, root, random=random, name="third")
    with folder.ledger("acme") as ledger, folder.ledger("beside") as beside:
        assert follow(ledger, now_us=NOW_US)
        assert whole_meaning(ledger) == whole_meaning(beside)
    in_lake = meaning_of(folder, "acme")
    export_to_ledger(folder, "acme", root=root, now_us=NOW_US)
    assert (meaning_of(folder, "acme"), accounts_in_lakes(folder.path)) == (in_lake, [])
    files = written_files(folder.path.parent, "fourth", *random_increments(random, count=60, increments=1)[0])
    for name in ("acme", "beside"):
        with folder.ledger(name) as ledger:
            append_files(ledger, files)
            assert verify(ledger).is_clean
    with folder.ledger("acme") as ledger, folder.ledger("beside") as beside:
        assert whole_meaning(ledger) == whole_meaning(beside)


def test_a_lake_in_a_bucket_becomes_a_ledger_of_a_new_account(folder: Folder, in_bucket: LakeRoot) -> None:
    busy_account(folder)
    import_from_ledger(folder, "acme", root=in_bucket, now_us=NOW_US)
    with folder.ledger("acme") as ledger, folder.ledger("beside") as beside:
        before = whole_meaning(ledger)
        assert before == whole_meaning(beside)
    folder.remove("acme")
    export_to_ledger(folder, "acme", root=in_bucket, now_us=NOW_US)
    with folder.ledger("acme") as ledger:
        assert whole_meaning(ledger) == before
        assert ledger.lake is None


def test_an_import_is_repeated_after_a_kill_before_the_account_serves_the_lake(folder: Folder, root: LakeRoot) -> None:
    busy_account(folder)
    import_from_ledger(folder, "beside", root=root, now_us=NOW_US)
    # As a kill leaves it: the lake has a record, the account's file not yet.
    restore(folder, folder.path / "acme.tar", name="beside", replace=True)
    with folder.ledger("beside") as ledger:
        append_events(ledger, event("meanwhile", "2026-03-02T10:00"))
    before = meaning_of(folder, "beside")
    assert import_from_ledger(folder, "beside", root=root, now_us=NOW_US).number == 3
    assert meaning_of(folder, "beside") == before
    assert verify_lake(root).is_clean


def test_what_can_not_be_moved_is_refused_by_name(folder: Folder, root: LakeRoot) -> None:
    busy_account(folder)
    with pytest.raises(Missing) as missing:
        export_to_ledger(folder, "acme", root=root, now_us=NOW_US)
    assert missing.value.code == "lake_missing"
    import_from_ledger(folder, "acme", root=root, now_us=NOW_US)
    other = LakeRoot.at(f"{root.uri}-other")
    create_lake_account(folder, Account(name="other"), policy=FRESHCHAT, root=other, now_us=NOW_US)
    used = LakeRoot.at(f"{root.uri}-used")
    folder.create(Account(name="used"), policy=FRESHCHAT, now_us=NOW_US)
    import_from_ledger(folder, "used", root=used, now_us=NOW_US)
    run(used, written_files(folder.path.parent, "used", [event("u", "2026-03-01T10:00")]))
    export_to_ledger(folder, "used", root=used, now_us=NOW_US)
    for move, name, lake, code in (
        (import_from_ledger, "acme", LakeRoot.at(f"{root.uri}-new"), "account_in_lake"),
        (import_from_ledger, "beside", root, "lake_account_differs"),
        (import_from_ledger, "used", used, "lake_in_use"),
        (export_to_ledger, "used", used, "account_not_in_lake"),
        (export_to_ledger, "acme", other, "lake_account_differs"),
    ):
        with pytest.raises(Conflict) as refusal:
            move(folder, name, root=lake, now_us=NOW_US)
        assert refusal.value.code == code
