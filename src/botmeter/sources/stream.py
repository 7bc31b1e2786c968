"""Files as byte streams: opened, decompressed and counted."""

import gzip
import io
import stat
import sys
import tempfile
import zlib
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final, cast

from botmeter.domain.errors import Missing, NotAllowed, Refused, TooMuch
from botmeter.outgoing.bucket_files import BucketFile, stored_files
from botmeter.outgoing.buckets import is_in_bucket

STDIN: Final = "-"
GZIP_MAGIC: Final = b"\x1f\x8b"
# Size of reads from disk: small beside a block, large beside a system call.
_BUFFER_BYTES: Final = 1 << 20
UNPACKED_MAX: Final = 100
"""Parquet and ZIP are compressed, so that gzip hardly makes them smaller; one that does so more often is refused."""


class _StoredFile(io.RawIOBase):
    """Counted file; reads are whole, to fill a buffer above from a pipe too."""

    def __init__(self, file: IO[bytes], *, name: str) -> None:
        self.name = name
        self.count = 0
        self._file = file
        self._start = b""
        start = bytearray(len(GZIP_MAGIC))
        self._start = bytes(start[: self.readinto(memoryview(start))])
        self.is_gzip = self._start == GZIP_MAGIC

    def readable(self) -> bool:
        return True

    def readinto(self, view: memoryview) -> int:  # type: ignore[override]
        end = len(self._start)
        view[:end], self._start = self._start, b""
        first = end
        try:
            while end < len(view) and (count := self._file.readinto(view[end:])):  # type: ignore[attr-defined]
                end += count
        except OSError as fault:
            raise Refused("file_damaged", f"{self.name} can't be read: {fault.strerror}.") from None
        self.count += end - first
        return end


class _UnpackedFile(io.RawIOBase):
    def __init__(self, file: _StoredFile) -> None:
        self.name = file.name
        self.fault: Refused | None = None
        self._gzip = gzip.GzipFile(fileobj=io.BufferedReader(file, _BUFFER_BYTES))

    def readable(self) -> bool:
        return True

    def readinto(self, view: memoryview) -> int:  # type: ignore[override]
        end = 0
        if self.fault is not None:
            return 0
        try:
            while end < len(view) and (piece := self._gzip.read1(min(len(view) - end, _BUFFER_BYTES))):
                view[end : end + len(piece)] = piece
                end += len(piece)
        except EOFError:
            self.fault = Refused("file_truncated", f"{self.name} is truncated: it ends in the middle of its gzip data.")
        except (gzip.BadGzipFile, zlib.error) as fault:
            self.fault = Refused("file_damaged", f"{self.name} is damaged: its gzip data can't be unpacked ({fault}).")
        return end


class ByteStream(io.BufferedReader):
    """Decompressed file, read up to the cut if truncated.

    Attributes:
        size_bytes: Stored size; None if unknown.
        is_packed: The stored file is gzip.
    """

    def __init__(self, file: IO[bytes], *, name: str, size_bytes: int | None = None, stays_open: bool = False) -> None:
        self.size_bytes = size_bytes
        self._file = file
        self._stays_open = stays_open
        self._stored = _StoredFile(file, name=name)
        self._unpacked = _UnpackedFile(self._stored) if self._stored.is_gzip else None
        self.is_packed = self._unpacked is not None
        super().__init__(self._unpacked or self._stored, _BUFFER_BYTES)

    @property
    def stored_bytes(self) -> int:
        return self._stored.count

    def peek(self, size_bytes: int = 0, /) -> bytes:
        """Next bytes without consuming them; at most a megabyte, fewer only at the end."""
        return super().peek(size_bytes)[:size_bytes]

    def close(self) -> None:
        super().close()
        if not self._stays_open:
            self._file.close()

    def checked_end(self) -> None:
        """Check completeness; raises `Refused` (`file_truncated`, `file_damaged`)."""
        if self._unpacked is not None and self._unpacked.fault is not None:
            raise self._unpacked.fault


def stored_size_bytes(path: str) -> int | None:
    """Stored size; None for a pipe or a missing file."""
    if path == STDIN:
        return None
    if is_in_bucket(path):
        stored = stored_files([path])
        return stored[path].size_bytes if stored else None
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def open_stream(path: str, *, name: str | None = None, stdin: IO[bytes] | None = None) -> ByteStream:
    """Open a file, or for `-` standard input or `stdin`.

    Raises:
        Missing: `file_missing`.
        NotAllowed: `file_not_readable`.
        Refused: `file_is_directory`, `file_damaged`, `file_empty`.
        Unavailable: `bucket_failed`.
    """
    if path == STDIN:
        stream = ByteStream(stdin or sys.stdin.buffer, name="standard input", stays_open=True)
    else:
        label = name or path
        file = opened_file(path, name=label)
        size_bytes = file.size_bytes if isinstance(file, BucketFile) else stored_size_bytes(path)
        stream = ByteStream(file, name=label, size_bytes=size_bytes)
    if not stream.peek(1):
        try:
            stream.checked_end()
            raise Refused("file_empty", f"{stream.name} is empty.")
        finally:
            stream.close()
    return stream


def spooled(stream: ByteStream, stack: ExitStack) -> IO[bytes]:
    """Copy a stream of compressed content to a temporary file, to be read in any order.

    Raises:
        Refused: `file_truncated`, `file_damaged`.
        TooMuch: `file_too_large` past 100 times the stored size.
    """
    spool = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
    size_bytes = 0
    while piece := stream.read(_BUFFER_BYTES):
        size_bytes += len(piece)
        if stream.is_packed and size_bytes > UNPACKED_MAX * (stream.stored_bytes + _BUFFER_BYTES):
            raise TooMuch(
                "file_too_large",
                f"{stream.name} unpacks to more than {UNPACKED_MAX} times its size. Import the file without gzip.",
            )
        spool.write(piece)
    stream.checked_end()
    spool.seek(0)
    return spool


def opened_file(path: str, *, name: str) -> IO[bytes]:
    """Open a file in a folder or bucket; raises as `open_stream`."""
    try:
        return cast("IO[bytes]", BucketFile(path)) if is_in_bucket(path) else Path(path).open("rb")
    except IsADirectoryError:
        raise Refused("file_is_directory", f"{name} is a directory; name the files in it.") from None
    except FileNotFoundError:
        raise Missing("file_missing", f"There is no file {name}.") from None
    except PermissionError:
        raise NotAllowed("file_not_readable", f"{name} may not be read: permission denied.") from None
    except ValueError:
        raise Missing("file_missing", f"{name!r} can't be the name of a file.") from None
    except OSError as fault:
        raise Refused("file_damaged", f"{name} can't be read: {fault.strerror}.") from None
