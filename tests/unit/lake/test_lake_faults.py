"""Faults beside a lake: lost files, runs at once, killed runs."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from tests.support.event_strategies import START_US
from tests.support.facts import event
from tests.support.lakes import lake_meaning, made_lake, random_increments, run, written_files
from tests.support.ledgers import NOW_US

from botmeter.domain.errors import Conflict, Missing, Refused, Unavailable
from botmeter.lake.delta import LakeFile, LakeTable
from botmeter.lake.layout import SCHEMAS
from botmeter.lake.record import FORMAT, RUNS, commit_record, newest_record, records, tables_for_writing
from botmeter.lake.root import LakeRoot
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")

SCHEDULE = [(FRESHCHAT, ALWAYS_US)]


@pytest.mark.parametrize("address", ["", "ftp://a/b", "s3://", "s3:///"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(Refused) as refusal:
        LakeRoot.at(address)
    assert refusal.value.code == "lake_address_invalid"


def test_a_folder_without_a_record_is_no_lake(tmp_path: Path) -> None:
    with pytest.raises(Missing) as refusal:
        newest_record(LakeRoot.at(str(tmp_path)))
    assert refusal.value.code == "lake_missing"


@pytest.mark.slow
def test_a_lake_of_a_newer_format_is_refused_by_name(tmp_path: Path) -> None:
    root = made_lake(tmp_path / "lake", SCHEDULE)
    record = newest_record(root)
    commit_record(root, replace(record, number=record.number + 1, format=FORMAT + 1))
    files = written_files(tmp_path, "a", [event("e1", START_US)])
    for read in (newest_record, records, lambda given: run(given, files)):
        with pytest.raises(Unavailable) as refusal:
            read(root)
        assert refusal.value.code == "lake_newer"
        assert f"format {FORMAT + 1}, and this Botmeter supports formats up to {FORMAT}" in refusal.value.message
    assert LakeTable(root, "receipt").version == 0


@pytest.mark.slow
def test_a_file_that_is_not_there_is_not_committed(tmp_path: Path) -> None:
    root = made_lake(tmp_path / "lake", SCHEDULE)
    table = LakeTable(root, "event")
    with pytest.raises(Unavailable) as refusal:
        table.commit([LakeFile(name="event/none.parquet", row_count=1, size_bytes=9, bounds={})], now_us=NOW_US)
    assert refusal.value.code == "lake_file_lost"
    assert LakeTable(root, "event").version == 0


@pytest.mark.slow
def test_of_two_runs_one_is_refused_by_name(tmp_path: Path) -> None:
    root = made_lake(tmp_path / "lake", SCHEDULE)
    first, second = random_increments(Random(1), count=60, increments=2)
    record = newest_record(root)
    tables = tables_for_writing(root, record)
    won = run(root, written_files(tmp_path, "a", *first)).record
    with pytest.raises(Conflict) as refusal:
        tables["receipt"].commit([], now_us=NOW_US)
    assert refusal.value.code == "lake_run_superseded"
    with pytest.raises(Conflict) as refusal:
        commit_record(root, replace(record, number=won.number))
    assert refusal.value.code == "lake_run_superseded"
    assert newest_record(root) == won
    assert run(root, written_files(tmp_path, "b", *second)).record.number == won.number + 1


@pytest.mark.slow
def test_what_a_killed_run_committed_is_put_back_by_the_next(tmp_path: Path) -> None:
    root, twin = made_lake(tmp_path / "lake", SCHEDULE), made_lake(tmp_path / "twin", SCHEDULE)
    first, second = random_increments(Random(2), count=60, increments=2)
    files, later = written_files(tmp_path, "a", *first), written_files(tmp_path, "b", *second)
    once = run(root, files).record
    killed = run(root, later).record
    # As a run that was killed between its tables and its record leaves the lake.
    (tmp_path / "lake" / RUNS / "_delta_log" / f"{killed.number:020}.json").unlink()
    assert newest_record(root) == once
    assert any(LakeTable(root, name).version > once.versions[name] for name in SCHEMAS)
    for each in (files, later):
        expected = run(twin, each).record
    assert lake_meaning(root, once) != lake_meaning(twin, expected)
    again = run(root, [*files, *later]).record
    assert (again.number, again.event_count) == (killed.number, killed.event_count)
    assert lake_meaning(root, again) == lake_meaning(twin, expected)


@pytest.mark.slow
def test_storage_that_fails_is_named(tmp_path: Path) -> None:
    root = made_lake(tmp_path / "lake", SCHEDULE)
    (tmp_path / "lake" / "event" / "_delta_log" / f"{0:020}.json").write_text("no JSON")
    with pytest.raises(Unavailable) as refusal:
        LakeTable(root, "event")
    assert refusal.value.code == "lake_storage_failed"
