"""Files that can't be read, and a disk that is full: named, and nothing half recorded."""

import gzip
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from tests.support.full_disk import largest_file
from tests.support.lakes import lake_meaning, made_lake, random_increments, run, written_files
from tests.support.ledgers import NOW_US

from botmeter.domain.errors import Refused, Unavailable
from botmeter.lake.engine import Here
from botmeter.lake.record import newest_record
from botmeter.lake.run import FilesOfSource, run_lake
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT
from botmeter.sources.reader import SourceFile

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")
pytestmark = pytest.mark.slow

SCHEDULE = [(FRESHCHAT, ALWAYS_US)]


def unreadable_files(folder: Path, good: SourceFile) -> list[SourceFile]:
    """Files that can't be read, each in its own way."""
    content = Path(good.path).read_bytes()
    packed = gzip.compress(content)
    for name, bad in {
        "cut.ndjson.gz": packed[: len(packed) // 2],
        "empty.ndjson": b"",
        "cut.parquet": b"PAR1" + bytes(50),
        "noise.ndjson": bytes(range(256)),
    }.items():
        (folder / name).write_bytes(bad)
    (folder / "directory.ndjson").mkdir()
    names = ("cut.ndjson.gz", "empty.ndjson", "cut.parquet", "noise.ndjson", "directory.ndjson", "missing.ndjson")
    return [SourceFile(path=str(folder / name)) for name in names]


def test_unreadable_files_stop_a_run_or_are_skipped_and_read_later(tmp_path: Path) -> None:
    root, twin = made_lake(tmp_path / "lake", SCHEDULE), made_lake(tmp_path / "twin", SCHEDULE)
    ((first, second),) = random_increments(Random(8), count=80, increments=1)
    good, later = written_files(tmp_path, "good", first, second)
    bad = unreadable_files(tmp_path, good)
    before = newest_record(root)
    for each in bad:
        with pytest.raises(Refused, match=Path(each.path).name):
            run(root, [good, each])
    assert newest_record(root) == before
    given = FilesOfSource(files=[*bad[:3], good, *bad[3:], later], name="s", skips_unreadable=True)
    outcome = run_lake(root, given, engine=Here(), now_us=NOW_US)
    assert list(outcome.skipped) == [each.path for each in bad]
    assert all(Path(path).name in problem for path, problem in outcome.skipped.items())
    assert set(outcome.receipts) == {good.path, later.path}
    assert lake_meaning(root, outcome.record) == lake_meaning(twin, run(twin, [good, later]).record)
    again = run_lake(root, replace(given, files=bad), engine=Here(), now_us=NOW_US)
    assert (again.record, set(again.skipped)) == (outcome.record, {each.path for each in bad})
    Path(bad[-1].path).write_bytes(b"".join(Path(each.path).read_bytes() for each in (good, later)))
    after = run(root, [bad[-1]]).record
    assert (after.counts["accepted"], after.next_append_no > outcome.record.next_append_no) == (0, True)


def test_a_full_disk_in_any_stage_is_one_sentence_and_records_nothing(tmp_path: Path) -> None:
    root, twin = made_lake(tmp_path / "lake", SCHEDULE), made_lake(tmp_path / "twin", SCHEDULE)
    first, second = random_increments(Random(9), count=60, increments=2)
    for each in (root, twin):
        run(each, written_files(tmp_path, "a", *first))
    files, before = written_files(tmp_path, "b", *second), newest_record(root)
    for size_bytes in (500, 2_000, 5_000, 10_000, 18_000):
        with (
            pytest.raises(Unavailable, match="The disk is full; nothing was recorded") as refusal,
            largest_file(size_bytes),
        ):
            run(root, files)
        assert refusal.value.code == "disk_full"
        assert newest_record(root) == before
    assert lake_meaning(root, run(root, files).record) == lake_meaning(twin, run(twin, files).record)
