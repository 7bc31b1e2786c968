"""One reader's view of a ledger during writes.

Old touchpoint numbers would name the wrong bot for new rows, so each read transaction compares the version, and after a
commit a fingerprint of the tables.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import duckdb

from botmeter.ledger.changed_days import ChangedDays
from botmeter.ledger.contents import Contents, read_contents
from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.ledger import Ledger, ReadTransactions
from botmeter.ledger.statements import statements_of
from botmeter.metering.touchpoints import Footprints, Touchpoints

sql = statements_of(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedContents:
    """Immutable contents of a ledger after commit `version`, and the fingerprint of the matching tables."""

    version: int
    contents: Contents
    fingerprint: tuple[Any, ...]

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        """Copy the contents of a ledger outside transactions."""
        touchpoints, footprints = ledger.touchpoints.all(), ledger.footprints.all()
        # Live events may have been numbered since that this ledger does not know yet, and so are not published.
        fingerprint = (len(touchpoints), len(footprints), *_fingerprint(ledger.connection)[2:])
        return cls(
            version=ledger.version,
            contents=Contents(
                account=ledger.account,
                schedule=ledger.schedule,
                touchpoints=Touchpoints(touchpoints),
                footprints=Footprints(footprints),
                lake=ledger.lake,
            ),
            fingerprint=fingerprint,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestCommit:
    """Versions of a ledger, and what its commits changed."""

    version: int
    facts_version: int
    changed_days: ChangedDays

    @classmethod
    def of(cls, writer: Ledger | None, *, version: int) -> Self:
        """Take those of the writer; without one nothing before the version is known."""
        if writer is None:
            return cls(version=version, facts_version=version, changed_days=ChangedDays(since_version=version))
        # Arguments are read in order: the version first, so that the others are at least as new.
        return cls(version=writer.version, facts_version=writer.facts_version, changed_days=writer.changed_days)


class ReadingLedger:
    """`ReadableLedger` with its own connection, as of its last read transaction."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        *,
        published: PublishedContents,
        latest: LatestCommit,
        is_current: Callable[[int], bool],
    ) -> None:
        """Take `is_current`, which tests a version."""
        self.connection = connection
        self.version = latest.version
        self.facts_version = latest.facts_version
        self.changed_days = latest.changed_days
        self._published_version = published.version
        self._fingerprint = published.fingerprint
        self._is_current = is_current
        self._is_joined = False
        self._read_transactions = ReadTransactions(connection)
        self._set_contents(published.contents)

    @contextmanager
    def read_transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        if self._is_joined:
            yield self.connection
            return
        with self._read_transactions.begin() as connection:
            if not self._is_current(self._published_version):
                self._refresh_contents(connection)
            yield connection

    @contextmanager
    def one_read(self) -> Iterator[None]:
        own = self.connection
        with self.read_transaction() as connection:
            self.connection, self._is_joined = connection, True
            try:
                yield
            finally:
                self.connection, self._is_joined = own, False

    def interrupt(self) -> None:
        self._read_transactions.interrupt()

    def _refresh_contents(self, connection: duckdb.DuckDBPyConnection) -> None:
        fingerprint = _fingerprint(connection)
        if fingerprint != self._fingerprint:
            self._set_contents(read_contents(connection))
            self._fingerprint = fingerprint

    def _set_contents(self, contents: Contents) -> None:
        self.account, self.schedule, self.lake = contents.account, contents.schedule, contents.lake
        self.touchpoints, self.footprints = contents.touchpoints, contents.footprints


def _fingerprint(connection: duckdb.DuckDBPyConnection) -> tuple[Any, ...]:
    return row_of(connection, sql("fingerprint"))
