"""An account's open ledger: its transactions, and contents in memory."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, NamedTuple, TypeVar

import duckdb
import pyarrow as pa

from botmeter.domain.account import Account
from botmeter.domain.errors import BotmeterError, Unavailable
from botmeter.ledger.background_inserts import BackgroundInserts, Insert
from botmeter.ledger.changed_days import NOTHING, ChangedDays, ChangedSpan
from botmeter.ledger.contents import read_contents, touchpoints_from
from botmeter.ledger.damage import damage_of
from botmeter.ledger.duckdb_calls import execute_with, row_of
from botmeter.ledger.known_keys import KnownKeys, SharedKeys
from botmeter.ledger.lake_account import ServedRecord, refuse_in_lake
from botmeter.ledger.marks import Mark
from botmeter.ledger.recent_memory import ALL_KEPT, RecentMemory
from botmeter.ledger.statements import statements_of
from botmeter.metering.policy import Schedule
from botmeter.metering.touchpoints import Footprints, Touchpoints

sql = statements_of(__name__)

_Fact = TypeVar("_Fact")


class _DryRunEnd(Exception):
    """Rolls a transaction back that must not be committed."""


class _Latest(NamedTuple):
    at_us: int | None


class ReadTransactions:
    """Open read transactions beside one connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._open: set[duckdb.DuckDBPyConnection] = set()

    @contextmanager
    def begin(self) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = self._connection.cursor()
        self._open.add(connection)
        try:
            connection.begin()
            # Not before the first statement does DuckDB decide which commit the transaction sees.
            connection.execute(sql("begin_read")).fetchall()
            yield connection
        except duckdb.Error as problem:
            if is_disk_full(problem):
                raise Unavailable("disk_full", "The disk is full, and the question needs temporary files.") from problem
            raise
        finally:
            self._open.discard(connection)
            # Closing undoes the transaction, and with it the temporary tables.
            connection.close()

    def interrupt(self) -> None:
        for connection in (self._connection, *self._open):
            with suppress(duckdb.Error):
                connection.interrupt()


class ReservedNumbers:
    """Numbers of appends up to `last`, reserved by an uncommitted append."""

    def __init__(self) -> None:
        self.last = 0


class LiveCommits:
    """Commits of live events to one file, one at a time."""

    def __init__(self) -> None:
        self._none = threading.Event()
        self._none.set()

    @contextmanager
    def running(self) -> Iterator[None]:
        self._none.clear()
        try:
            yield
        finally:
            self._none.set()

    def wait(self, seconds: float) -> float:
        """Wait so long at most for the end of the running commit; return the seconds that are left."""
        if self._none.is_set():
            return seconds
        ends_at = time.monotonic() + seconds
        self._none.wait(seconds)
        return max(0, ends_at - time.monotonic())


