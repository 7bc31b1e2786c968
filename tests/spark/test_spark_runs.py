"""Runs on a Spark cluster of two workers, whose executors are killed."""

from pathlib import Path
from random import Random

import pytest
from tests.support.bucket_server import LAKES
from tests.support.lake_accounts import accounts, assert_equal, send
from tests.support.lake_equality import check_explanations
from tests.support.lakes import append_files, counts_of, lake_meaning, made_lake, random_increments, run, written_files
from tests.support.ledgers import NOW_US, ledger_in_memory
from tests.support.spark_killing import KillingEngine
from tests.support.table_meaning import whole_meaning

from botmeter.domain.errors import Refused
from botmeter.lake import instructions
from botmeter.lake.record import newest_record
from botmeter.lake.root import LakeRoot
from botmeter.lake.spark import Spark
from botmeter.ledger.customers import SameCustomer, merge_customers
from botmeter.ledger.folder import Folder
from botmeter.ledger.import_undo import undo_import
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT
from botmeter.sources.reader import SourceFile

SCHEDULE = [(FRESHCHAT, ALWAYS_US)]


def test_every_table_equals_the_ledgers_after_each_increment(tmp_path: Path, engine: Spark) -> None:
    ledger, root = ledger_in_memory(SCHEDULE), made_lake(tmp_path / "lake", SCHEDULE)
    for number, pieces in enumerate(random_increments(Random(1), count=2_000, increments=3)):
        files = written_files(tmp_path, f"{number}", *pieces)
        outcome = run(root, files, engine=engine)
        assert [counts_of(receipt) for receipt in outcome.receipts.values()] == append_files(ledger, files)
        assert lake_meaning(root, outcome.record) == whole_meaning(ledger)
    check_explanations(root, outcome.record, ledger=ledger)


def test_a_run_outlives_an_executor_killed_in_each_stage(tmp_path: Path, engine: Spark) -> None:
    root, twin = made_lake(tmp_path / "lake", SCHEDULE), made_lake(tmp_path / "twin", SCHEDULE)
    first, second = (
        written_files(tmp_path, str(number), *pieces)
        for number, pieces in enumerate(random_increments(Random(2), count=400, increments=2))
    )
    run(root, first)
    run(twin, first)
    killing = KillingEngine(engine=engine, folder=tmp_path, stages=set())
    outcome = run(root, second, engine=killing)
    assert killing.stages == {
        "land", "find", "collect", "judge", "remeter", "touch", "gather", "derive", "write_sessions",
        "write_conversations", "restate",
    }  # fmt: skip
    assert all((tmp_path / stage).exists() for stage in killing.stages)
    assert lake_meaning(root, outcome.record) == lake_meaning(twin, run(twin, second).record)


def test_in_a_bucket_merges_and_an_undone_import_count_as_in_a_ledger(tmp_path: Path, engine: Spark) -> None:
    with Folder.owned(tmp_path / "data", purpose="a test") as folder:
        root = accounts(folder, FRESHCHAT, lake=LakeRoot.at(f"s3://{LAKES}/spark"))
        first, second = random_increments(Random(3), count=300, increments=2)
        send(folder, root, *first, name="first", engine=engine)
        assert_equal(folder)
        pairs = [SameCustomer(customer_id="c1", alias="c2"), SameCustomer(customer_id="c1", alias="c4")]
        with folder.ledger("acme") as acme, folder.ledger("beside") as beside:
            instructions.merge_customers(acme, pairs, now_us=NOW_US)
            merge_customers(beside, pairs, now_us=NOW_US)
            instructions.undo_import(acme, 2, reason="a test", now_us=NOW_US)
            undo_import(beside, 2, reason="a test", now_us=NOW_US)
        send(folder, root, *second, name="second", engine=engine)
        assert newest_record(root).waiting == []
        assert_equal(folder)


def test_a_refusal_of_a_task_is_the_runs(tmp_path: Path, engine: Spark) -> None:
    root = made_lake(tmp_path / "lake", SCHEDULE)
    with pytest.raises(Refused) as refusal:
        run(root, [SourceFile(path=str(tmp_path / "none.csv"))], engine=engine)
    assert refusal.value.code == "file_missing"
    assert "none.csv" in refusal.value.message
