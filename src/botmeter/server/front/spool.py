"""Streams on disk: a thread writes at full speed, the event loop sends at the client's pace.

So a slow client holds neither a thread nor a snapshot. On a full disk, a stream stays in memory, and its thread waits.
"""

import asyncio
import io
import os
import tempfile
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from botmeter.server.front.body import ClientDisconnected

READ_BYTES: Final = 1 << 18
_ROOM_WITHIN_SECONDS: Final = 120.0
"""A client that takes too little is cut before."""

# Reads come from the system's cache, as a rule; a slow disk must not stop the event loop.
_readers: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="spool")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolLimits:
    """Space of all streams.

    Attributes:
        stream_bytes_max: On disk; an export of 100,000 rows has about 45 MB.
        free_bytes_min: Space on the disk that is left to events.
        memory_bytes_max: Of one stream, where the disk has no room.
    """

    disk_bytes_max: int = 2 << 30
    stream_bytes_max: int = 256 << 20
    disk_segment_bytes: int = 8 << 20
    free_bytes_min: int = 512 << 20
    memory_bytes_max: int = 1 << 20
    memory_segment_bytes: int = 1 << 18


class Spool:
    """Space of all streams."""

    def __init__(self, folder: Path, limits: SpoolLimits | None = None) -> None:
        self.folder = folder
        self.limits = limits or SpoolLimits()
        self.disk_bytes = 0
        self.changed = threading.Condition()

    def has_disk(self, stream: "SpooledStream") -> bool:
        """Check for one more segment; `changed` is held."""
        limits, size_bytes = self.limits, self.limits.disk_segment_bytes
        if self.disk_bytes + size_bytes > limits.disk_bytes_max:
            return False
        if stream.disk_bytes + size_bytes > limits.stream_bytes_max:
            return False
        try:
            disk = os.statvfs(self.folder)
        except OSError:
            return False
        return disk.f_bavail * disk.f_frsize - size_bytes >= limits.free_bytes_min


class _Segment:
    __slots__ = ("file", "is_on_disk", "sent_bytes", "size_bytes", "written_bytes")

    def __init__(self, file: BinaryIO, *, size_bytes: int, is_on_disk: bool) -> None:
        self.file = file
        self.size_bytes = size_bytes
        self.is_on_disk = is_on_disk
        self.written_bytes = 0
        self.sent_bytes = 0


class SpooledStream:
    """Bytes from one thread to an event loop."""

    def __init__(self, spool: Spool, loop: asyncio.AbstractEventLoop) -> None:
        self.disk_bytes = 0
        self.memory_bytes = 0
        self._spool = spool
        self._loop = loop
        # Held while a file is used, so that it is not closed meanwhile: its descriptor could be another file's by then.
        self._using = threading.Lock()
        self._segments: deque[_Segment] = deque()
        self._is_closed = self._is_ended = self._is_failed = self._is_disk_broken = False
        self._progress = asyncio.Event()

    def write(self, data: bytes) -> None:
        """Append, from a thread; raises ClientDisconnected if closed, or without room for too long."""
        view = memoryview(data)
        while view:
            self._make_room()
            with self._using:
                if self._is_closed:
                    raise ClientDisconnected
                view = view[self._written(self._segments[-1], view) :]
            self._notify()

    def end(self) -> None:
        self._is_ended = True
        self._notify()

    def fail(self) -> None:
        self._is_failed = True
        self._notify()

    async def read(self) -> bytes:
        """Next bytes, empty at the end; raises ClientDisconnected after `fail`."""
        while True:
            self._progress.clear()
            data = await self._loop.run_in_executor(_readers, self._next)
            if data is not None:
                return data
            await self._progress.wait()

    async def close(self) -> None:
        await self._loop.run_in_executor(_readers, self._closed)

    def _make_room(self) -> None:
        with self._using:
            last = self._segments[-1] if self._segments else None
            if last is not None and last.written_bytes < last.size_bytes:
                return
        segment = self._new_segment()
        with self._using:
            self._segments.append(segment)
            if self._is_closed:
                self._drop_first()

    def _new_segment(self) -> _Segment:
        spool, limits = self._spool, self._spool.limits
        with spool.changed:
            if not self._is_disk_broken and spool.has_disk(self):
                with suppress(OSError):
                    file = tempfile.TemporaryFile(dir=spool.folder, buffering=0)  # noqa: SIM115 - closed once sent
                    spool.disk_bytes += limits.disk_segment_bytes
                    self.disk_bytes += limits.disk_segment_bytes
                    return _Segment(cast("BinaryIO", file), size_bytes=limits.disk_segment_bytes, is_on_disk=True)
            size_bytes = limits.memory_segment_bytes
            if not spool.changed.wait_for(
                lambda: self._is_closed or self.memory_bytes + size_bytes <= limits.memory_bytes_max,
                _ROOM_WITHIN_SECONDS,
            ):
                raise ClientDisconnected
            self.memory_bytes += size_bytes
            return _Segment(io.BytesIO(), size_bytes=size_bytes, is_on_disk=False)

    def _written(self, segment: _Segment, view: memoryview) -> int:
        """`_using` is held."""
        segment.file.seek(segment.written_bytes)
        try:
            count = segment.file.write(view[: segment.size_bytes - segment.written_bytes])
        except OSError:
            # The disk is full after all. What is written is sent; the rest is kept in memory.
            self._is_disk_broken, segment.size_bytes = True, segment.written_bytes
            return 0
        segment.written_bytes += count
        return count

    def _next(self) -> bytes | None:
        # In this order: what was written before the end is seen.
        is_ended, is_failed = self._is_ended, self._is_failed
        with self._using:
            while self._segments:
                first = self._segments[0]
                if first.sent_bytes < first.written_bytes:
                    first.file.seek(first.sent_bytes)
                    data = first.file.read(min(READ_BYTES, first.written_bytes - first.sent_bytes))
                    first.sent_bytes += len(data)
                    return data
                if first.written_bytes < first.size_bytes:
                    break
                self._drop_first()
        if is_failed or self._is_closed:
            raise ClientDisconnected
        return b"" if is_ended else None

    def _closed(self) -> None:
        with self._using:
            self._is_closed = True
            while self._segments:
                self._drop_first()
        with self._spool.changed:
            self._spool.changed.notify_all()

    def _drop_first(self) -> None:
        segment, spool = self._segments.popleft(), self._spool
        segment.file.close()
        with spool.changed:
            if segment.is_on_disk:
                spool.disk_bytes -= spool.limits.disk_segment_bytes
                self.disk_bytes -= spool.limits.disk_segment_bytes
            else:
                self.memory_bytes -= spool.limits.memory_segment_bytes
            spool.changed.notify_all()

    def _notify(self) -> None:
        # The loop is closed while the server stops.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._progress.set)
