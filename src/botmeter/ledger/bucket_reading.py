"""Parquet files of lakes in buckets, as DuckDB reads them: its own reader of buckets is an extension to download.

Files of a lake never change, so that each is looked up once in a process, and what DuckDB has read of it stays valid.
"""

import io
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

import duckdb

from botmeter.outgoing.buckets import bucket_reason, file_system_of, is_in_bucket, path_in_bucket

if TYPE_CHECKING:
    import pyarrow as pa

OPEN_MAX: Final = 4_096
"""Files that stay looked up, of some hundred bytes each."""
FAULT: Final = "File can't be read: "
"""Start of the message of each failure, within DuckDB's."""
_PROTOCOL: Final = "s3"
# DuckDB trusts what it has read of a file that did not change for ten seconds.
_CHANGED: Final = datetime(2000, 1, 1, tzinfo=UTC)


def read_buckets(connection: duckdb.DuckDBPyConnection, address: str) -> None:
    """Make a database read the files of a bucket; an address in a folder needs nothing."""
    if is_in_bucket(address) and not connection.filesystem_is_registered(_PROTOCOL):
        connection.register_filesystem(_file_system_class()())


def bucket_fault(problem: BaseException) -> str | None:
    """Reason why a file in a bucket could not be read; None: the problem is another."""
    # DuckDB says where in its caller, too.
    _, mark, reason = str(problem).rpartition(FAULT)
    return f"{FAULT}{reason.strip()}" if mark else None


@lru_cache(maxsize=OPEN_MAX)
def _opened(address: str) -> "pa.NativeFile":
    try:
        return file_system_of(address).open_input_file(path_in_bucket(address))
    except OSError as problem:
        raise _fault(address, problem) from None


class _BucketFile(io.RawIOBase):
    """Position in an open file, which several threads read."""

    def __init__(self, address: str) -> None:
        self._address, self._file, self._position = address, _opened(address), 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        starts = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._file.size()}
        self._position = starts[whence] + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        count = self._file.size() - self._position if size < 0 else size
        try:
            piece: bytes = self._file.read_at(count, self._position)
        except OSError as problem:
            raise _fault(self._address, problem) from None
        self._position += len(piece)
        return piece


def _fault(address: str, problem: OSError) -> OSError:
    return OSError(f"{FAULT}{address}: {bucket_reason(problem)}")


@cache
def _file_system_class() -> Any:
    # fsspec comes with an extra.
    from fsspec.spec import AbstractFileSystem

    class BucketFileSystem(AbstractFileSystem):  # type: ignore[misc]
        """File system as far as DuckDB needs it to read files by their addresses."""

        protocol = _PROTOCOL
        # Else the class would keep each, and with it a closed database.
        cachable = False

        def open(self, path: str, mode: str = "rb", **_: object) -> _BucketFile:
            if mode != "rb":
                raise OSError(f"{FAULT}{path} is open for reading only.")
            return _BucketFile(path)

        def size(self, path: str) -> int:
            return int(_opened(path).size())

        def isfile(self, _path: str) -> bool:
            return True

        def exists(self, path: str, **_: object) -> bool:
            return self.size(path) >= 0

        def glob(self, path: str, **_: object) -> list[str]:
            # DuckDB is given names of files only.
            return [path]

        def modified(self, _path: str) -> datetime:
            return _CHANGED

    return BucketFileSystem
