"""An account in a lake answers as a ledger that was sent the same files, and takes no events of its own."""

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from tests.support.lakes import append_files, random_increments, run, written_files
from tests.support.ledgers import ACME, NOW_US
from tests.support.table_meaning import whole_meaning

from botmeter.billing.plan import Allowance, CycleRule, Meter, Pack, Plan, Recharge
from botmeter.billing.plan_text import plan_as_json
from botmeter.domain.account import Account
from botmeter.domain.errors import Conflict, Unavailable
from botmeter.domain.instant import DAY_US
from botmeter.lake.compact import compact
from botmeter.lake.engine import Here
from botmeter.lake.root import LakeRoot
from botmeter.lake.serving import create_lake_account, follow, is_newest, reading_newest
from botmeter.lake.vacuum import vacuum
from botmeter.ledger.append import append
from botmeter.ledger.billing.plan_terms import PlanChange, add_plan_term
from botmeter.ledger.customers import merge_preview
from botmeter.ledger.erase import erase
from botmeter.ledger.folder import Folder
from botmeter.ledger.lake_account import accounts_in_lakes
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.live_append import live_append
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.ledger.policies import set_policy
from botmeter.ledger.quarantine import discard
from botmeter.ledger.settings import named_bots, set_available_from, set_title
from botmeter.ledger.settle import latest_session_us
from botmeter.ledger.verify import verify
from botmeter.live.lake_watch import begin_with_lakes, lake_watch
from botmeter.metering.policy import FRESHCHAT
from botmeter.reports.recency import recency_of
from botmeter.reports.snapshot import open_snapshot

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    with Folder.owned(tmp_path / "data", purpose="a test") as owned:
        yield owned


def in_lake(folder: Folder) -> LakeRoot:
    root = LakeRoot.at(str(folder.path.parent / "lake"))
    create_lake_account(folder, ACME, policy=FRESHCHAT, root=root, now_us=NOW_US)
    return root


@pytest.mark.slow
def test_a_ledger_serves_each_record_of_its_lake(folder: Folder) -> None:
    root = in_lake(folder)
    folder.create(Account(name="beside"), policy=FRESHCHAT, now_us=NOW_US)
    for number, pieces in enumerate(random_increments(Random(17), count=200, increments=3)):
        files = written_files(folder.path.parent, f"{number}", *pieces)
        record = run(root, files).record
        with reading_newest(folder, "acme", now_us=NOW_US) as served, folder.ledger("beside") as beside:
            append_files(beside, files)
            assert isinstance(served, Ledger)
            assert served.lake is not None
            assert (served.lake.number, served.lake.recorded_at) == (record.number, record.recorded_at)
            assert is_newest(served.lake)
            assert whole_meaning(served) == whole_meaning(beside)
            with open_snapshot(served) as ours, open_snapshot(beside) as theirs:
                assert recency_of(ours) == recency_of(theirs)
    with folder.ledger("acme") as ledger:
        assert verify(ledger).is_clean
    with reading_newest(folder, "acme", now_us=NOW_US) as served:
        assert served.lake is not None
        assert served.lake.number == record.number


@pytest.mark.slow
def test_a_server_follows_the_lake_and_a_lost_file_is_named(folder: Folder) -> None:
    root = in_lake(folder)
    with closing(OpenLedgers(folder)) as ledgers:
        followed: list[str] = []
        watch = lake_watch(ledgers, followed=followed.append)
        watch.check_all()
        for number, pieces in enumerate(random_increments(Random(4), count=60, increments=2)):
            with ledgers.reading("acme") as before:
                version = before.version
            run(root, written_files(folder.path.parent, f"{number}", *pieces))
            watch.check_all()
            watch.check_all()
            with ledgers.reading("acme") as served:
                assert served.version > version
        assert followed == ["acme", "acme"]
        for file in (folder.path.parent / "lake" / "session").glob("*.parquet"):
            file.unlink()
        with pytest.raises(Unavailable) as refusal, ledgers.reading("acme") as served:
            latest_session_us(served.connection, 0, now_us=NOW_US)
        assert refusal.value.code == "lake_storage_failed"
        with ledgers.reading("acme") as served:
            assert named_bots(served)


