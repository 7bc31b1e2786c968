"""Folder or bucket of a lake: its addresses, and files in it."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from botmeter.domain.errors import Refused, Unavailable
from botmeter.lake.layout import DISTINCT_COLUMNS
from botmeter.ledger.ledger import is_disk_full

_IN_BUCKET = "s3://"
STAGE = "_stage"
"""Folder of what tasks hand on within a run."""
ROW_GROUP_ROWS = 122_880
"""DuckDB's own: fewer rows cost more per group, more are read where few are wanted."""
ROW_GROUP_ROWS_OF_RUNS = 20_480
"""Files of a run have all months in order of time, of which the next run wants few rows."""

FALSE_POSITIVE_SHARE = 0.01
"""Of row groups that are read in vain for a value. A filter has about 1.5 bytes per distinct value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeRoot:
    """Address of a lake, without a slash at its end."""

    uri: str

    @classmethod
    def at(cls, address: str) -> "LakeRoot":
        """Make an address absolute.

        Raises:
            Refused: `lake_address_invalid`.
        """
        scheme, mark, rest = address.partition("://")
        if not address or (mark and (scheme != "s3" or not rest.strip("/"))):
            raise Refused(
                "lake_address_invalid",
                f"{address[:200]!r} is not the address of a lake. Use a folder or s3://BUCKET/FOLDER.",
            )
        return cls(uri=address.rstrip("/") if mark else str(Path(address).absolute()))

    @property
    def is_bucket(self) -> bool:
        return self.uri.startswith(_IN_BUCKET)

    def table_uri(self, table: str) -> str:
        return f"{self.uri}/{table}"

    def uri_of(self, relative: str) -> str:
        return f"{self.uri}/{relative}"


@cache
def file_system(root: LakeRoot) -> pafs.FileSystem:
    """Open the file system of a lake, once per process."""
    if not root.is_bucket:
        return pafs.LocalFileSystem()
    return pafs.FileSystem.from_uri(root.uri)[0]


def path_in(uri: str) -> str:
    """Path of an address in its file system."""
    return uri.removeprefix(_IN_BUCKET)


def new_name(root: LakeRoot, folder: str, *, ending: str) -> str:
    """Choose a name that no other attempt has; make its folder."""
    if not root.is_bucket:
        Path(root.uri_of(folder)).mkdir(parents=True, exist_ok=True)
    return f"{folder}/{uuid.uuid4().hex}.{ending}"


def write_parquet(
    root: LakeRoot, rows: pa.Table, *, name: str, row_group_rows: int = ROW_GROUP_ROWS, looked_up: Sequence[str] = ()
) -> int:
    """Write a Parquet file; return its size in bytes.

    Args:
        looked_up: Columns that have Bloom filters.
    """
    files, path = file_system(root), path_in(root.uri_of(name))
    distinct_max = max(1, min(len(rows), row_group_rows))
    filters = {column: {"ndv": distinct_max, "fpp": FALSE_POSITIVE_SHARE} for column in looked_up}
    pq.write_table(
        rows,
        path,
        filesystem=files,
        compression="zstd",
        row_group_size=row_group_rows,
        use_dictionary=[column for column in rows.column_names if column not in DISTINCT_COLUMNS],
        store_schema=False,
        bloom_filter_options=filters or None,
    )
    return int(files.get_file_info(path).size)


def sizes_of(root: LakeRoot, uris: Iterable[str]) -> list[int | None]:
    """Size in bytes of each file; None: none."""
    infos = file_system(root).get_file_info([path_in(uri) for uri in uris])
    return [info.size if info.is_file else None for info in infos]


@contextmanager
def storage_refused(root: LakeRoot) -> Iterator[None]:
    """Raise failures to read or write files as `storage_failed` has them."""
    try:
        yield
    except BrokenPipeError:
        # Of the program's own output.
        raise
    except (OSError, duckdb.IOException) as problem:
        raise storage_failed(root, problem) from problem


def storage_failed(root: LakeRoot, problem: Exception) -> Unavailable:
    """Error of a folder or bucket that can't be read or written, or of a full disk."""
    if is_disk_full(problem):
        return Unavailable(
            "disk_full",
            f"The disk is full; nothing was recorded in the lake at {root.uri}. Make room and run it again.",
        )
    reason = (str(problem).splitlines() or [""])[0][:200]
    return Unavailable("lake_storage_failed", f"The lake at {root.uri} could not be read or written: {reason}")
