"""A ledger to read from while another thread writes: what is in memory always fits the rows that are seen.

A writer numbers touchpoints as it meets them. A reader that looked up new rows with the old numbers, or
those of a commit that was undone, would name the wrong bot; so each moment looks whether it must read anew.
Usually there was no commit since, which costs a glance; else the tables are asked.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn, Self

import duckdb

from botmeter.domain.account import Account
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.rows import row_of
from botmeter.ledger.statements import statements_of
from botmeter.metering.policy import Schedule
from botmeter.metering.touchpoints import Footprints, Touchpoints

sql = statements_of(__name__)

Mark = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a ledger kept in memory after a commit, for readers to share. It is never changed.

    Attributes:
        version: Which commit.
        mark: Numbers of the tables that it was read from.
    """

    version: int
    account: Account
    schedule: Schedule
    touchpoints: Touchpoints
    footprints: Footprints
    mark: Mark

    @classmethod
    def of(cls, ledger: Ledger, before: Self | None = None) -> "Published":
        """What `ledger`, which is in no transaction, keeps now. What is as it was `before` is shared with it."""
        touchpoints, footprints = ledger.touchpoints, ledger.footprints
        is_same = before is not None and len(before.touchpoints) == len(touchpoints)
        are_same = before is not None and len(before.footprints) == len(footprints)
        return cls(
            version=ledger.version,
            account=ledger.account,
            schedule=ledger.schedule,
            touchpoints=before.touchpoints if before and is_same else Touchpoints(touchpoints.all()),
            footprints=before.footprints if before and are_same else Footprints(footprints.all()),
            # Live events may have been numbered since that this ledger does not know yet, and so are not published.
            mark=(len(touchpoints), len(footprints), *_mark_of(ledger.connection)[2:]),
        )


class ReadingLedger(Ledger):
    """One reader's ledger, with a connection of his own. It is as of its last moment, or the last commit before it.

    Args:
        connection: His own.
        published: What was kept in memory after the last commit.
        is_present: Whether a version is still the present one.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, *, published: Published, is_present: Callable[[int], bool]
    ) -> None:
        self._published = published
        self._is_present = is_present
        self._mark = published.mark
        super().__init__(connection, version=published.version)

    def reload(self) -> None:
        """Takes over what was published."""
        self.account, self.schedule = self._published.account, self._published.schedule
        self.touchpoints, self.footprints = self._published.touchpoints, self._published.footprints

    @contextmanager
    def moment(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own that sees one moment; what is kept in memory is as of that moment too."""
        with super().moment() as connection:
            # The first statement is what decides on the moment, so it comes before the look at the version.
            connection.execute(sql("begin_moment")).fetchall()
            if not self._is_present(self._published.version):
                self._keep_in_step(connection)
            yield connection

    def _keep_in_step(self, connection: duckdb.DuckDBPyConnection) -> None:
        mark = _mark_of(connection)
        if mark != self._mark:
            self._read_from(connection)
            self._mark = mark

    def transaction(self) -> NoReturn:
        """Never opened: a ledger that was opened for reading is not written to."""
        raise RuntimeError("A ledger that was opened for reading was written to.")


def _mark_of(connection: duckdb.DuckDBPyConnection) -> Mark:
    return row_of(connection, sql("kept_mark"))
