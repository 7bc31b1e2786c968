"""One account's file, open for many threads.

Writers and exclusive users queue; readers see the last commit and wait only for exclusive users. Live events have their
own queue and connection; writers other than settling hold that queue too.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from functools import partial
from typing import TypeVar

import duckdb

from botmeter.domain.errors import BotmeterError, Unavailable
from botmeter.domain.instant import now_us
from botmeter.ledger.append_beside import LivePause
from botmeter.ledger.checkpoints import Checkpoints
from botmeter.ledger.conversation_spans import fold_if_many
from botmeter.ledger.damage import damage_of
from botmeter.ledger.duckdb_settings import buffer_bytes
from botmeter.ledger.fair_queue import FairQueue, LiveSlots
from botmeter.ledger.file_problem import FileProblem, noting_problems
from botmeter.ledger.folder import Folder
from botmeter.ledger.interruption import WaitPolicy, interruptible
from botmeter.ledger.known_keys import SharedKeys
from botmeter.ledger.ledger import Ledger, LiveCommits, ReservedNumbers, failure
from botmeter.ledger.ledger_files import is_writable, keep_log
from botmeter.ledger.marks import Mark
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.reading import LatestCommit, PublishedContents, ReadingLedger
from botmeter.ledger.settle import Backlog, backlog, settle, settle_quietly

_OpenLedger = TypeVar("_OpenLedger", Ledger, ReadingLedger)


class OpenAccount:
    """One account's file, opened by its first user."""

    def __init__(self, folder: Folder, name: str, *, first_version: int, slots: LiveSlots) -> None:
        self._folder = folder
        self._slots = slots
        self._name = name
        self._changed = threading.Condition()
        self._write_queue = FairQueue(self._changed, refusal=self._busy)
        self._live_queue = FairQueue(self._changed, refusal=self._busy)
        self._user_count = 0
        self._is_exclusive = False
        # Used only to make further connections, so that all threads can share it.
        self._root: duckdb.DuckDBPyConnection | None = None
        self._writer: Ledger | None = None
        self._live_ledger: Ledger | None = None
        self._keys = SharedKeys()
        self._reserved = ReservedNumbers()
        self._live_commits = LiveCommits()
        self._mark: Mark | None = None
        self._checkpoints: Checkpoints | None = None
        self._published: PublishedContents | None = None
        self._version = first_version
        self._is_read_only = False
        self._is_broken = False
        self._problem = FileProblem(folder.path, name)
        self.used_at = time.monotonic()

    @property
    def open_title(self) -> str | None:
        published = self._published
        return None if published is None else published.contents.account.title

    @property
    def is_open(self) -> bool:
        return self._root is not None

    @property
    def version(self) -> int | None:
        # Read without waiting; None: the file is closed.
        writer = self._writer
        known = self._version if writer is None else writer.version
        return None if self._root is None else known

    @contextmanager
    def reading(self, wait: WaitPolicy) -> Iterator[ReadableLedger]:
        """Open the ledger as of its last commit.

        Raises:
            Unavailable: `ledger_busy` during exclusive use.
        """
        with (
            self._refusing_failures(),
            self._using(lambda: self._open_reader(wait)) as reader,
            closing(reader.connection),
            interruptible(reader.interrupt, wait),
        ):
            yield reader

    @contextmanager
    def writing(self, wait: WaitPolicy) -> Iterator[Ledger]:
        """Open the ledger for writing, settled; commits are published at the end of the `with`.

        Raises:
            Unavailable: `ledger_busy` after too long a wait.
            NotAllowed: `ledger_read_only`.
        """
        with (
            self._refusing_failures(),
            self._write_queue.turn(wait),
            self._live_queue.turn(wait),
            self._publishing_writer(wait) as ledger,
        ):
            ledger.catch_up()
            settle(ledger, now_us=now_us())
            try:
                yield ledger
            finally:
                # Its contents in memory may be outdated, for example `available_from`.
                self._forget_live_ledger()

    @contextmanager
    def importing(self, wait: WaitPolicy) -> Iterator[tuple[Ledger, LivePause]]:
        """As `writing`, not settled; live events are appended meanwhile, but not during the `with` of the pause."""
        with self._refusing_failures(), self._write_queue.turn(wait):
            with self._live_queue.turn(wait), self._changed:
                # A file that is open read-only is opened again.
                self._open_to_write(wait)
            with self._publishing_writer(wait) as ledger:
                yield ledger, partial(self._pausing_live, wait)

    @contextmanager
    def _pausing_live(self, wait: WaitPolicy) -> Iterator[None]:
        with self._live_queue.turn(wait):
            try:
                yield
            finally:
                self._forget_live_ledger()

    @contextmanager
    def settling(self, wait: WaitPolicy) -> Iterator[Ledger]:
        # A file that is open read-only is opened again, which needs the live queue too.
        beside = self._live_queue.turn(wait) if self._is_read_only else nullcontext()
        with (
            self._refusing_failures(),
            self._write_queue.turn(wait),
            beside,
            self._slots.settles,
            self._publishing_writer(wait) as ledger,
        ):
            yield ledger

    @contextmanager
    def appending_live(self, wait: WaitPolicy) -> Iterator[Ledger]:
        with (
            self._refusing_failures(),
            self._live_queue.turn(wait),
            self._slots.commits,
            self._using(lambda: self._open_live_ledger(wait)) as ledger,
        ):
            try:
                with interruptible(ledger.interrupt, wait):
                    yield ledger
            except BaseException:
                self._forget_live_ledger()
                raise

    def unsettled(self) -> Backlog:
        with self._changed:
            if self._root is None:
                return Backlog(event_count=0, oldest_received_us=None)
            connection = self._root.cursor()
            self._user_count += 1
        try:
            with self._refusing_failures():
                return backlog(connection)
        finally:
            connection.close()
            with self._changed:
                self._user_count -= 1
                self._changed.notify_all()

    @contextmanager
    def exclusive(self, wait: WaitPolicy) -> Iterator[None]:
        """Keep the file closed during the `with`.

        Raises:
            Unavailable: `ledger_busy` after too long a wait.
        """
        with self._write_queue.turn(wait), self._live_queue.turn(wait), self._closed_to_readers(wait):
            with self._changed:
                self._settle_and_fold()
                self._close_file()
            with self._refusing_failures():
                yield

    def problem(self) -> BotmeterError | None:
        return self._problem.present()

    def buffer_bytes(self) -> int:
        with self._changed:
            if self._root is None:
                return 0
            with closing(self._root.cursor()) as connection:
                return buffer_bytes(connection)

    def close_if_idle(self, seconds: float) -> bool:
        """Close an unused file without waiting; return whether it was closed."""
        if not self._changed.acquire(blocking=False):
            return False
        try:
            is_free = self._user_count == 0 and self._write_queue.is_empty and self._live_queue.is_empty
            if not (self._root is not None and is_free and time.monotonic() - self.used_at >= seconds):
                return False
            self._settle_and_fold()
            self._close_file()
            return True
        finally:
            self._changed.release()

    def close(self, wait: WaitPolicy) -> None:
        """Close the file, after the wait even if in use."""
        with suppress(Unavailable), self.exclusive(wait):
            return
        with self._changed:
            self._close_file()

    @contextmanager
    def _refusing_failures(self) -> Iterator[None]:
        try:
            with noting_problems(self._problem, name=self._name):
                yield
        except duckdb.OutOfMemoryException as problem:
            raise failure(problem) from problem
        except duckdb.FatalException as problem:
            # As after a checkpoint on a full disk: DuckDB refuses all connections until the file is opened again.
            self._is_broken = True
            raise failure(problem) from problem

    @contextmanager
    def _publishing_writer(self, wait: WaitPolicy) -> Iterator[Ledger]:
        with self._using(lambda: self._open_writer(wait)) as ledger:
            try:
                with interruptible(ledger.interrupt, wait):
                    yield ledger
                self._publish(ledger)
                if self._checkpoints is not None:
                    self._checkpoints.catch_up()
            except BaseException:
                self._forget_writer()
                raise

    @contextmanager
    def _closed_to_readers(self, wait: WaitPolicy) -> Iterator[None]:
        with self._changed:
            self._is_exclusive = True
        try:
            with self._changed:
                if not wait.until(lambda: self._user_count == 0, changed=self._changed):
                    raise self._busy(wait)
            yield
        finally:
            with self._changed:
                self._is_exclusive = False
                self._changed.notify_all()

    @contextmanager
    def _using(self, opened: Callable[[], _OpenLedger]) -> Iterator[_OpenLedger]:
        with self._changed:
            ledger = opened()
            self._user_count += 1
        try:
            yield ledger
        finally:
            with self._changed:
                self._user_count -= 1
                self.used_at = time.monotonic()
                self._changed.notify_all()

    def _open_reader(self, wait: WaitPolicy) -> ReadingLedger:
        # `_changed` is held.
        if not wait.until(lambda: not self._is_exclusive, changed=self._changed):
            raise self._busy(wait)
        root, published = self._open()
        latest = LatestCommit.of(self._writer, version=self._version)
        return ReadingLedger(root.cursor(), published=published, latest=latest, is_current=self._is_current)

    def _open_writer(self, wait: WaitPolicy) -> Ledger:
        # `_changed` is held.
        root = self._open_to_write(wait)
        if self._writer is None:
            self._writer = self._new_ledger(root, version=self._version)
        return self._writer

    def _open_live_ledger(self, wait: WaitPolicy) -> Ledger:
        # `_changed` is held.
        root = self._open_to_write(wait)
        if self._live_ledger is None:
            try:
                self._live_ledger = self._new_ledger(root, version=0)
            except duckdb.Error as problem:
                self._is_broken = True
                raise damage_of(problem, name=self._name) or failure(problem) from problem
        return self._live_ledger

    def _open_to_write(self, wait: WaitPolicy) -> duckdb.DuckDBPyConnection:
        # `_changed` is held.
        self._folder.check_writable(self._name)
        if self._is_read_only:
            with self._closed_to_readers(wait):
                self._close_file()
        root, _ = self._open()
        return root

    def _open(self) -> tuple[duckdb.DuckDBPyConnection, PublishedContents]:
        # `_changed` is held.
        if (self._is_broken or self._problem.is_known) and self._user_count == 0:
            self._close_file()
        self._problem.refuse(is_closed=self._root is None)
        if self._root is None or self._published is None:
            self._is_read_only = not is_writable(self._folder.existing_file(self._name))
            ledger = self._folder.opened(self._name, read_only=self._is_read_only)
            # While it was closed, another file may have replaced it.
            self._version += 1
            ledger.version = self._version
            self._published = PublishedContents.of(ledger)
            self._root, self._keys, self._mark = ledger.connection, ledger.keys, ledger.mark
            # Closing a connection closes its cursors, so a writer that fails must not be the root of all others.
            self._writer = self._new_ledger(self._root, version=self._version)
            self._checkpoints = Checkpoints(self._root, file=self._folder.file_of(self._name))
        return self._root, self._published

    def _new_ledger(self, root: duckdb.DuckDBPyConnection, *, version: int) -> Ledger:
        return Ledger(
            root.cursor(),
            version=version,
            keys=self._keys,
            mark=self._mark,
            reserved=self._reserved,
            live_commits=self._live_commits,
        )

    def _publish(self, ledger: Ledger) -> None:
        published = PublishedContents.of(ledger)
        with self._changed:
            self._published, self._version = published, ledger.version

    def _is_current(self, version: int) -> bool:
        writer = self._writer
        return self._is_read_only or (writer is not None and writer.is_at(version))

    def _forget_writer(self) -> None:
        with self._changed:
            if self._writer is not None:
                self._version = self._writer.version
                _close(self._writer.connection)
                self._writer = None
            if self._root is None:
                return
            try:
                writer = self._new_ledger(self._root, version=self._version)
                self._published, self._writer = PublishedContents.of(writer), writer
            except duckdb.Error:
                self._is_broken = True

    def _forget_live_ledger(self) -> None:
        with self._changed:
            if self._live_ledger is not None:
                _close(self._live_ledger.connection)
                self._live_ledger = None

    def _settle_and_fold(self) -> None:
        # `_changed` is held, and the file not in use.
        if self._writer is not None and not self._is_read_only and not self._problem.is_known:
            settle_quietly(self._writer, now_us=now_us())
            fold_if_many(self._writer)

    def _close_file(self) -> None:
        # `_changed` is held; moves the log into the file, unless that has a problem.
        if self._root is not None and self._problem.is_known:
            keep_log(self._root)
        self._forget_live_ledger()
        if self._writer is not None:
            self._version = self._writer.version
            _close(self._writer.connection)
        if self._root is not None:
            _close(self._root)
        self._root = self._writer = self._published = self._checkpoints = None
        self._is_broken = self._is_read_only = False
        self._problem.note_closed()

    def _busy(self, wait: WaitPolicy) -> Unavailable:
        return Unavailable(
            "ledger_busy",
            f"The ledger of account {self._name} is in use; it was not free within "
            f"{wait.seconds:g} seconds. Try again in a moment.",
        )


def _close(connection: duckdb.DuckDBPyConnection) -> None:
    with suppress(duckdb.Error):
        connection.close()
