"""One reader's view of a ledger during writes.

Old touchpoint numbers, or those of a rolled-back commit, would name the wrong bot for new rows. So each read
transaction compares the version, and after a commit the tables.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import duckdb

from botmeter.domain.account import Account
from botmeter.ledger.contents import Contents, read_contents
from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.read_transactions import ReadTransactions
from botmeter.ledger.statements import statements_of
from botmeter.metering.policy import Schedule
from botmeter.metering.touchpoints import Footprints, Touchpoints

sql = statements_of(__name__)

Mark = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Immutable contents of a ledger after commit `version`; `mark` has the numbers of the matching tables."""

    version: int
    contents: Contents
    mark: Mark

    @classmethod
    def of(cls, ledger: Ledger, before: Self | None = None) -> "Published":
        """Copy the contents of a ledger outside transactions, sharing unchanged ones with `before`."""
        touchpoints, footprints = ledger.touchpoints, ledger.footprints
        known = None if before is None else before.contents
        has_same_touchpoints = known is not None and len(known.touchpoints) == len(touchpoints)
        has_same_footprints = known is not None and len(known.footprints) == len(footprints)
        return cls(
            version=ledger.version,
            contents=Contents(
                account=ledger.account,
                schedule=ledger.schedule,
                touchpoints=known.touchpoints if known and has_same_touchpoints else Touchpoints(touchpoints.all()),
                footprints=known.footprints if known and has_same_footprints else Footprints(footprints.all()),
            ),
            # Live events may have been numbered since that this ledger does not know yet, and so are not published.
            mark=(len(touchpoints), len(footprints), *_mark_of(ledger.connection)[2:]),
        )


class ReadingLedger:
    """A `ReadableLedger` with its own connection, as of its last read transaction."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        *,
        published: Published,
        version: int,
        is_current: Callable[[int], bool],
    ) -> None:
        """Take `is_current`, which tests if a version is current."""
        self.connection = connection
        self.version = version
        self._published_version = published.version
        self._contents = published.contents
        self._mark = published.mark
        self._is_current = is_current
        self._read_transactions = ReadTransactions(connection)

    @property
    def account(self) -> Account:
        return self._contents.account

    @property
    def schedule(self) -> Schedule:
        return self._contents.schedule

    @property
    def touchpoints(self) -> Touchpoints:
        return self._contents.touchpoints

    @property
    def footprints(self) -> Footprints:
        return self._contents.footprints

    @contextmanager
    def read_transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._read_transactions.begin() as connection:
            if not self._is_current(self._published_version):
                self._refresh_contents(connection)
            yield connection

    def interrupt(self) -> None:
        self._read_transactions.interrupt()

    def _refresh_contents(self, connection: duckdb.DuckDBPyConnection) -> None:
        mark = _mark_of(connection)
        if mark != self._mark:
            self._contents = read_contents(connection)
            self._mark = mark


def _mark_of(connection: duckdb.DuckDBPyConnection) -> Mark:
    return row_of(connection, sql("mark"))
