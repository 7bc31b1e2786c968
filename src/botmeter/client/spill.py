"""Events on disk: numbered NDJSON files, appended at the tail, sent and deleted at the head.

Not thread-safe; `Backlog` holds the lock.
"""

import os
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from botmeter.client import slots
from botmeter.domain.durable_files import durable_file

# Small enough to be read whole, large enough that an hour without a server needs few files.
SEGMENT_BYTES_MAX = 4 << 20


@dataclass(slots=True, kw_only=True)
class Segment:
    """File of events up to sequence number `last`."""

    path: Path
    size_bytes: int
    last: int


class Spill:
    """Files of a slot, oldest first."""

    def __init__(self, folder: Path | None, *, bytes_max: int) -> None:
        """Open a folder; with None every write fails."""
        self._folder = folder
        self._bytes_max = bytes_max
        self._unsynced: set[Path] = set()
        paths = [] if folder is None else slots.segment_paths(folder)
        self._next = slots.next_number(paths)
        # File to append to: never one of an earlier process, whose last line may be torn.
        self._open: Path | None = None
        self.segments = deque(
            Segment(path=path, size_bytes=path.stat().st_size, last=last) for last, path in enumerate(paths, 1)
        )
        self.size_bytes = sum(segment.size_bytes for segment in self.segments)

    def reserve(self) -> Path | None:
        """Reserve a file for older events."""
        if self._folder is None:
            return None
        path = slots.segment_path(self._folder, self._next)
        self._next += 1
        return path

    def has_room(self, size_bytes: int) -> bool:
        return self._folder is not None and self.size_bytes + size_bytes <= self._bytes_max

    def append(self, lines: Sequence[bytes], *, last: int) -> None:
        """Append all lines, or none and raise `OSError`."""
        segment = self.segments[-1] if self.segments else None
        if segment is None or segment.path != self._open or segment.size_bytes >= SEGMENT_BYTES_MAX:
            path = self.reserve()
            if path is None:
                raise OSError("there is no folder for waiting events")
            self.segments.append(self.put_back(path, lines, last=last))
            self._open = path
            return
        size_bytes = self._write(segment.path, lines)
        segment.size_bytes += size_bytes
        segment.last = last
        self.size_bytes += size_bytes

    def put_back(self, path: Path, lines: Sequence[bytes], *, last: int = 0) -> Segment:
        size_bytes = self._write(path, lines)
        self.size_bytes += size_bytes
        return Segment(path=path, size_bytes=size_bytes, last=last)

    def take_first(self) -> Segment | None:
        """Take the oldest segment; its file stays until `remove`."""
        return self.segments.popleft() if self.segments else None

    def note_shortened(self, segment: Segment, size_bytes: int) -> None:
        self.size_bytes += size_bytes - segment.size_bytes
        segment.size_bytes = size_bytes

    def remove(self, segment: Segment) -> None:
        self.forget(segment)
        with suppress(OSError):
            segment.path.unlink()

    def forget(self, segment: Segment) -> None:
        self.size_bytes -= segment.size_bytes
        self._unsynced.discard(segment.path)

    def unsynced(self) -> set[Path]:
        paths, self._unsynced = self._unsynced, set()
        return paths

    def _write(self, path: Path, lines: Sequence[bytes]) -> int:
        data = joined(lines)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            before_bytes = os.fstat(descriptor).st_size
            self._unsynced.add(path)
            try:
                write_all(descriptor, data)
            except OSError:
                # Half a line at the end would corrupt the next one.
                self._open = None
                with suppress(OSError):
                    os.ftruncate(descriptor, before_bytes)
                raise
        finally:
            os.close(descriptor)
        return len(data)


def write_all(descriptor: int, data: bytes) -> None:
    """Write until all is written, or raise `OSError`."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_files(paths: set[Path]) -> None:
    """Flush files and directory entries to disk."""
    for path in sorted(paths) + sorted({path.parent for path in paths}):
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_segment(segment: Segment) -> tuple[list[bytes], list[bytes]]:
    """Events of a segment, and invalid lines, as after a power cut."""
    events: list[bytes] = []
    invalid: list[bytes] = []
    for line in segment.path.read_bytes().split(b"\n"):
        if line:
            (events if event_id_of(line) is not None else invalid).append(line)
    return events, invalid


def rewrite_segment(segment: Segment, lines: Sequence[bytes]) -> int:
    """Keep only these lines, on disk; return their size. Unchanged after an `OSError`."""
    data = joined(lines)
    with durable_file(segment.path) as file:
        file.write(data)
    return len(data)


class _Identity(msgspec.Struct):
    event_id: str


_IDENTITIES = msgspec.json.Decoder(_Identity)


def event_id_of(line: bytes) -> str | None:
    """Id of a line; None if invalid."""
    try:
        return _IDENTITIES.decode(line).event_id
    except msgspec.DecodeError:
        return None


def joined(lines: Sequence[bytes]) -> bytes:
    """Lines as NDJSON."""
    return b"\n".join(lines) + b"\n"
