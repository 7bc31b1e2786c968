"""Lasting problem of an account's file, which is then refused unopened."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from botmeter.domain.errors import BotmeterError, with_notes
from botmeter.ledger.damage import damage_of
from botmeter.ledger.folder_files import account_file, mark_file

_LASTING: Final = frozenset(
    {"ledger_corrupt", "ledger_behind", "ledger_replaced", "mark_damaged", "ledger_misnamed", "ledger_newer"}
)
_log: Final = logging.getLogger(__name__)
_State = tuple[tuple[int, int, int] | None, ...]


class FileProblem:
    """Problem of an account's file, until the file, its log or its mark changes; thread-safe."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._lock = threading.Lock()
        self._error: BotmeterError | None = None
        # Known once nothing has the file open.
        self._state: _State | None = None

    @property
    def is_known(self) -> bool:
        return self._error is not None

    def present(self) -> BotmeterError | None:
        with self._lock:
            has_changed = self._state is not None and self._state != self._present_state()
            return None if self._error is None or has_changed else _copy(self._error)

    def note(self, error: BotmeterError) -> None:
        if error.code not in _LASTING:
            return
        with self._lock:
            is_new = self._error is None or self._error.message != error.message
            if is_new:
                self._error, self._state = _copy(error), None
        if is_new:
            _log.error(with_notes(error), extra={"fields": {"code": error.code}})

    def note_closed(self) -> None:
        """Note that nothing has the file open: a change from now on is another file."""
        with self._lock:
            if self._error is not None and self._state is None:
                self._state = self._present_state()

    def refuse(self, *, is_closed: bool) -> None:
        """Raise the problem unless the files have changed; `is_closed`: nobody has the file open."""
        with self._lock:
            if is_closed:
                state = self._present_state()
                if self._state not in {None, state}:
                    self._error = None
                self._state = state
            if self._error is not None:
                raise _copy(self._error)

    def _present_state(self) -> _State:
        file = account_file(self._folder, self._name)
        return tuple(map(_file_state, (file, file.with_name(f"{file.name}.wal"), mark_file(self._folder, self._name))))


def _copy(error: BotmeterError) -> BotmeterError:
    # Drop the trace, which would keep the frames of its first thread.
    copy = type(error)(error.code, error.message)
    for note in getattr(error, "__notes__", ()):
        copy.add_note(note)
    return copy


@contextmanager
def noting_problems(problem: FileProblem, *, name: str) -> Iterator[None]:
    """Note lasting problems during the `with`; raise damage as Unavailable `ledger_corrupt`."""
    try:
        yield
    except BotmeterError as error:
        problem.note(error)
        raise
    except Exception as other:
        damage = damage_of(other, name=name)
        if damage is None:
            raise
        problem.note(damage)
        raise damage from other


def _file_state(file: Path) -> tuple[int, int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
