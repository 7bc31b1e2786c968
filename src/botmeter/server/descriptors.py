"""Interruptible streams over descriptors of another process.

Terminals and full pipes may block forever, out of reach of exceptions.
"""

import io
import os
import select
import stat
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from botmeter.ledger.interruption import Interruption

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

# A ready pipe accepts this many bytes without blocking (PIPE_BUF, at least 512).
_PIPE_BYTES = select.PIPE_BUF
_FILE_BYTES = 1 << 20


class Wakeable:
    """Interruption of waits for descriptors."""

    def __init__(self, stop: Interruption) -> None:
        self.stop = stop
        self._closing = threading.Lock()
        self._is_closed = False
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)

    def wake(self) -> None:
        if not self.stop.is_set:
            return
        # Closed, the descriptor's number may already be that of another file.
        with self._closing, suppress(BlockingIOError):
            if not self._is_closed:
                os.write(self._write, b"!")

    def wait_for(self, descriptor: int, event: int) -> None:
        """Wait until the descriptor is ready; raise if interrupted."""
        poll = select.poll()
        poll.register(descriptor, event)
        poll.register(self._read, select.POLLIN)
        if all(ready == self._read for ready, _ in poll.poll()):
            self.stop.check()

    def close(self) -> None:
        with self._closing:
            self._is_closed = True
            os.close(self._read)
            os.close(self._write)


class Descriptor(io.RawIOBase):
    """Stream that owns its descriptor."""

    def __init__(self, descriptor: int, *, wakeable: Wakeable, is_written: bool) -> None:
        self._descriptor = descriptor
        self._wakeable = wakeable
        self._is_written = is_written
        is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        self._bytes_max = _FILE_BYTES if is_file else _PIPE_BYTES

    def readable(self) -> bool:
        return not self._is_written

    def writable(self) -> bool:
        return self._is_written

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def readinto(self, buffer: "WriteableBuffer") -> int:
        self._wakeable.wait_for(self._descriptor, select.POLLIN)
        return os.readv(self._descriptor, [buffer])

    def write(self, data: "ReadableBuffer") -> int:
        self._wakeable.wait_for(self._descriptor, select.POLLOUT)
        return os.write(self._descriptor, memoryview(data)[: self._bytes_max])

    def close(self) -> None:
        if not self.closed:
            super().close()
            os.close(self._descriptor)


def text_stream(raw: Descriptor, *, encoding: str, errors: str) -> TextIO:
    """Text stream in this encoding."""
    if raw.writable():
        return io.TextIOWrapper(io.BufferedWriter(raw), encoding=encoding, errors=errors)
    return io.TextIOWrapper(io.BufferedReader(raw), encoding=encoding, errors=errors)
