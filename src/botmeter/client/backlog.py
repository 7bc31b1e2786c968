"""Queue of waiting events: current batch, disk, then memory, so that conversations stay in order."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from botmeter.client.settings import ClientSettings
from botmeter.client.spill import Segment, Spill, lines_of, sync_files

NEVER = float("inf")


@dataclass(slots=True, kw_only=True)
class Batch:
    """Events being sent, a part at a time.

    Attributes:
        lines: Not settled yet.
        last: Sequence number.
        segment: File of all lines; None: memory only.
        reserved: File for later; None without a folder.
    """

    lines: list[bytes]
    last: int
    segment: Segment | None
    reserved: Path | None = None

    def part(self, *, count_max: int, bytes_max: int) -> list[bytes]:
        """Return the next lines within the limits, at least one."""
        size_bytes = 0
        for count, line in enumerate(islice(self.lines, count_max)):
            size_bytes += len(line) + 1
            if size_bytes > bytes_max and count:
                return self.lines[:count]
        return self.lines[:count_max]


class Backlog:
    """Thread-safe queue.

    Attributes:
        changed: Notified of new work and of settled events.
        changes: Counter of new work; a thread that sees it grow doesn't wait.
    """

    def __init__(self, spill: Spill, settings: ClientSettings, *, elapsed: Callable[[], float]) -> None:
        self.changed = threading.Condition()
        self.changes = 0
        self.batch: Batch | None = None
        self._spill = spill
        self._settings = settings
        self._elapsed = elapsed
        self._tail: list[bytes] = []
        self._tail_bytes = 0
        self._tail_since = 0.0
        self._is_disk_bad = False
        self._is_over = False
        # Sequence numbers: of the last event put, the last settled, and the last to send at once.
        self._last = len(spill.segments)
        self._settled = 0
        self._wanted = 0

    def put(self, line: bytes) -> bool:
        """Append an event; False if full or closed."""
        with self.changed:
            if self._is_over:
                return False
            if self._is_full(len(line)) and not self._has_made_room():
                return False
            if not self._tail:
                self._tail_since = self._elapsed()
                self._wake()
            self._tail.append(line)
            self._tail_bytes += len(line) + 1
            self._last += 1
            if len(self._tail) == self._settings.batch_events_max:
                self._wake()
            return True

    def want_all(self) -> int:
        """Send everything without delay; return the last sequence number."""
        with self.changed:
            self._wanted = self._last
            self._wake()
            return self._wanted

    def has_settled(self, last: int) -> bool:
        return self._settled >= last

    @property
    def is_behind(self) -> bool:
        """Check that memory must wait for disk."""
        return bool(self._spill.segments) or (self.batch is not None and self.batch.segment is not None)

    @property
    def queued_count(self) -> int:
        return len(self._tail) + (len(self.batch.lines) if self.batch is not None and not self.batch.segment else 0)

    @property
    def spilled_bytes(self) -> int:
        return self._spill.size_bytes

    def due_at(self) -> float:
        """Time of the next work, or `NEVER`."""
        with self.changed:
            if self.batch is not None or self._spill.segments:
                return 0.0
            return self._tail_due_at()

    def tail_due_at(self) -> float:
        """Time at which memory is due, or `NEVER`."""
        with self.changed:
            return self._tail_due_at()

    def take(self, now: float) -> Segment | None:
        """Return the oldest segment on disk, or move due memory to `batch`."""
        with self.changed:
            segment = self._spill.first()
            if segment is not None or self._tail_due_at() > now:
                return segment
            taken = Batch(lines=self._tail, last=self._last, segment=None)
            taken.lines = taken.part(
                count_max=self._settings.batch_events_max, bytes_max=self._settings.batch_bytes_max
            )
            del self._tail[: len(taken.lines)]
            taken.last = self._last - len(self._tail)
            taken.reserved = self._spill.reserved()
            self._tail_bytes = sum(map(len, self._tail)) + len(self._tail)
            self.batch = taken
            return None

    def read(self, segment: Segment) -> list[bytes]:
        """Read a segment into `batch` and return its invalid lines. After an `OSError` the file stays."""
        try:
            lines = lines_of(segment)
        except OSError:
            with self.changed:
                self._spill.forget(segment)
                self._settled = segment.last
            raise
        with self.changed:
            self.batch = Batch(lines=lines.events, last=segment.last, segment=segment)
        return lines.broken

    def settle(self, count: int, *, were_taken: bool = True) -> None:
        """Remove the first `count` lines of `batch`.

        Refused lines leave the file at once, or a later process would record them twice. Accepted ones may stay: the
        server recognizes duplicates.
        """
        with self.changed:
            batch = self.batch
            if batch is None:
                return
            batch.lines = batch.lines[count:]
            if batch.lines:
                if not were_taken:
                    self._shorten(batch)
                return
            if batch.segment is not None:
                self._spill.remove(batch.segment)
            self.batch = None
            self._settled = batch.last
            self.changed.notify_all()

    def keep_due(self, now: float) -> None:
        """Write `batch` and due memory to disk; after an `OSError` some events are in memory only."""
        with self.changed:
            self._is_disk_bad = False
            self._keep_batch()
            if self._tail_due_at() <= now and self._spill.has_room(self._tail_bytes):
                self._keep_tail()
        self.sync()

    def keep_all(self) -> int:
        """As `keep_due`, for everything, and close; return the number that didn't fit."""
        with self.changed:
            # A caller that was about to put while another thread closed gets False; its event is not lost silently.
            self._is_over = True
            self._keep_batch()
            if self.batch is not None:
                self._shorten(self.batch)
            if self._tail and self._spill.has_room(self._tail_bytes):
                self._keep_tail()
            left_count = self.queued_count
        self.sync()
        return left_count

    def sync(self) -> None:
        with self.changed:
            paths = self._spill.unsynced()
        sync_files(paths)

    def _wake(self) -> None:
        self.changes += 1
        self.changed.notify_all()

    def _is_full(self, size_bytes: int) -> bool:
        is_many = len(self._tail) >= self._settings.queue_events_max
        return is_many or self._tail_bytes + size_bytes >= self._settings.queue_bytes_max

    def _has_made_room(self) -> bool:
        # Retried by `keep_due`, not by every caller: a failing disk must not cost each of them a write.
        if not self._tail:
            return True
        if self._is_disk_bad or not self._spill.has_room(self._tail_bytes):
            return False
        try:
            self._keep_tail()
        except OSError:
            self._is_disk_bad = True
            return False
        return True

    def _keep_tail(self) -> None:
        self._spill.append(self._tail, last=self._last)
        self._tail = []
        self._tail_bytes = 0

    def _keep_batch(self) -> None:
        batch = self.batch
        if batch is not None and batch.segment is None and batch.reserved is not None:
            batch.segment = self._spill.put_back(batch.reserved, batch.lines)

    def _shorten(self, batch: Batch) -> None:
        # A file that can't be rewritten is sent whole by the next process: twice, under the same ids.
        if batch.segment is not None and batch.lines:
            with suppress(OSError):
                self._spill.shorten(batch.segment, batch.lines)

    def _tail_due_at(self) -> float:
        if not self._tail:
            return NEVER
        settings = self._settings
        has_batch = len(self._tail) >= settings.batch_events_max or self._tail_bytes >= settings.batch_bytes_max
        is_wanted = self._wanted > self._last - len(self._tail)
        return 0.0 if has_batch or is_wanted else self._tail_since + settings.linger_seconds


def joined(lines: Sequence[bytes]) -> bytes:
    """Return the body of a request."""
    return b"\n".join(lines) + b"\n"
