"""Data folders owned by this process, shared by its readers."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from botmeter.domain.instant import now_us
from botmeter.lake.serving import reading_newest
from botmeter.ledger.folder import Folder
from botmeter.ledger.readable import ReadableLedger

# Another process can take the folder after the check that it is free.
_OVERTAKEN_SECONDS_MAX = 1.0
# Re-entrant: a reader that is garbage is closed wherever the collector runs.
_lock = threading.RLock()
_owned: dict[Path, "_OwnedFolder"] = {}


class _ReadFolder(Folder):
    """Folder whose ledgers are opened and closed one at a time."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        # The first reader may migrate a file, which no other connection of the process may have open then.
        self._opening = threading.RLock()
        self._readers = Counter[str]()

    @contextmanager
    def reading(self, name: str) -> Iterator[ReadableLedger]:
        with self._opening:
            # Another record of a lake is served only while nobody reads the one before.
            is_read = self._readers[name] > 0
            opened = super().reading(name) if is_read else reading_newest(Folder(self.path), name, now_us=now_us())
            ledger = opened.__enter__()
            self._readers[name] += 1
        try:
            yield ledger
        except BaseException as problem:
            with self._opening:
                self._readers[name] -= 1
                # It raises an error of its own for a damaged file.
                opened.__exit__(type(problem), problem, problem.__traceback__)
            raise
        with self._opening:
            self._readers[name] -= 1
            opened.__exit__(None, None, None)


class _OwnedFolder:
    def __init__(self, path: Path, *, wait_seconds: float) -> None:
        self.user_count = 0
        self._stack = ExitStack()
        owned = _ReadFolder.owned(path, purpose="Python", wait_seconds=min(wait_seconds, _OVERTAKEN_SECONDS_MAX))
        self.folder = self._stack.enter_context(owned)

    def close(self) -> None:
        self._stack.close()


def is_owned(path: Path) -> bool:
    """Check whether this process owns the folder."""
    return path in _owned


@contextmanager
def owned_folder(path: Path, *, wait_seconds: float) -> Iterator[Folder]:
    """Own the folder until its last reader is closed; raises as `Folder.owned`."""
    with _lock:
        if path not in _owned:
            _owned[path] = _OwnedFolder(path, wait_seconds=wait_seconds)
        owned = _owned[path]
        owned.user_count += 1
    try:
        yield owned.folder
    finally:
        with _lock:
            owned.user_count -= 1
            if not owned.user_count:
                del _owned[path]
                owned.close()
