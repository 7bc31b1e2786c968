"""A lake in an S3-compatible bucket has the tables of a ledger, and counts what two runs at once commit once."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from tests.support.bucket_server import IGNORING, UNABLE, BucketServer
from tests.support.lakes import (
    append_files,
    counts_of,
    created_lake,
    lake_meaning,
    random_increments,
    run,
    written_files,
)
from tests.support.ledgers import NOW_US, ledger_in_memory
from tests.support.table_meaning import whole_meaning

from botmeter.domain.errors import Conflict, Refused, Unavailable
from botmeter.lake.compact import compact
from botmeter.lake.delta import LakeFile, LakeTable
from botmeter.lake.engine import Here
from botmeter.lake.record import commit_record, is_lake, newest_record, records, tables_for_writing
from botmeter.lake.root import LakeRoot, file_system, path_in
from botmeter.lake.vacuum import HOUR_US, KEPT_HOURS, vacuum
from botmeter.lake.verification import verify_lake
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT
from botmeter.sources.reader import SourceFile

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")
pytestmark = pytest.mark.slow

SCHEDULE = [(FRESHCHAT, ALWAYS_US)]
# The server's clock is the machine's, which is past the tests' own.
LATER_US = NOW_US + 10 * 365 * 24 * HOUR_US


def test_every_table_equals_the_ledgers_through_runs_compaction_and_vacuum(in_bucket: LakeRoot, tmp_path: Path) -> None:
    ledger, root = ledger_in_memory(SCHEDULE), created_lake(in_bucket, SCHEDULE)
    for number, pieces in enumerate(random_increments(Random(3), count=200, increments=3)):
        files = written_files(tmp_path, str(number), *pieces)
        outcome = run(root, files)
        assert [counts_of(receipt) for receipt in outcome.receipts.values()] == append_files(ledger, files)
        assert lake_meaning(root, outcome.record) == whole_meaning(ledger)
    compacted = compact(root, engine=Here(), now_us=NOW_US)
    assert lake_meaning(root, compacted) == whole_meaning(ledger)
    done = vacuum(root, now_us=LATER_US)
    assert (done.record_count, [each.record.number for each in records(root)]) == (4, [5, 6])
    assert done.file_count > 0
    # The first one's deletions have left folders as empty files, which are no files of a table.
    assert vacuum(root, now_us=LATER_US + KEPT_HOURS * HOUR_US).file_count == 0
    assert lake_meaning(root, newest_record(root)) == whole_meaning(ledger)
    assert verify_lake(root).is_clean
    (more,) = random_increments(Random(4), count=40, increments=1)
    files = written_files(tmp_path, "more", *more)
    append_files(ledger, files)
    assert lake_meaning(root, run(root, files).record) == whole_meaning(ledger)


def test_of_two_runs_in_a_bucket_one_is_refused_by_name(in_bucket: LakeRoot, tmp_path: Path) -> None:
    root = created_lake(in_bucket, SCHEDULE)
    record = newest_record(root)
    tables = tables_for_writing(root, record)
    (pieces,) = random_increments(Random(1), count=60, increments=1)
    won = run(root, written_files(tmp_path, "a", *pieces)).record
    for change in (
        lambda: tables["receipt"].commit([], now_us=NOW_US),
        lambda: commit_record(root, replace(record, number=won.number)),
    ):
        with pytest.raises(Conflict) as refusal:
            change()
        assert refusal.value.code == "lake_run_superseded"
    assert newest_record(root) == won


def test_a_file_that_a_bucket_lacks_is_not_committed(in_bucket: LakeRoot) -> None:
    root = created_lake(in_bucket, SCHEDULE)
    with pytest.raises(Unavailable) as refusal:
        LakeTable(root, "event").commit(
            [LakeFile(name="event/none.parquet", row_count=1, size_bytes=9, bounds={})], now_us=NOW_US
        )
    assert (refusal.value.code, LakeTable(root, "event").version) == ("lake_file_lost", 0)


def test_a_file_that_a_bucket_has_lost_is_named(in_bucket: LakeRoot, tmp_path: Path) -> None:
    root = created_lake(in_bucket, SCHEDULE)
    first, second = random_increments(Random(1), count=60, increments=2)
    record = run(root, written_files(tmp_path, "a", *first)).record
    lost = LakeTable(root, "session").files()[0]
    file_system(root).delete_file(path_in(root.uri_of(lost.name)))
    assert [each.file for each in verify_lake(root).damaged] == [lost.name]
    with pytest.raises(Unavailable) as refusal:
        run(root, written_files(tmp_path, "b", *second))
    assert refusal.value.code == "lake_storage_failed"
    assert lost.name in refusal.value.message
    assert newest_record(root) == record


@pytest.mark.parametrize("bucket", [IGNORING, UNABLE])
def test_a_store_without_conditional_writes_is_refused_before_a_lake_is_created(
    buckets: BucketServer, bucket: str
) -> None:
    root = LakeRoot.at(f"s3://{bucket}/acme")
    with pytest.raises(Refused) as refusal:
        created_lake(root, SCHEDULE)
    assert refusal.value.code == "lake_store_unsafe"
    assert f"The store of s3://{bucket}/acme ignores conditional writes" in refusal.value.message
    assert not is_lake(root)
    assert {each.partition("/acme/")[2].partition("/")[0] for each in buckets.requests()} <= {"", "_probe", "runs"}


def test_files_in_buckets_are_inputs_once(in_bucket: LakeRoot, buckets: BucketServer, tmp_path: Path) -> None:
    ledger, root = ledger_in_memory(SCHEDULE), created_lake(in_bucket, SCHEDULE)
    (pieces,) = random_increments(Random(5), count=60, increments=1)
    files = written_files(tmp_path, "a", *pieces)
    folder = f"{path_in(in_bucket.uri)}-events"
    for number, file in enumerate(files):
        buckets.put(f"{folder}/{number}.ndjson", Path(file.path).read_bytes())
    inputs = [SourceFile(path=f"s3://{folder}/{number}.ndjson") for number in range(len(files))]
    outcome = run(root, inputs)
    assert [counts_of(receipt) for receipt in outcome.receipts.values()] == append_files(ledger, files)
    assert lake_meaning(root, outcome.record) == whole_meaning(ledger)
    assert run(root, inputs).known == tuple(file.path for file in inputs)
    with pytest.raises(Refused) as refusal:
        run(root, [SourceFile(path=f"s3://{folder}/none.csv")])
    assert refusal.value.code == "file_missing"
    assert newest_record(root) == outcome.record


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9", "bucket_failed"),
        ("AWS_ENDPOINT_URL", "localhost:9000", "endpoint_invalid"),
    ],
)
def test_files_in_a_bucket_that_can_not_be_reached_are_named(
    buckets: BucketServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, variable: str, value: str, code: str
) -> None:
    assert buckets.address
    monkeypatch.setenv(variable, value)
    root = created_lake(LakeRoot.at(str(tmp_path)), SCHEDULE)
    with pytest.raises((Refused, Unavailable)) as refusal:
        run(root, [SourceFile(path="s3://lakes/none.csv")])
    assert refusal.value.code == code
