"""Verification of a lake: the files of its newest record are whole, and its tables follow from its events."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from botmeter.lake.delta import LakeFile
from botmeter.lake.duplicates import unpaired_key_count
from botmeter.lake.lake_ledger import connection_to
from botmeter.lake.land import event_keys
from botmeter.lake.record import LakeRecord, newest_record, tables_at
from botmeter.lake.root import LakeRoot, file_system, path_in, sizes_of, storage_refused
from botmeter.ledger.lake_account import ServedRecord, set_served_record
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.verify import Verification, verify


@dataclass(frozen=True, slots=True, kw_only=True)
class DamagedFile:
    """File of a record, and what is wrong with it."""

    file: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeVerification:
    """Result of a verification.

    Attributes:
        wrong_key_count: Events without their key in `event_key`, and keys without their event.
        metered: None if files are damaged.
    """

    record: LakeRecord
    file_count: int
    damaged: tuple[DamagedFile, ...]
    wrong_key_count: int = 0
    metered: Verification | None = None

    @property
    def is_clean(self) -> bool:
        return self.metered is not None and self.metered.is_clean and self.wrong_key_count == 0


def verify_lake(root: LakeRoot) -> LakeVerification:
    """Read all files of the newest record, meter all events again and compare; nothing changes.

    Raises:
        Missing: `lake_missing`.
        Unavailable: `lake_storage_failed`.
    """
    with storage_refused(root):
        return _verified(root)


def _verified(root: LakeRoot) -> LakeVerification:
    record = newest_record(root)
    tables = {name: table.files() for name, table in tables_at(root, record.versions).items()}
    files = [file for own in tables.values() for file in own]
    damaged = tuple(_damaged(root, files))
    if damaged:
        return LakeVerification(record=record, file_count=len(files), damaged=damaged)
    with closing(connection_to(root, record)) as connection:
        set_served_record(connection, ServedRecord(uri=root.uri, number=record.number, recorded_at=record.recorded_at))
        metered = verify(Ledger(connection))
    return LakeVerification(
        record=record,
        file_count=len(files),
        damaged=(),
        wrong_key_count=_wrong_keys(root, tables["event"])
        + unpaired_key_count(root, events=tables["event"], keys=tables["event_key"]),
        metered=metered,
    )


def _damaged(root: LakeRoot, files: Iterable[LakeFile]) -> Iterable[DamagedFile]:
    files = list(files)
    sizes = sizes_of(root, [root.uri_of(file.name) for file in files])
    for file, size in zip(files, sizes, strict=True):
        problem = _problem_of(root, file, size_bytes=size)
        if problem is not None:
            yield DamagedFile(file=file.name, problem=problem)


def _problem_of(root: LakeRoot, file: LakeFile, *, size_bytes: int | None) -> str | None:
    if size_bytes is None:
        return "It is missing."
    if size_bytes != file.size_bytes:
        return f"It has {size_bytes:,} bytes instead of {file.size_bytes:,}."
    row_count = 0
    try:
        with pq.ParquetFile(path_in(root.uri_of(file.name)), filesystem=file_system(root)) as opened:
            for batch in opened.iter_batches():
                row_count += len(batch)
    except (OSError, pa.ArrowException) as problem:
        return f"It can't be read: {(str(problem).splitlines() or [''])[0][:200]}"
    return None if row_count == file.row_count else f"It has {row_count:,} rows instead of {file.row_count:,}."


def _wrong_keys(root: LakeRoot, files: Iterable[LakeFile]) -> int:
    count = 0
    for file in files:
        with pq.ParquetFile(path_in(root.uri_of(file.name)), filesystem=file_system(root)) as opened:
            for batch in opened.iter_batches(columns=["source", "event_id", "event_key", "erased_key"]):
                # Of erased events the key is that of the ids which they had.
                events = pa.Table.from_batches([batch.filter(batch["erased_key"].is_null())])
                count += int(np.sum(event_keys(events).to_numpy() != events["event_key"].to_numpy()))
    return count
