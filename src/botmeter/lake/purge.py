"""Purge after an erasure: earlier records, and all files that the newest one does not name, are deleted at once.

A run that began before the erasure is refused when it commits, so its files are deleted too. Files that are younger
than the record are of a run that began after it. Both times are those of the storage, whatever clocks say.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

import pyarrow.fs as pafs

from botmeter.lake.compact import compact
from botmeter.lake.delta import LakeTable
from botmeter.lake.engine import Engine
from botmeter.lake.record import RUNS, LakeRecord, commit_record, records
from botmeter.lake.root import STAGE, LakeRoot, file_system, path_in


def purge(root: LakeRoot, *, now_us: int) -> LakeRecord:
    """Delete what the newest record does not need; return the record that says so. It can be repeated.

    Raises:
        Conflict: `lake_run_superseded` if a run was recorded meanwhile.
        Unavailable: `lake_storage_failed`.
    """
    *earlier, newest = records(root)
    # Before any file is deleted, so that nobody finds a record whose files are gone.
    record = _following(newest.record, now_us=now_us)
    commit_record(root, record, dropped=[each.file for each in earlier])
    until_ns = _changed_ns(root, [newest.file.name])[0]
    for name in record.versions:
        unnamed = LakeTable(root, name, version=record.versions[name])
        kept = {file.name for file in unnamed.files()}
        _delete(root, (path for path in _files_in(root, name) if path not in kept), until_ns=until_ns)
    kept = {file.name for file in LakeTable(root, RUNS).files()}
    _delete(root, (path for path in _files_in(root, RUNS) if path not in kept), until_ns=until_ns)
    _delete(root, _files_in(root, STAGE, recursive=True), until_ns=until_ns)
    done = replace(_following(record, now_us=now_us), is_purge_due=False)
    commit_record(root, done)
    return done


def finish_purge(root: LakeRoot, record: LakeRecord, *, engine: Engine, now_us: int) -> LakeRecord:
    """Compact and purge if an erasure was interrupted before; return the newest record.

    Raises:
        Conflict, Unavailable: As `compact` and `purge`.
    """
    if not record.is_purge_due:
        return record
    # Until then, files of the newest record have the rows that the erasure replaced.
    compact(root, engine=engine, now_us=now_us)
    return purge(root, now_us=now_us)


def _following(record: LakeRecord, *, now_us: int) -> LakeRecord:
    return replace(record, number=record.number + 1, kind="vacuum", recorded_at=now_us, files=[], counts={})


def _files_in(root: LakeRoot, folder: str, *, recursive: bool = False) -> list[str]:
    """Files of a folder, relative to the lake, without those of its log."""
    start = path_in(root.uri)
    selector = pafs.FileSelector(path_in(root.uri_of(folder)), recursive=recursive, allow_not_found=True)
    infos = file_system(root).get_file_info(selector)
    return [info.path.removeprefix(f"{start}/") for info in infos if info.is_file]


def _changed_ns(root: LakeRoot, names: list[str]) -> list[int]:
    infos = file_system(root).get_file_info([path_in(root.uri_of(name)) for name in names])
    return [info.mtime_ns or 0 for info in infos]


def _delete(root: LakeRoot, names: Iterable[str], *, until_ns: int) -> None:
    listed = list(names)
    for name, changed_ns in zip(listed, _changed_ns(root, listed), strict=True):
        if changed_ns <= until_ns:
            # Another purge or a run may have been first.
            with suppress(FileNotFoundError):
                file_system(root).delete_file(path_in(root.uri_of(name)))
