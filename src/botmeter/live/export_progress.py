"""Progress of the exports of pages, which show it to the user who started them."""

import threading
from collections import OrderedDict
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from botmeter.domain.errors import BotmeterError

KEPT_MAX: Final = 200
"""Exports whose progress is known; eight times those that are sent at once."""


class ExportState(StrEnum):
    """Step of an export."""

    WAITING = "waiting"
    WRITING = "writing"
    WRITTEN = "written"
    FAILED = "failed"


@dataclass(slots=True, kw_only=True)
class ExportProgress:
    """Progress of one export: changed by its thread, read by others.

    Attributes:
        problem: What to tell the user if it failed.
    """

    state: ExportState = ExportState.WAITING
    row_count: int = 0
    problem: str = ""

    def note_rows(self, row_count: int) -> None:
        self.row_count = row_count

    @contextmanager
    def noting_failure(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.problem = error.message if isinstance(error, BotmeterError) else "The file could not be written."
            self.state = ExportState.FAILED
            raise

    def follow(self, chunks: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
        """Pass the chunks of a file on, and note how it ends."""
        self.state = ExportState.WRITING
        with self.noting_failure(), closing(chunks):
            yield from chunks
        self.state = ExportState.WRITTEN


class ExportProgressByUser:
    """Thread-safe progress of the latest exports, by user and the name that the page gave the export."""

    def __init__(self) -> None:
        self._exports: OrderedDict[tuple[int, str], ExportProgress] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, user: int, name: str) -> ExportProgress:
        progress = ExportProgress()
        with self._lock:
            self._exports[user, name] = progress
            while len(self._exports) > KEPT_MAX:
                self._exports.popitem(last=False)
        return progress

    def find(self, user: int, name: str) -> ExportProgress:
        """Return the progress; of an export that has not begun, one that waits."""
        with self._lock:
            return self._exports.get((user, name)) or ExportProgress()