class Ledger:
    """One account's open file, with `connection` as its only writer.

    Attributes:
        unfolded_span_rows: Rows of `conversation_span` since the last fold.
        version: Grows with each commit, except of live events, which change no number until settled.
        facts_version: Version of the last commit that may have changed facts of billing, or that was there at first.
        changed_days: Of the commits since this ledger was opened.
        keys, mark, reserved, live_commits: Shared by all writers of the file; without a mark commits are not numbered.
        has_readers: A server reads the same file meanwhile.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        *,
        version: int = 0,
        keys: SharedKeys | None = None,
        mark: Mark | None = None,
        reserved: ReservedNumbers | None = None,
        live_commits: LiveCommits | None = None,
    ) -> None:
        self._connection = connection
        self._inserts: BackgroundInserts | None = None
        self.version = self.facts_version = version
        self.changed_days = ChangedDays(since_version=version)
        self._changed_span: ChangedSpan | None = None
        self.memory = RecentMemory()
        self.has_readers = keys is not None
        self.keys = keys or SharedKeys()
        self.mark = mark
        self.reserved = reserved or ReservedNumbers()
        self.live_commits = live_commits or LiveCommits()
        self._giving_way_seconds = 0.0
        self._receipt_no: int | None = None
        self._committing = threading.Lock()
        self._is_in_transaction = self._may_change_facts = False
        self._read_transactions = ReadTransactions(connection)
        self.account: Account
        self.schedule: Schedule
        self.touchpoints: Touchpoints
        self.footprints: Footprints
        self.lake: ServedRecord | None
        self.reload()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """Connection of the transaction, free of background inserts."""
        if self._inserts is not None:
            self._inserts.wait()
        if self._giving_way_seconds:
            self._giving_way_seconds = self.live_commits.wait(self._giving_way_seconds)
        return self._connection

    @property
    def free_connection(self) -> duckdb.DuckDBPyConnection:
        """Connection for statements that read no table, which needn't wait for inserts."""
        return self._connection if self._inserts is None else self._inserts.beside

    @contextmanager
    def giving_way(self, seconds: float) -> Iterator[None]:
        """Let `connection` wait for live commits during the `with`, so long in all."""
        self._giving_way_seconds = seconds
        try:
            yield
        finally:
            self._giving_way_seconds = 0.0

    @contextmanager
    def inserting_in_background(self) -> Iterator[None]:
        """Let `insert` return before its end during the `with`. In a transaction."""
        with BackgroundInserts.of(self._connection) as inserts:
            self._inserts = inserts
            try:
                yield
            finally:
                self._inserts = None

    def insert(self, insert: Insert, rows: pa.Table) -> None:
        if self._inserts is None:
            insert(self._connection, rows)
        else:
            self._inserts.begin(insert, rows)

    def reload(self) -> None:
        contents = read_contents(self.connection)
        self.account, self.schedule, self.lake = contents.account, contents.schedule, contents.lake
        self.touchpoints, self.footprints = contents.touchpoints, contents.footprints
        self._stored_touchpoint_count = len(self.touchpoints)
        self._stored_footprint_count = len(self.footprints)
        self._next_append_no: int | None = None
        self._latest: _Latest | None = None
        self._facts: dict[str, tuple[int, Any]] = {}
        self.memory.forget()
        self.unfolded_span_rows = 0

    def catch_up(self) -> None:
        self._next_append_no = None
        for touchpoint in touchpoints_from(self.connection, len(self.touchpoints)):
            self.touchpoints.number(touchpoint)
        self._stored_touchpoint_count = len(self.touchpoints)

    def refuse_in_lake(self, action: str) -> None:
        """Raise as `lake_account.refuse_in_lake`."""
        refuse_in_lake(self.account, self.lake, action=action)

    def known_keys(self) -> KnownKeys:
        # Once they are read, background inserts need not end first.
        return self.keys.known or self.keys.read(self.connection)

    def read_transaction(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        # Within a transaction, questions see what it has written.
        return nullcontext(self.connection) if self._is_in_transaction else self._read_transactions.begin()

    def one_read(self) -> AbstractContextManager[None]:
        # The only writer sees no other commits.
        return nullcontext()

    def interrupt(self) -> None:
        """Stop the running statement from another thread, but not a commit."""
        if not self._committing.acquire(blocking=False):
            return
        try:
            self._read_transactions.interrupt()
        finally:
            self._committing.release()

    def is_at(self, version: int) -> bool:
        """Return whether a version is current and no commit has begun."""
        return not self._committing.locked() and self.version == version

    @contextmanager
    def transaction(
        self, *, is_acknowledged: bool = True, keeps_facts: bool = False
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Commit at the end of the `with`, or roll back. Within another transaction, join it.

        Args:
            is_acknowledged: Somebody learns of the commit, so it is marked. False: it is made again if it is lost.
            keeps_facts: It changes no fact of billing and no statement, so that readers keep those that they know.

        Raises:
            Unavailable: `disk_full`, `ledger_corrupt`, `ledger_failed` or `mark_failed`.
        """
        if self._is_in_transaction:
            self._may_change_facts |= not keeps_facts
            yield self.connection
            return
        mark = self.mark if is_acknowledged else None
        self._receipt_no = self._changed_span = commit = None
        self._is_in_transaction, self._may_change_facts = True, not keeps_facts
        self.memory.begin()
        try:
            if mark is not None:
                mark.begin(self.connection)
            self.connection.begin()
            yield self.connection
            if mark is not None:
                commit = mark.store_next(self.connection, receipt_no=self._receipt_no)
            with self._committing:
                self.connection.commit()
                # Before the version: who knows a version knows what it changed.
                self.changed_days = self.changed_days.with_commit(self.version + 1, self._changed_span)
                if self._may_change_facts:
                    self.facts_version = self.version + 1
                self.version += 1
            self.memory.end()
            if mark is not None and commit is not None:
                mark.record(commit)
        except BaseException as problem:
            self._undo()
            if isinstance(problem, (duckdb.Error, OSError)) and not isinstance(problem, BotmeterError):
                raise damage_of(problem, name=self.account.name) or failure(problem) from problem
            raise
        finally:
            self._is_in_transaction = False

    @contextmanager
    def facts_transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """As `transaction`, for facts that change no session; readers keep their sessions."""
        is_joined = self._is_in_transaction
        with self.transaction() as connection:
            # What another transaction changes beside them is its own to note.
            if not is_joined:
                self.note_changed_sessions(NOTHING)
                self.memory.keep(ALL_KEPT)
            yield connection

    @contextmanager
    def dry_run(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with suppress(_DryRunEnd), self.transaction(is_acknowledged=False) as connection:
            yield connection
            raise _DryRunEnd

    def fact(self, name: str, read: Callable[[], _Fact]) -> _Fact:
        """Read what plans or policies say once per `facts_version`, or again if this transaction may change it."""
        if self._is_in_transaction and self._may_change_facts:
            return read()
        known = self._facts.get(name)
        if known is None or known[0] != self.facts_version:
            known = self._facts[name] = self.facts_version, read()
        fact: _Fact = known[1]
        return fact

    def next_append_no(self) -> int:
        if self._next_append_no is None:
            stored = int(row_of(self.connection, sql("next_append_no"))[0])
            self._next_append_no = max(stored, self.reserved.last + 1)
        return self._next_append_no

    def note_appended(self, next_append_no: int) -> None:
        self._next_append_no = next_append_no

    def note_receipt(self, append_no: int) -> None:
        self._receipt_no = append_no

    def note_changed_sessions(self, span: ChangedSpan) -> None:
        """Note days with all sessions that this transaction changes; without a note they are unknown."""
        known = self._changed_span
        self._changed_span = span if known is None else known.with_span(span)

    def latest_us_before(self, append_no: int) -> int | None:
        """Latest instant of an event before that append; None: no event."""
        if self._latest is None:
            self._latest = _Latest(*row_of(self.connection, sql("latest_event"), values={"append_no": append_no}))
        return self._latest.at_us

    def note_latest(self, at_us: int) -> None:
        """Note the latest instant of a commit; a rollback forgets it."""
        known_us = None if self._latest is None else self._latest.at_us
        self._latest = _Latest(at_us if known_us is None else max(at_us, known_us))

    def forget_events(self) -> None:
        """Forget what was known of events, some of which were deleted."""
        self._latest = None
        self.keys.forget()

    def insert_numbers(self) -> None:
        touchpoints = self.touchpoints.all()[self._stored_touchpoint_count :]
        first = self._stored_touchpoint_count
        members = [(first + index, first + index) for index in range(len(touchpoints))]
        if touchpoints:
            bots, versions, channels = zip(*touchpoints, strict=True)
            numbered = {"touchpoint": pa.array(range(first, len(self.touchpoints)), pa.int32())}
            texts = {"bot_id": bots, "bot_version": versions, "channel": channels}
            numbered |= {name: pa.array(values, pa.string()) for name, values in texts.items()}
            self.insert(_inserting("insert_touchpoints"), pa.table(numbered))
        footprints = self.footprints.all()[self._stored_footprint_count :]
        for number, footprint in enumerate(footprints, start=1 + self._stored_footprint_count):
            members += [(-number, member) for member in footprint]
        if members:
            table = pa.table(list(zip(*members, strict=True)), names=["footprint", "touchpoint"])
            self.insert(_inserting("insert_footprints"), table)
        self._stored_touchpoint_count, self._stored_footprint_count = len(self.touchpoints), len(self.footprints)

    def _undo(self) -> None:
        try:
            self.connection.rollback()
            self.reload()
        except duckdb.Error:
            # The file is gone or broken; the error that led here says more.
            return


def _inserting(statement: str) -> Insert:
    return lambda connection, rows: execute_with(connection, sql(statement), input_rows=rows)


def is_disk_full(problem: Exception) -> bool:
    """Test for a full disk."""
    text = str(problem)
    return "No space left" in text or "File too large" in text or "max_temp_directory_size" in text


def failure(problem: Exception) -> BotmeterError:
    """Error for a failed write."""
    text = str(problem)
    if is_disk_full(problem):
        return Unavailable("disk_full", "The disk is full; nothing was changed. Make room and try again.")
    if isinstance(problem, duckdb.OutOfMemoryException):
        return Unavailable(
            "memory_full",
            "The memory for the account's data is full; nothing was changed. Try again later or raise BOTMETER_MEMORY.",
        )
    return Unavailable(
        "ledger_failed",
        f"The ledger could not be written; nothing was changed. DuckDB says: {text.splitlines()[0][:200]}",
    )
