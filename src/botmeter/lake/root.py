"""Folder or bucket of a lake: its addresses, and files in it."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from botmeter.domain.errors import Refused, Unavailable
from botmeter.lake.layout import INSTANTS, TABLES_WITH_SMALL_PAGES, is_compressed, is_distinct
from botmeter.ledger.bucket_reading import bucket_fault
from botmeter.outgoing.bucket_files import BucketFile
from botmeter.outgoing.buckets import (
    bucket_reason,
    bucket_server,
    file_system_of,
    is_in_bucket,
    path_in_bucket,
)

STAGE = "_stage"
"""Folder of what tasks hand on within a run."""
ROW_GROUP_ROWS = 122_880
"""DuckDB's own: fewer rows cost more per group, more are read where few are wanted."""
ROW_GROUP_ROWS_OF_RUNS = 20_480
"""Files of a run have all months in order of time, of which the next run wants few rows."""
# Bytes: else each page's or column's few ones are a call of the system.
_WRITTEN_AT_ONCE = 1 << 16
PAGE_ROWS = 2_048
"""As many as DuckDB takes at once. It skips pages without a wanted row: a third of the time for the newest 1 %."""

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
        return is_in_bucket(self.uri)

    def table_uri(self, table: str) -> str:
        return f"{self.uri}/{table}"

    def uri_of(self, relative: str) -> str:
        return f"{self.uri}/{relative}"


def file_system(root: LakeRoot) -> pafs.FileSystem:
    """File system of a lake."""
    return file_system_of(root.uri) if root.is_bucket else pafs.LocalFileSystem()


def output_stream(root: LakeRoot, name: str) -> pa.NativeFile:
    """Open a new file to write."""
    return file_system(root).open_output_stream(path_in(root.uri_of(name)), buffer_size=_WRITTEN_AT_ONCE)


def path_in(uri: str) -> str:
    """Path of an address in its file system."""
    return path_in_bucket(uri)


def storage_options(root: LakeRoot) -> dict[str, str] | None:
    """Options by which deltalake reaches the server that `file_system` reaches; None: a folder."""
    if not root.is_bucket:
        return None
    server = bucket_server(root.uri)
    # Whatever the environment says: commits rest on this alone.
    options = {"AWS_CONDITIONAL_PUT": "etag", "AWS_REGION": server.region or ""}
    if server.endpoint is not None:
        options |= {"AWS_ENDPOINT_URL": server.endpoint}
        options |= {"AWS_ALLOW_HTTP": str(server.endpoint.startswith("http://")).lower()}
    return options


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
    distinct_max = max(1, min(len(rows), row_group_rows))
    table = name.partition("/")[0]
    filters = {column: {"ndv": distinct_max, "fpp": FALSE_POSITIVE_SHARE} for column in looked_up}
    with output_stream(root, name) as stream:
        pq.write_table(
            rows,
            stream,
            compression={column: "zstd" if is_compressed(table, column) else "none" for column in rows.column_names},
            row_group_size=row_group_rows,
            column_encoding={column: "DELTA_BINARY_PACKED" for column in rows.column_names if column in INSTANTS},
            use_dictionary=[column for column in rows.column_names if not is_distinct(table, column)],
            store_schema=False,
            bloom_filter_options=filters or None,
            max_rows_per_page=PAGE_ROWS if table in TABLES_WITH_SMALL_PAGES else None,
        )
        return int(stream.tell())


def read_parquet(root: LakeRoot, name: str) -> pa.Table:
    """Read a small Parquet file; PyArrow's own function loads its data sets for it."""
    with pq.ParquetFile(path_in(root.uri_of(name)), filesystem=file_system(root), pre_buffer=root.is_bucket) as file:
        return file.read(use_threads=False)


def open_blocks(root: LakeRoot, name: str) -> "pa.NativeFile | BucketFile":
    """Open a file of which small pieces are read."""
    return BucketFile(root.uri_of(name)) if root.is_bucket else file_system(root).open_input_file(root.uri_of(name))


def sizes_of(root: LakeRoot, uris: Iterable[str]) -> list[int | None]:
    """Size in bytes of each file; None: none."""
    infos = file_system(root).get_file_info([path_in(uri) for uri in uris])
    return [info.size if info.is_file else None for info in infos]


def is_stored(root: LakeRoot, name: str) -> bool:
    """Look for one file, by one request."""
    try:
        with file_system(root).open_input_file(path_in(root.uri_of(name))):
            return True
    except FileNotFoundError:
        return False


@contextmanager
def storage_refused(root: LakeRoot) -> Iterator[None]:
    """Raise failures to read or write files, also by the database, as `storage_failed` has them."""
    try:
        yield
    except BrokenPipeError:
        # Of the program's own output.
        raise
    except (OSError, duckdb.IOException) as problem:
        raise storage_failed(root, problem) from problem
    except duckdb.Error as problem:
        if bucket_fault(problem) is None:
            raise
        raise storage_failed(root, problem) from problem


def storage_failed(root: LakeRoot, problem: Exception) -> Unavailable:
    """Error of a folder or bucket that can't be read or written, or of a full disk."""
    # A run that succeeds needs none of the modules of a ledger.
    from botmeter.ledger.ledger import is_disk_full

    if is_disk_full(problem):
        return Unavailable(
            "disk_full",
            f"The disk is full; nothing was recorded in the lake at {root.uri}. Make room and run it again.",
        )
    reason = bucket_fault(problem) or bucket_reason(problem)
    return Unavailable("lake_storage_failed", f"The lake at {root.uri} could not be read or written: {reason}")
