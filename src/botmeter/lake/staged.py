"""Tables that tasks hand on within a run: Arrow files with a batch per bucket, so that ranges are read alone."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import ipc

from botmeter.lake.root import STAGE, LakeRoot, file_system, new_name, open_blocks, output_stream, path_in

Numbers = npt.NDArray[np.int64]

# A third of the bytes for a tenth of the time; the zstd of Parquet costs five times as much.
# Handing each column of a batch to another thread costs more than its few rows.
_WRITING = ipc.IpcWriteOptions(compression="lz4", use_threads=False)
_READING = ipc.IpcReadOptions(use_threads=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Lake of a run, its number, its folder of staged tables, and their number of buckets."""

    root: LakeRoot
    run: int
    folder: str
    bucket_count: int

    def stage(self, rows: pa.Table, *, buckets: Numbers) -> "StagedTable":
        """Write rows by bucket, in their order within each."""
        return _staged(self, rows, buckets=buckets, bucket_count=self.bucket_count)

    def stage_whole(self, rows: pa.Table) -> "StagedTable":
        """Write rows as one bucket."""
        return _staged(self, rows, buckets=np.zeros(len(rows), np.int64), bucket_count=1)

    def stage_by_part(self, rows: pa.Table, part_count: int) -> "StagedTable":
        """Write rows with the number of each `part` as its bucket."""
        return _staged(self, rows, buckets=rows["part"].to_numpy(), bucket_count=part_count)


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketRange:
    """Buckets from `first` to `last`, both included."""

    first: int
    last: int

    @classmethod
    def of(cls, bucket: int) -> Self:
        return cls(first=bucket, last=bucket)

    @property
    def numbers(self) -> range:
        return range(self.first, self.last + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedTable:
    """Table of rows by bucket; `ends` has the row after each bucket's last."""

    name: str
    ends: tuple[int, ...]

    @property
    def row_count(self) -> int:
        return self.ends[-1]

    def first_row(self, bucket: int) -> int:
        return 0 if bucket == 0 else self.ends[bucket - 1]

    def count_in(self, bucket: int) -> int:
        return self.ends[bucket] - self.first_row(bucket)

    def row_count_in(self, buckets: BucketRange | None) -> int:
        """Rows in some buckets, or in all."""
        return self.row_count if buckets is None else self.ends[buckets.last] - self.first_row(buckets.first)


def _staged(workspace: Workspace, rows: pa.Table, *, buckets: Numbers, bucket_count: int) -> StagedTable:
    order = np.argsort(buckets, kind="stable")
    ends = np.searchsorted(buckets[order], np.arange(bucket_count), side="right")
    ordered = _one_batch(rows.unify_dictionaries().take(pa.array(order)))
    name = new_name(workspace.root, workspace.folder, ending="arrow")
    with (
        output_stream(workspace.root, name) as stream,
        ipc.new_file(stream, ordered.schema, options=_WRITING) as writer,
    ):
        start = 0
        for end in ends.tolist():
            writer.write_batch(ordered.slice(start, end - start))
            start = end
    return StagedTable(name=name, ends=tuple(ends.tolist()))


def staged_rows(root: LakeRoot, table: StagedTable, *, buckets: BucketRange | None = None) -> pa.Table:
    """Read the rows of some buckets, or of all."""
    with (
        open_blocks(root, table.name) as stream,
        ipc.open_file(stream, options=_READING) as reader,
    ):
        numbers = range(len(table.ends)) if buckets is None else buckets.numbers
        wanted = [reader.get_batch(number) for number in numbers if table.count_in(number)]
        return pa.Table.from_batches(wanted, reader.schema)


def rows_of_all(
    root: LakeRoot, tables: Sequence[StagedTable], *, buckets: BucketRange | None = None
) -> pa.Table | None:
    """Read the rows of several tables of one schema; None: none."""
    parts = [staged_rows(root, table, buckets=buckets) for table in tables]
    return pa.concat_tables(parts, promote_options="permissive").unify_dictionaries() if parts else None


@contextmanager
def opened_tables(root: LakeRoot, tables: Sequence[StagedTable]) -> Iterator[Callable[[int], pa.Table | None]]:
    """Open tables of one schema once; the function reads their rows in a bucket, None: none."""
    with ExitStack() as stack:
        readers = []
        for table in tables:
            stream = stack.enter_context(open_blocks(root, table.name))
            readers.append((table, stack.enter_context(ipc.open_file(stream, options=_READING))))

        def rows_in(bucket: int) -> pa.Table | None:
            batches = [reader.get_batch(bucket) for table, reader in readers if table.count_in(bucket)]
            return pa.Table.from_batches(batches) if batches else None

        yield rows_in


def ranges_of(counts: Sequence[int], *, rows_max: int) -> list[BucketRange]:
    """Cut the buckets into ranges of about as many rows, none without any."""
    ranges: list[BucketRange] = []
    first, rows = 0, 0
    for bucket, count in enumerate(counts):
        if rows and rows + count > rows_max:
            ranges.append(BucketRange(first=first, last=bucket - 1))
            first, rows = bucket, 0
        rows += count
    if rows:
        ranges.append(BucketRange(first=first, last=len(counts) - 1))
    return ranges


def _one_batch(rows: pa.Table) -> pa.RecordBatch:
    batches = rows.combine_chunks().to_batches()
    if batches:
        return batches[0]
    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in rows.schema], schema=rows.schema)


@contextmanager
def stage_folder(root: LakeRoot, run: int) -> Iterator[str]:
    """Choose a folder for a run's staged tables; delete it afterwards."""
    folder = f"{STAGE}/{run:06}-{uuid.uuid4().hex}"
    try:
        yield folder
    finally:
        # What stays is deleted by a vacuum.
        with suppress(OSError):
            file_system(root).delete_dir(path_in(root.uri_of(folder)))
