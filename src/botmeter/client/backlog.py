"""Queue of waiting events: current batch, disk, then memory."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from botmeter.client.settings import ClientSettings
from botmeter.client.spill import Segment, Spill, read_segment, rewrite_segment, sync_files

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
    segment: Segment | None = None
    reserved: Path | None = None


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
        self._is_disk_failing = False
        self._is_closed = False
        # Sequence numbers: of the last event put, the last settled, and the last to send at once.
        self._last = len(spill.segments)
        self._settled = 0
        self._urgent = 0

    def put(self, line: bytes) -> bool:
        with self.changed:
            if self._is_closed or (self._is_full(len(line)) and not self._make_room()):
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

    def send_all_now(self) -> int:
        with self.changed:
            self._urgent = self._last
            self._wake()
            return self._urgent

    def wait_until_settled(self, last: int, *, within_seconds: float) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: self._settled >= last, within_seconds)

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
        with self.changed:
            return 0.0 if self.batch is not None or self._spill.segments else self.tail_due_at()

    def tail_due_at(self) -> float:
        with self.changed:
            if not self._tail:
                return NEVER
            settings = self._settings
            has_batch = len(self._tail) >= settings.batch_events_max or self._tail_bytes >= settings.batch_bytes_max
            is_urgent = self._urgent > self._last - len(self._tail)
            return 0.0 if has_batch or is_urgent else self._tail_since + settings.linger_seconds

    def load_batch(self, now: float) -> list[bytes]:
        """Load the oldest segment on disk, else due memory, into `batch`; return the segment's invalid lines.

        After an `OSError` the file stays.
        """
        with self.changed:
            segment = self._spill.take_first()
            if segment is None:
                if self.tail_due_at() <= now:
                    self._load_tail()
                return []
        try:
            lines, invalid = read_segment(segment)
        except OSError:
            with self.changed:
                self._spill.forget(segment)
                self._settled = segment.last
            raise
        with self.changed:
            self.batch = Batch(lines=lines, last=segment.last, segment=segment)
        return invalid

    def settle(self, count: int, *, are_refused: bool = False) -> None:
        """Remove the first `count` lines of `batch`.

        Refused lines leave the file at once, or a later process would record them twice. Accepted ones may stay: the
        server recognizes duplicates.
        """
        with self.changed:
            batch = self.batch
            if batch is None:
                return
            batch.lines = batch.lines[count:]
            if not batch.lines:
                if batch.segment is not None:
                    self._spill.remove(batch.segment)
                self.batch = None
                self._settled = batch.last
                self.changed.notify_all()
                return
        # Without the lock: no caller of `put` waits for the disk to confirm.
        if are_refused:
            self._shorten(batch)

    def store_due(self, now: float) -> None:
        """Write `batch` and due memory to disk; after an `OSError` some events are in memory only."""
        with self.changed:
            self._is_disk_failing = False
            self._store_batch()
            if self.tail_due_at() <= now and self._spill.has_room(self._tail_bytes):
                self._store_tail()
        self._sync()

    def store_all(self) -> int:
        """As `store_due`, for everything, and close; return the number that didn't fit."""
        with self.changed:
            # A caller that was about to put while another thread closed gets False; its event is not lost silently.
            self._is_closed = True
            self._store_batch()
            if self.batch is not None:
                self._shorten(self.batch)
            if self._tail and self._spill.has_room(self._tail_bytes):
                self._store_tail()
            left_count = self.queued_count
        self._sync()
        return left_count

    def _sync(self) -> None:
        with self.changed:
            paths = self._spill.unsynced()
        sync_files(paths)

    def _wake(self) -> None:
        self.changes += 1
        self.changed.notify_all()

    def _is_full(self, size_bytes: int) -> bool:
        is_many = len(self._tail) >= self._settings.queue_events_max
        return is_many or self._tail_bytes + size_bytes >= self._settings.queue_bytes_max

    def _make_room(self) -> bool:
        # Retried by `store_due`, not by every caller: a failing disk must not cost each of them a write.
        if not self._tail:
            return True
        if self._is_disk_failing or not self._spill.has_room(self._tail_bytes):
            return False
        try:
            self._store_tail()
        except OSError:
            self._is_disk_failing = True
            return False
        return True

    def _load_tail(self) -> None:
        settings = self._settings
        lines = first_part(self._tail, count_max=settings.batch_events_max, bytes_max=settings.batch_bytes_max)
        self._tail = self._tail[len(lines) :]
        self._tail_bytes = sum(map(len, self._tail)) + len(self._tail)
        self.batch = Batch(lines=lines, last=self._last - len(self._tail), reserved=self._spill.reserve())

    def _store_tail(self) -> None:
        self._spill.append(self._tail, last=self._last)
        self._tail = []
        self._tail_bytes = 0

    def _store_batch(self) -> None:
        batch = self.batch
        if batch is not None and batch.segment is None and batch.reserved is not None:
            batch.segment = self._spill.put_back(batch.reserved, batch.lines)

    def _shorten(self, batch: Batch) -> None:
        # A file that can't be rewritten is sent whole by the next process: twice, under the same ids.
        if batch.segment is not None and batch.lines:
            with suppress(OSError):
                size_bytes = rewrite_segment(batch.segment, batch.lines)
                with self.changed:
                    self._spill.note_shortened(batch.segment, size_bytes)


def first_part(lines: Sequence[bytes], *, count_max: int, bytes_max: int) -> list[bytes]:
    """First lines within the limits, at least one."""
    size_bytes = 0
    for count, line in enumerate(islice(lines, count_max)):
        size_bytes += len(line) + 1
        if size_bytes > bytes_max and count:
            return list(lines[:count])
    return list(lines[:count_max])
