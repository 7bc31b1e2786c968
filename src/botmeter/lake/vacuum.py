"""Vacuum: old records are dropped, then the files that no kept record names are deleted.

A reader may be at a record that is no longer the newest, and a run has files that no record names yet: both are kept
for a time that no run exceeds.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import pyarrow.fs as pafs

from botmeter.domain.errors import TooMuch
from botmeter.lake.delta import LakeTable
from botmeter.lake.record import RUNS, LakeRecord, RecordFile, commit_record, records
from botmeter.lake.root import STAGE, LakeRoot, file_system, path_in, storage_refused

HOUR_US: Final = 3_600_000_000
KEPT_HOURS_MIN: Final = 24
"""More than the longest run: 10 million events take about a minute on two cores."""
KEPT_HOURS: Final = 168


@dataclass(frozen=True, slots=True, kw_only=True)
class Vacuumed:
    """Outcome of a vacuum: the new record, and how many records and files are gone."""

    record: LakeRecord
    record_count: int
    file_count: int


def vacuum(root: LakeRoot, *, now_us: int, kept_hours: int = KEPT_HOURS) -> Vacuumed:
    """Drop records older than `kept_hours`, except the newest, and delete files that only they name.

    Raises:
        Conflict: `lake_run_superseded` if a run was recorded meanwhile.
        TooMuch: `vacuum_too_early` below `KEPT_HOURS_MIN`.
        Unavailable: `lake_storage_failed`.
    """
    if kept_hours < KEPT_HOURS_MIN:
        raise TooMuch(
            "vacuum_too_early",
            f"A vacuum keeps files of the last {KEPT_HOURS_MIN} hours at least, because a run may need them; "
            f"{kept_hours} hours are too few.",
        )
    with storage_refused(root):
        return _vacuumed(root, now_us=now_us, kept_hours=kept_hours)


def _vacuumed(root: LakeRoot, *, now_us: int, kept_hours: int) -> Vacuumed:
    *earlier, newest = records(root)
    since_us = now_us - kept_hours * HOUR_US
    dropped = [each for each in earlier if each.record.recorded_at < since_us]
    kept = [each for each in earlier if each.record.recorded_at >= since_us]
    record = replace(
        newest.record, number=newest.record.number + 1, kind="vacuum", recorded_at=now_us, files=[], counts={}
    )
    # Before any file is deleted, so that nobody finds a record whose files are gone.
    commit_record(root, record, dropped=[each.file for each in dropped])
    file_count = sum(
        _delete_unnamed(root, name, kept=[newest, *kept], kept_hours=kept_hours) for name in record.versions
    )
    _delete_lost_records(root, since_us=since_us)
    _delete_old_stages(root, since_us=since_us)
    return Vacuumed(record=record, record_count=len(dropped), file_count=file_count)


def _delete_unnamed(root: LakeRoot, name: str, *, kept: Sequence[RecordFile], kept_hours: int) -> int:
    # A record of an earlier layout lacks tables.
    versions = sorted({each.record.versions[name] for each in kept if name in each.record.versions})
    unnamed = LakeTable(root, name).unnamed_files(keep_versions=versions, older_than_hours=kept_hours)
    # Its log names files that earlier vacuums have deleted, too.
    folder = file_system(root).get_file_info(pafs.FileSelector(path_in(root.table_uri(name)), allow_not_found=True))
    present = {info.path for info in folder if info.is_file}
    deleted = [path for each in unnamed if (path := path_in(root.uri_of(each))) in present]
    for path in deleted:
        # Another vacuum may have been first.
        with suppress(FileNotFoundError):
            file_system(root).delete_file(path)
    return len(deleted)


def _delete_lost_records(root: LakeRoot, *, since_us: int) -> None:
    """Delete the files of dropped records, and of those that lost to another."""
    named = {path_in(root.uri_of(file.name)) for file in LakeTable(root, RUNS).files()}
    folder = pafs.FileSelector(path_in(root.table_uri(RUNS)))
    for info in file_system(root).get_file_info(folder):
        if info.is_file and info.path not in named and _changed_us(info) < since_us:
            file_system(root).delete_file(info.path)


def _delete_old_stages(root: LakeRoot, *, since_us: int) -> None:
    files = file_system(root)
    for stage in files.get_file_info(pafs.FileSelector(path_in(root.uri_of(STAGE)), allow_not_found=True)):
        within = files.get_file_info(pafs.FileSelector(stage.path, recursive=True, allow_not_found=True))
        if all(_changed_us(info) < since_us for info in [stage, *within]):
            files.delete_dir(stage.path)


def _changed_us(info: pafs.FileInfo) -> int:
    # A folder of a bucket has no time.
    return (info.mtime_ns or 0) // 1_000
