"""Runs on a Spark cluster of two workers, whose executors are killed."""

from pathlib import Path
from random import Random

import pytest
from tests.support.lakes import append_files, counts_of, lake_meaning, made_lake, random_increments, run, written_files
from tests.support.ledgers import ledger_in_memory
from tests.support.spark_killing import KillingEngine
from tests.support.table_meaning import table_meaning

from botmeter.domain.errors import Refused
from botmeter.lake.spark import Spark
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT
from botmeter.sources.reader import SourceFile

SCHEDULE = [(FRESHCHAT, ALWAYS_US)]


def test_every_table_equals_the_ledgers_after_each_increment(tmp_path: Path, engine: Spark) -> None:
    ledger, root = ledger_in_memory(SCHEDULE), made_lake(tmp_path / "lake", SCHEDULE)
    for number, pieces in enumerate(random_increments(Random(1), count=2_000, increments=3)):
        files = written_files(tmp_path, f"{number}", *pieces)
        outcome = run(root, files, engine=engine)
        assert [counts_of(receipt) for receipt in outcome.receipts.values()] == append_files(ledger, files)
        assert lake_meaning(root, outcome.record) == table_meaning(ledger)


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
        "write_conversations",
    }  # fmt: skip
    assert all((tmp_path / stage).exists() for stage in killing.stages)
    assert lake_meaning(root, outcome.record) == lake_meaning(twin, run(twin, second).record)


def test_a_refusal_of_a_task_is_the_runs(tmp_path: Path, engine: Spark) -> None:
    root = made_lake(tmp_path / "lake", SCHEDULE)
    with pytest.raises(Refused) as refusal:
        run(root, [SourceFile(path=str(tmp_path / "none.csv"))], engine=engine)
    assert refusal.value.code == "file_missing"
    assert "none.csv" in refusal.value.message
