"""Vacuum keeps what records name, and verification finds what does not follow from the events."""

import os
from dataclasses import replace
from pathlib import Path
from random import Random
from shutil import rmtree

import duckdb
import pytest
from tests.support.lakes import append_files, lake_meaning, made_lake, random_increments, run, written_files
from tests.support.ledgers import NOW_US, ledger_in_memory

from botmeter.domain.errors import TooMuch
from botmeter.lake.compact import compact
from botmeter.lake.delta import LakeFile
from botmeter.lake.engine import Here
from botmeter.lake.lake_ledger import connection_to, serve_record
from botmeter.lake.layout import SCHEMAS
from botmeter.lake.record import LakeRecord, commit_record, newest_record, records, tables_at, tables_for_writing
from botmeter.lake.root import LakeRoot
from botmeter.lake.run import FilesOfSource, run_lake
from botmeter.lake.vacuum import HOUR_US, KEPT_HOURS, vacuum
from botmeter.lake.verification import verify_lake
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.restatements import restatements
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")
pytestmark = pytest.mark.slow

SCHEDULE = [(FRESHCHAT, ALWAYS_US)]
LATER_US = NOW_US + (KEPT_HOURS + 1) * HOUR_US


@pytest.fixture(name="root")
def lake_of_three_runs(tmp_path: Path) -> LakeRoot:
    root = made_lake(tmp_path / "lake", SCHEDULE)
    for number, pieces in enumerate(random_increments(Random(6), count=150, increments=3)):
        run(root, written_files(tmp_path, f"{number}", *pieces))
    return root


def age(root: LakeRoot) -> None:
    """Make all files old."""
    for path in Path(root.uri).rglob("*"):
        os.utime(path, (0, 0))


def files_of(root: LakeRoot, record: LakeRecord) -> set[str]:
    return {file.name for table in tables_at(root, record.versions).values() for file in table.files()}


def files_stored(root: LakeRoot) -> set[str]:
    paths = (path for name in SCHEMAS for path in (Path(root.uri) / name).glob("*.parquet"))
    return {str(path.relative_to(root.uri)) for path in paths}


def test_a_vacuum_leaves_the_files_of_kept_records_alone(root: LakeRoot) -> None:
    before = newest_record(root)
    meaning = lake_meaning(root, before)
    compacted = compact(root, engine=Here(), now_us=LATER_US)
    (Path(root.uri) / "session" / "lost.parquet").write_bytes(b"of a killed run")
    (Path(root.uri) / "_stage" / "000009-killed").mkdir(parents=True)
    age(root)
    done = vacuum(root, now_us=LATER_US)
    assert (done.record.kind, done.record.number) == ("vacuum", compacted.number + 1)
    assert [each.record.number for each in records(root)] == [compacted.number, done.record.number]
    assert done.record_count == before.number
    assert done.file_count > len(files_of(root, before) - files_of(root, compacted))
    assert files_stored(root) == files_of(root, done.record)
    assert not list((Path(root.uri) / "_stage").iterdir())
    assert len(list((Path(root.uri) / "runs").glob("*.parquet"))) == 2
    assert lake_meaning(root, done.record) == meaning
    assert verify_lake(root).is_clean


def test_a_lake_of_the_layout_without_restatements_gets_them_from_its_next_run(tmp_path: Path) -> None:
    root, ledger = made_lake(tmp_path / "lake", SCHEDULE), ledger_in_memory(SCHEDULE)
    pieces = random_increments(Random(7), count=120, increments=3)
    first, second, third = (written_files(tmp_path, f"{number}", *own) for number, own in enumerate(pieces))
    for files in (first, second):
        run(root, files)
        append_files(ledger, files)
    before = newest_record(root)
    # Its restatements are those of a ledger that was moved to such a lake.
    with connection_to(root, before) as served:
        versions = {name: version for name, version in before.versions.items() if name != "restatement"}
        earlier = replace(before, number=before.number + 1, versions=versions)
        commit_record(root, earlier)
        rmtree(Path(root.uri) / "restatement")
        assert lake_meaning(root, earlier)["restatement"] == []
        serve_record(served, root, record=earlier)
        recorded = restatements(Ledger(served))
        assert recorded == restatements(ledger)
        after = run_lake(root, FilesOfSource(files=third, name="s"), engine=Here(), now_us=NOW_US + 1).record
        append_files(ledger, third, now_us=NOW_US + 1)
        for record in (after, vacuum(root, now_us=NOW_US + 1).record):
            serve_record(served, root, record=record)
            assert restatements(Ledger(served)) == restatements(ledger)
    assert len(restatements(ledger)) > len(recorded) > 0


