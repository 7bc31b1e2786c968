"""One moment of an account's ledger, on which all statements of a report are run.

An query becomes values for the statements here and nowhere else. Bots, versions and channels become
the numbers of the touchpoints that match; customers and conversations are looked for in the rows.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from botmeter.domain.period import day_of_us
from botmeter.domain.week_hours import place_of_week_hour
from botmeter.reports.query import Filters, UsageQuery
from botmeter.reports.wall_clock import wall_clock_of

if TYPE_CHECKING:
    import duckdb

    from botmeter.ledger.readable import ReadableLedger
    from botmeter.metering.touchpoints import Touchpoints

Values = dict[str, Any]

_ROWS_A_BATCH = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A connection of its own, inside a transaction that sees one moment and is never committed."""

    connection: "duckdb.DuckDBPyConnection"

    def run(self, statement: str, values: Values) -> None:
        """Run a statement that leaves a temporary table."""
        self.connection.execute(statement, _bound(statement, values))

    def rows(self, statement: str, values: Values) -> list[tuple[Any, ...]]:
        """Return all rows of a statement whose result is small."""
        return self.connection.execute(statement, _bound(statement, values)).fetchall()

    def table(self, statement: str, values: Values) -> pa.Table:
        """Return all rows of a statement, as columns."""
        return self.batches(statement, values).read_all()

    def batches(self, statement: str, values: Values) -> pa.RecordBatchReader:
        """Stream the rows of a statement. Nothing else can be run until all are read."""
        return self.connection.sql(statement, params=_bound(statement, values)).to_arrow_reader(_ROWS_A_BATCH)


@contextmanager
def snapshot(ledger: "ReadableLedger") -> Iterator[Snapshot]:
    """The ledger as it is now, until the end of the `with`; what is appended meanwhile is not seen."""
    with ledger.read_transaction() as connection:
        yield Snapshot(connection=connection)


def values_of(asked: UsageQuery, touchpoints: "Touchpoints") -> Values:
    """What the statements take: the bounds of the period, and the filters as numbers, lists or null.

    `clock` is for no statement: it tells the steps that are in `week_hours`.
    """
    filters = asked.filters
    return {
        **bounds_between(asked.start_us, asked.end_us),
        "touchpoints": _touchpoint_numbers(filters, touchpoints),
        "customers": _texts(filters.customer),
        "conversations": _texts(filters.conversation),
        "preview": filters.preview,
        "opening_touchpoints": _opening_numbers(filters, touchpoints),
        "ticket_types": _texts(filters.ticket_type),
        "week_hours": {place_of_week_hour(text) for text in filters.hour} if filters.hour else None,
        "clock": wall_clock_of(asked.period) if filters.hour else None,
        "search": None,
        "searched_session": None,
    }


def bounds_between(start_us: int, end_us: int) -> Values:
    """A span of time as the statements take it: half-open µs UTC, and the UTC days that it touches, both included."""
    return {
        "first_on": day_of_us(start_us),
        "last_on": day_of_us(end_us - 1),
        "start_us": start_us,
        "end_us": end_us,
    }


def _touchpoint_numbers(filters: Filters, touchpoints: "Touchpoints") -> list[int] | None:
    """The touchpoints that match; None if no filter is about them."""
    if not (filters.bot or filters.bot_version or filters.channel):
        return None
    return [
        number
        for number, place in enumerate(touchpoints.all())
        if (not filters.bot or place.bot_id in filters.bot)
        and (not filters.bot_version or place.bot_version in filters.bot_version)
        and (not filters.channel or place.channel in filters.channel)
    ]


def _opening_numbers(filters: Filters, touchpoints: "Touchpoints") -> list[int] | None:
    """The touchpoints at which a session that matches can have been opened; None: at any."""
    if not (filters.opened_by or filters.opened_on):
        return None
    return [
        number
        for number, place in enumerate(touchpoints.all())
        if (not filters.opened_by or place.bot_id in filters.opened_by)
        and (not filters.opened_on or place.channel in filters.opened_on)
    ]


def _texts(values: tuple[str, ...]) -> list[str] | None:
    """The values that a ledger can hold; None if none was given at all."""
    if not values:
        return None
    return [value for value in values if text_in_ledger(value) is not None]


def text_in_ledger(value: str) -> str | None:
    """`value`, if a ledger can hold it.

    A lone surrogate is in no event, but comes out of a command line that is not UTF-8.
    """
    try:
        value.encode()
    except UnicodeEncodeError:
        return None
    return value


def _bound(statement: str, values: Values) -> Values:
    """The values that the statement takes; DuckDB refuses any that it does not."""
    return {key: values[key] for key in _parameters(statement)}


@cache
def _parameters(text: str) -> tuple[str, ...]:
    uncommented = re.sub(r"--[^\n]*", "", text)
    return tuple(sorted(set(re.findall(r"\$([a-z_]+)", uncommented))))
