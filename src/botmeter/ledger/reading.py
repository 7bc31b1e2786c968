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
            ),
            fingerprint=fingerprint,
        )


class ReadingLedger:
    """A `ReadableLedger` with its own connection, as of its last read transaction."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        *,
        published: PublishedContents,
        version: int,
        changed_days: ChangedDays,
        is_current: Callable[[int], bool],
    ) -> None:
        """Take `is_current`, which tests a version."""
        self.connection = connection
        self.version = version
        self.changed_days = changed_days
        self._published_version = published.version
        self._fingerprint = published.fingerprint
        self._is_current = is_current
        self._read_transactions = ReadTransactions(connection)
        self._set_contents(published.contents)

    @contextmanager
    def read_transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._read_transactions.begin() as connection:
            if not self._is_current(self._published_version):
                self._refresh_contents(connection)
            yield connection

    def interrupt(self) -> None:
        self._read_transactions.interrupt()

    def _refresh_contents(self, connection: duckdb.DuckDBPyConnection) -> None:
        fingerprint = _fingerprint(connection)
        if fingerprint != self._fingerprint:
            self._set_contents(read_contents(connection))
            self._fingerprint = fingerprint

    def _set_contents(self, contents: Contents) -> None:
        self.account, self.schedule = contents.account, contents.schedule
        self.touchpoints, self.footprints = contents.touchpoints, contents.footprints


def _fingerprint(connection: duckdb.DuckDBPyConnection) -> tuple[Any, ...]:
    return row_of(connection, sql("fingerprint"))