def test_a_record_that_is_kept_is_read_after_a_vacuum(root: LakeRoot) -> None:
    before = newest_record(root)
    meaning = lake_meaning(root, before)
    compact(root, engine=Here(), now_us=NOW_US)
    age(root)
    done = vacuum(root, now_us=NOW_US)
    assert [each.record.number for each in records(root)] == [2, 3, 4, 5, 6]
    assert lake_meaning(root, before) == lake_meaning(root, done.record) == meaning


def test_a_run_goes_on_after_a_vacuum_and_young_files_stay(root: LakeRoot, tmp_path: Path) -> None:
    young = Path(root.uri) / "session" / "of a run.parquet"
    young.write_bytes(b"not yet committed")
    done = vacuum(root, now_us=LATER_US)
    assert young.exists()
    (pieces,) = random_increments(Random(7), count=40, increments=1)
    after = run(root, written_files(tmp_path, "more", *pieces)).record
    assert after.number == done.record.number + 1
    with pytest.raises(TooMuch) as refusal:
        vacuum(root, now_us=LATER_US, kept_hours=23)
    assert refusal.value.code == "vacuum_too_early"


def test_a_lake_that_follows_from_its_events_is_verified(root: LakeRoot) -> None:
    record = newest_record(root)
    result = verify_lake(root)
    assert (result.is_clean, result.file_count) == (True, len(files_of(root, record)))
    assert result.metered is not None
    assert (result.metered.event_count, newest_record(root)) == (150, record)


@pytest.mark.parametrize(
    ("table", "change"),
    [("session", "event_count = event_count + 1"), ("event_key", "event_key = 0"), ("event", "event_id = 'other'")],
)
def test_rows_that_do_not_follow_from_the_events_are_found(root: LakeRoot, table: str, change: str) -> None:
    record = newest_record(root)
    tables = tables_for_writing(root, record)
    # Names are random; which event is changed must not be, since one that opens a session changes that as well.
    old = min(tables[table].files(), key=lambda file: (file.bounds["run"], file.bounds["bucket"]))
    name = f"{table}/changed.parquet"
    column, value = change.split(" = ")
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * REPLACE (CASE WHEN row_number() OVER () = 1 THEN {value} ELSE {column} END::"
            f"{'VARCHAR' if column == 'event_id' else 'BIGINT' if table == 'event_key' else 'INTEGER'} AS {column}) "
            f"FROM '{root.uri_of(old.name)}') TO '{root.uri_of(name)}' (FORMAT parquet)"
        )
    new = LakeFile(
        name=name,
        row_count=old.row_count,
        size_bytes=Path(root.uri_of(name)).stat().st_size,
        bounds=old.bounds,
    )
    version = tables[table].commit([new], removed=[old], now_us=NOW_US)
    changed = replace(record, number=record.number + 1, versions={**record.versions, table: version})
    commit_record(root, changed)
    result = verify_lake(root)
    assert not result.is_clean
    assert result.metered is not None
    assert (result.metered.difference_count > 0) is (table == "session")
    assert (result.wrong_key_count > 0) is (table != "session")


def test_damaged_files_are_named(root: LakeRoot) -> None:
    files = sorted(files_of(root, newest_record(root)))
    session, event = (next(name for name in files if name.startswith(f"{table}/")) for table in ("session", "event"))
    Path(root.uri_of(session)).unlink()
    content = Path(root.uri_of(event)).read_bytes()
    Path(root.uri_of(event)).write_bytes(content[:40] + bytes(60) + content[100:])
    result = verify_lake(root)
    problems = {each.file: each.problem for each in result.damaged}
    assert (result.is_clean, set(problems)) == (False, {session, event})
    assert problems[session] == "It is missing."
    assert problems[event].startswith("It can't be read: ")
    Path(root.uri_of(event)).write_bytes(content[:-1])
    assert "bytes instead of" in {each.file: each.problem for each in verify_lake(root).damaged}[event]