@pytest.mark.slow
def test_a_server_watches_once_an_account_is_in_a_lake(folder: Folder) -> None:
    folder.create(Account(name="beside"), policy=FRESHCHAT, now_us=NOW_US)
    with closing(OpenLedgers(folder)) as ledgers, closing(lake_watch(ledgers)) as watch:
        begin_with_lakes(watch, ledgers)
        with ledgers.reading("beside"):
            assert not watching()
        root = LakeRoot.at(str(folder.path.parent / "lake"))
        create_lake_account(SharedFolder(ledgers), ACME, policy=FRESHCHAT, root=root, now_us=NOW_US)
        assert watching()
    assert not watching()
    with closing(OpenLedgers(folder)) as ledgers, closing(lake_watch(ledgers)) as watch:
        begin_with_lakes(watch, ledgers)
        assert watching()


def watching() -> bool:
    return any(thread.name == "following lakes" for thread in threading.enumerate())


@pytest.mark.slow
def test_an_account_whose_record_was_vacuumed_follows_the_newest(folder: Folder) -> None:
    """Also under a plan that buys by itself, whose account looks at its latest session before it follows."""
    root = in_lake(folder)
    meter = Meter(allowance=Allowance(sessions=3), pack=Pack(sessions=2, price=Decimal(9)), recharge=Recharge(below=2))
    plan = Plan(name="simple", currency="EUR", meters=(meter,), cycle=CycleRule(every="month"))
    with folder.ledger("acme") as ledger:
        change = PlanChange(from_at=NOW_US - DAY_US, label=plan.label, definition=plan_as_json(plan))
        add_plan_term(ledger, change, now_us=NOW_US)
    for number, pieces in enumerate(random_increments(Random(18), count=60, increments=2)):
        run(root, written_files(folder.path.parent, f"{number}", *pieces))
        if number == 0:
            with folder.ledger("acme") as ledger:
                assert follow(ledger, now_us=NOW_US)
    compact(root, engine=Here(), now_us=NOW_US)
    for file in (folder.path.parent / "lake" / "session").glob("*.parquet"):
        os.utime(file, (0, 0))
    assert vacuum(root, now_us=NOW_US + 300 * DAY_US).file_count
    with folder.ledger("acme") as ledger:
        assert follow(ledger, now_us=NOW_US)
        assert verify(ledger).is_clean


@pytest.mark.slow
def test_what_only_a_run_changes_is_refused(folder: Folder) -> None:
    in_lake(folder)
    with folder.ledger("acme") as ledger:
        for change in (
            lambda: append(ledger, [], now_us=NOW_US),
            lambda: live_append(ledger, [], now_us=NOW_US),
            lambda: merge_preview(ledger, [], now_us=NOW_US),
            lambda: discard(ledger, [1], reason="a test", now_us=NOW_US),
            lambda: set_policy(ledger, FRESHCHAT, from_on=None, now_us=NOW_US),
            lambda: set_available_from(ledger, ACME.available_from, now_us=NOW_US),
        ):
            with pytest.raises(Conflict) as refusal:
                change()
            assert refusal.value.code == "account_in_lake"
            assert str(folder.path.parent / "lake") in refusal.value.message
        set_title(ledger, "Acme & Sons", now_us=NOW_US)
    with pytest.raises(Conflict):
        erase(folder, "acme", customer_id="c1")
    assert accounts_in_lakes(folder.path) == ["acme"]
    folder.remove("acme")
    assert accounts_in_lakes(folder.path) == []


@pytest.mark.slow
def test_a_lake_of_another_account_is_refused(folder: Folder) -> None:
    root = in_lake(folder)
    with pytest.raises(Conflict) as refusal:
        create_lake_account(folder, Account(name="other"), policy=FRESHCHAT, root=root, now_us=NOW_US)
    assert refusal.value.code == "lake_account_differs"
    assert folder.accounts() == ["acme"]
