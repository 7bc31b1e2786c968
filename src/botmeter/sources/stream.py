"""Files as byte streams: opened, decompressed and counted."""

import stat
import sys
import zlib
from pathlib import Path
from typing import IO

from botmeter.domain.errors import Missing, NotAllowed, Refused

STDIN = "-"
GZIP_MAGIC = b"\x1f\x8b"
# Size of reads from disk: small beside a block, large beside a system call.
_PIECE_BYTES = 1 << 20
# A gzip bomb expands 1 MiB to 1 GiB; output is bounded per step so that memory stays flat.
_UNPACKED_BYTES = 4 << 20


class ByteStream:
    """A decompressed file, read up to the cut if truncated.

    Attributes:
        name: For messages.
        stored_bytes: Bytes of the stored file read so far.
        size_bytes: Stored size; None if unknown.
        is_packed: The stored file is gzip.
    """

    def __init__(
        self, file: IO[bytes], *, name: str, size_bytes: int | None = None, is_kept_open: bool = False
    ) -> None:
        self.name = name
        self.size_bytes = size_bytes
        self.stored_bytes = 0
        self.closed = False
        self._file = file
        self._is_kept_open = is_kept_open
        self._at_end = False
        self._damage = ""
        start = self._next_piece()
        self.is_packed = start.startswith(GZIP_MAGIC)
        self._unpacker = zlib.decompressobj(wbits=31) if self.is_packed else None
        self._stored = start if self.is_packed else b""
        self._ready = bytearray() if self.is_packed else bytearray(start)

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def read(self, size_bytes: int = -1) -> bytes:
        """Read `size_bytes` bytes, fewer only at the end; -1: the rest."""
        if size_bytes < 0:
            self._fill(size_bytes)
            size_bytes = len(self._ready)
        piece = bytearray(size_bytes)
        end = self.readinto(memoryview(piece))
        return bytes(piece if end == size_bytes else piece[:end])

    def readinto(self, view: memoryview) -> int:
        """Fill `view`, less only at the end, and return the count."""
        if self.is_packed:
            self._fill(len(view))
        end = min(len(self._ready), len(view))
        view[:end] = self._ready[:end]
        del self._ready[:end]
        # Read straight into `view`: each further copy of a block costs as much as reading it.
        while not self.is_packed and end < len(view) and not self._at_end:
            count = self._read_stored_into(view[end:])
            end += count
        return end

    def peek(self, size_bytes: int) -> bytes:
        """Return the next bytes, fewer only at the end, without consuming them."""
        self._fill(size_bytes)
        return bytes(self._ready[:size_bytes])

    def close(self) -> None:
        self.closed = True
        if not self._is_kept_open:
            self._file.close()

    def checked_end(self) -> None:
        """Check completeness; raises `Refused` (`file_truncated`, `file_damaged`)."""
        if self._damage:
            raise Refused("file_damaged", f"{self.name} is damaged: its gzip data can't be unpacked ({self._damage}).")
        if self._unpacker is not None and not self._unpacker.eof:
            raise Refused("file_truncated", f"{self.name} is truncated: it ends in the middle of its gzip data.")

    def _fill(self, size_bytes: int) -> None:
        while not self._at_end and (size_bytes < 0 or len(self._ready) < size_bytes):
            if self._unpacker is None:
                self._ready += self._next_piece()
                continue
            self._ready += self._unpacked()
            if not self._stored and not self._at_end:
                self._stored = self._next_piece()

    def _unpacked(self) -> bytes:
        unpacker = self._unpacker
        assert unpacker is not None  # noqa: S101 - only called for packed files
        if unpacker.eof:
            # Zeros after the end are padding; anything else is another member.
            self._stored = self._stored.lstrip(b"\0")
            if not self._stored:
                return b""
            self._unpacker = unpacker = zlib.decompressobj(wbits=31)
        try:
            unpacked = unpacker.decompress(self._stored, _UNPACKED_BYTES)
        except zlib.error as fault:
            self._damage = str(fault)
            self._at_end = True
            return b""
        self._stored = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        return unpacked

    def _next_piece(self) -> bytes:
        piece = bytearray(_PIECE_BYTES)
        return bytes(piece[: self._read_stored_into(memoryview(piece))])

    def _read_stored_into(self, view: memoryview) -> int:
        try:
            count: int = self._file.readinto(view)  # type: ignore[attr-defined]
        except OSError as fault:
            raise Refused("file_damaged", f"{self.name} can't be read: {fault.strerror}.") from None
        self.stored_bytes += count
        self._at_end = count == 0
        return count


def stored_size_bytes(path: str) -> int | None:
    """Return the stored size; None for a pipe or a missing file."""
    if path == STDIN:
        return None
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def open_stream(path: str, *, name: str | None = None, stdin: IO[bytes] | None = None) -> ByteStream:
    """Open a file, or for `-` standard input or `stdin`; `name` is for messages.

    Raises:
        Missing: `file_missing`.
        NotAllowed: `file_not_readable`.
        Refused: `file_is_directory`, `file_damaged`, `file_empty`.
    """
    if path == STDIN:
        stream = ByteStream(stdin or sys.stdin.buffer, name="standard input", is_kept_open=True)
    else:
        label = name or path
        stream = ByteStream(_file(path, name=label), name=label, size_bytes=stored_size_bytes(path))
    if not stream.peek(1):
        try:
            stream.checked_end()
            raise Refused("file_empty", f"{stream.name} is empty.")
        finally:
            stream.close()
    return stream


def _file(path: str, *, name: str) -> IO[bytes]:
    try:
        return Path(path).open("rb")
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
