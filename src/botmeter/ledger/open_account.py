"""One account's file, kept open for a process of many threads: many read, one writes, one takes live events in.

Whoever writes or wants to be alone queues, first come first served. Readers never wait for a writer:
DuckDB shows each of them the last commit. They wait only for one who is alone, as when a file is replaced.
Live events are taken in on a lane of their own, with a connection of its own, while others read and while those
that were taken in before are settled. Every other writer holds that lane too, and finds all of them settled.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress

import duckdb

from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import now_us
from botmeter.ledger.checkpoints import Checkpoints
from botmeter.ledger.conversation_spans import fold_if_many
from botmeter.ledger.fair_queue import FairQueue
from botmeter.ledger.folder import Folder, is_writable
from botmeter.ledger.interruption import WaitPolicy
from botmeter.ledger.known_keys import SharedKeys
from botmeter.ledger.ledger import Ledger, failure
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.reading import Published, ReadingLedger
from botmeter.ledger.settle import Backlog, backlog, settle, settle_quietly


class OpenAccount:
    """One account's file; opened by the first who comes."""

    def __init__(self, folder: Folder, name: str, *, first_version: int) -> None:
        self._folder = folder
        self._name = name
        self._changed = threading.Condition()
        self._writers = FairQueue(self._changed, refusal=self._busy)
        self._takers = FairQueue(self._changed, refusal=self._busy)
        self._user_count = 0
        self._alone: int | None = None
        # Nothing is ever asked of it but further connections, so that it can be shared by all threads.
        self._root: duckdb.DuckDBPyConnection | None = None
        self._writer: Ledger | None = None
        self._taker: Ledger | None = None
        self._keys = SharedKeys()
        self._checkpoints: Checkpoints | None = None
        self._published: Published | None = None
        self._version = first_version
        self._is_read_only = False
        self._is_broken = False
        self._used_at = time.monotonic()

    @property
    def is_mine(self) -> bool:
        """Whether the present thread is alone with the file."""
        return self._alone == threading.get_ident()

    @contextmanager
    def reading(self, patience: WaitPolicy) -> Iterator[ReadableLedger]:
        """The ledger as of its last commit, for one reader.

        Raises:
            Unavailable: `ledger_busy` while someone is alone with the file.
        """
        with self._changed:
            if not patience.until(lambda: self._alone is None, changed=self._changed):
                raise self._busy(patience)
            root, published = self._opened()
            reader = ReadingLedger(
                root.cursor(), published=published, version=self._present_version(), is_present=self._is_present
            )
            self._user_count += 1
        try:
            with _interruptible(reader, patience):
                yield reader
        finally:
            reader.connection.close()
            self._let_go()

    @contextmanager
    def writing(self, patience: WaitPolicy) -> Iterator[Ledger]:
        """The ledger to change, with nothing left to settle; what was committed is published at the end of the `with`.

        Raises:
            Unavailable: `ledger_busy` if others are before us for too long.
            NotAllowed: `ledger_read_only`.
        """
        with self._writers.turn(patience), self._takers.turn(patience), self._changing(patience) as ledger:
            ledger.catch_up()
            settle(ledger, now_us=now_us())
            try:
                yield ledger
            finally:
                # It may keep in memory what is no more, such as since when data count.
                self._forget_taker()

    @contextmanager
    def settling(self, patience: WaitPolicy) -> Iterator[Ledger]:
        """The ledger to settle live events, while others are taken in; else as `writing`."""
        # A file that was opened to be read alone is opened anew, which nobody may be in the way of.
        beside = self._takers.turn(patience) if self._is_read_only else nullcontext()
        with self._writers.turn(patience), beside, self._changing(patience) as ledger:
            yield ledger

    @contextmanager
    def taking_in(self, patience: WaitPolicy) -> Iterator[Ledger]:
        """The ledger to take live events in, one at a time, whoever else reads or settles.

        Raises:
            Unavailable: `ledger_busy` if others are before us for too long, or write for too long.
            NotAllowed: `ledger_read_only`.
        """
        with self._takers.turn(patience):
            with self._changed:
                ledger = self._made_taker(patience)
                self._user_count += 1
            try:
                with _interruptible(ledger, patience):
                    yield ledger
            except BaseException:
                self._forget_taker()
                raise
            finally:
                self._let_go()

    def unsettled(self) -> Backlog:
        """What waits to be settled; nothing if the file is closed, as it is settled when it is opened."""
        with self._changed:
            if self._root is None:
                return Backlog(event_count=0, oldest_received_us=None)
            connection = self._root.cursor()
            self._user_count += 1
        try:
            return backlog(connection)
        finally:
            connection.close()
            with self._changed:
                self._user_count -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self, patience: WaitPolicy) -> Iterator[None]:
        """Until the end of the `with`, the file is closed and nobody else opens it.

        Raises:
            Unavailable: `ledger_busy` if others use the file for too long.
        """
        with self._writers.turn(patience), self._takers.turn(patience), self._without_readers(patience):
            with self._changed:
                self._tidy()
                self._close_file()
            yield

    def close_if_idle(self, seconds: float) -> None:
        """Closes the file if nobody has used it for so long."""
        with self._changed:
            is_free = self._user_count == 0 and self._writers.is_empty and self._takers.is_empty
            if is_free and time.monotonic() - self._used_at >= seconds:
                self._tidy()
                self._close_file()

    def close(self, patience: WaitPolicy) -> None:
        """Closes the file, after a while even if someone still uses it: what was committed is in its log."""
        with suppress(Unavailable), self.alone(patience):
            return
        with self._changed:
            self._close_file()

    @contextmanager
    def _changing(self, patience: WaitPolicy) -> Iterator[Ledger]:
        """The writer's ledger; it is the writers' turn."""
        ledger = self._writable(patience)
        try:
            with _interruptible(ledger, patience):
                yield ledger
            self._publish(ledger)
            if self._checkpoints is not None:
                self._checkpoints.catch_up()
        except BaseException:
            self._forget_writer()
            raise
        finally:
            self._let_go()

    @contextmanager
    def _without_readers(self, patience: WaitPolicy) -> Iterator[None]:
        """Those who want to read wait from now on, and those who read are waited for."""
        with self._changed:
            self._alone = threading.get_ident()
        try:
            with self._changed:
                if not patience.until(lambda: self._user_count == 0, changed=self._changed):
                    raise self._busy(patience)
            yield
        finally:
            with self._changed:
                self._alone = None
                self._changed.notify_all()

    def _writable(self, patience: WaitPolicy) -> Ledger:
        with self._changed:
            root = self._opened_to_write(patience)
            if self._writer is None:
                self._writer = Ledger(root.cursor(), version=self._version, keys=self._keys)
            self._user_count += 1
            return self._writer

    def _made_taker(self, patience: WaitPolicy) -> Ledger:
        """The ledger of the lane for live events; `_changed` is held."""
        root = self._opened_to_write(patience)
        if self._taker is None:
            try:
                self._taker = Ledger(root.cursor(), keys=self._keys)
            except duckdb.Error as problem:
                self._is_broken = True
                raise failure(problem) from problem
        return self._taker

    def _opened_to_write(self, patience: WaitPolicy) -> duckdb.DuckDBPyConnection:
        """The shared connection to a file that can be written; `_changed` is held."""
        self._folder.check_writable(self._name)
        if self._is_read_only:
            with self._without_readers(patience):
                self._close_file()
        root, _ = self._opened()
        return root

    def _opened(self) -> tuple[duckdb.DuckDBPyConnection, Published]:
        """The shared connection and what is published; `_changed` is held."""
        if self._is_broken and self._user_count == 0:
            self._close_file()
        if self._root is None or self._published is None:
            self._is_read_only = not is_writable(self._folder.existing_file(self._name))
            ledger = self._folder.opened(self._name, read_only=self._is_read_only)
            # While it was closed, another file may have taken its place.
            self._version += 1
            ledger.version = self._version
            self._published = Published.of(ledger)
            self._root, self._writer, self._keys = ledger.connection.cursor(), ledger, ledger.keys
            self._checkpoints = Checkpoints(self._root, file=self._folder.file_of(self._name))
        return self._root, self._published

    def _publish(self, ledger: Ledger) -> None:
        published = Published.of(ledger, self._published)
        with self._changed:
            self._published, self._version = published, ledger.version

    def _is_present(self, version: int) -> bool:
        writer = self._writer
        return self._is_read_only or (writer is not None and writer.is_at(version))

    def _present_version(self) -> int:
        return self._version if self._writer is None else self._writer.version

    def _forget_writer(self) -> None:
        """After an error nothing is taken from memory; a file that DuckDB has given up is opened anew."""
        with self._changed:
            if self._writer is not None:
                self._version = self._writer.version
                _close(self._writer.connection)
                self._writer = None
            if self._root is None:
                return
            try:
                fresh = Ledger(self._root.cursor(), version=self._version, keys=self._keys)
                self._published, self._writer = Published.of(fresh, self._published), fresh
            except duckdb.Error:
                self._is_broken = True

    def _forget_taker(self) -> None:
        """The next one who takes live events in reads anew what is kept in memory."""
        with self._changed:
            if self._taker is not None:
                _close(self._taker.connection)
                self._taker = None

    def _tidy(self) -> None:
        """Leaves nothing unsettled and few rows in the file before it is closed; `_changed` is held, nobody uses it."""
        if self._writer is not None and not self._is_read_only:
            settle_quietly(self._writer, now_us=now_us())
            fold_if_many(self._writer)

    def _close_file(self) -> None:
        """Closes the file, which brings its log into it; `_changed` is held."""
        self._forget_taker()
        if self._writer is not None:
            self._version = self._writer.version
            _close(self._writer.connection)
        if self._root is not None:
            _close(self._root)
        self._root = self._writer = self._published = self._checkpoints = None
        self._is_broken = self._is_read_only = False

    def _let_go(self) -> None:
        """One user less."""
        with self._changed:
            self._user_count -= 1
            self._used()

    def _used(self) -> None:
        self._used_at = time.monotonic()
        self._changed.notify_all()

    def _busy(self, patience: WaitPolicy) -> Unavailable:
        return Unavailable(
            "ledger_busy",
            f"The ledger of account {self._name} is being used by others; it was not free within "
            f"{patience.seconds:g} seconds. Try again in a moment.",
        )


@contextmanager
def _interruptible(ledger: Ledger | ReadingLedger, patience: WaitPolicy) -> Iterator[None]:
    stop = patience.interruption
    with nullcontext() if stop is None else stop.waking(ledger.interrupt):
        if stop is not None:
            stop.check()
        yield


def _close(connection: duckdb.DuckDBPyConnection) -> None:
    with suppress(duckdb.Error):
        connection.close()
