"""Live events settled: those that are on disk become events like all others, metered, in one commit of their own.

Taking in answers senders, and has to be quick; metering costs dozens of statements, and is done for all that arrived
meanwhile at once. Readers know settled events alone, so every number that they see agrees with every other.
"""

import time
from contextlib import suppress
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from botmeter.domain.errors import Unavailable
from botmeter.ledger.commit_summary import CommitSummary
from botmeter.ledger.deliveries import prune_deliveries
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.rows import row_of
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What was settled: how many events, and how long it took."""

    event_count: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What is on disk and not settled yet.

    Attributes:
        event_count: How many events.
        oldest_received_us: When the first of them was taken in, µs UTC; None: there is none.
    """

    event_count: int
    oldest_received_us: int | None


def backlog(connection: duckdb.DuckDBPyConnection) -> Backlog:
    """What waits to be settled."""
    event_count, oldest_received_us = row_of(connection, sql("backlog"))
    return Backlog(event_count=event_count, oldest_received_us=oldest_received_us)


def settle(ledger: Ledger, *, now_us: int) -> Settled:
    """Makes events of all live events that were taken in, and meters them. Others can be taken in meanwhile.

    Args:
        ledger: Nobody else meters events of this account meanwhile.
        now_us: The present instant.

    Raises:
        Unavailable: `disk_full` or `ledger_failed`; all stays as it was.
    """
    began = time.monotonic()
    if not backlog(ledger.connection).event_count:
        return Settled(event_count=0, seconds=0.0)
    # Imported here because it brings the compiled kernel, which a report does not need.
    from botmeter.ledger.remeter import remeter_after

    shown_us = ledger.latest_us()
    with ledger.transaction():
        arrivals = _moved(ledger)
        remeter_after(ledger, arrivals, now_us=now_us, shown_us=shown_us)
        prune_deliveries(ledger)
    ledger.note_latest(arrivals.last_us)
    # What was read and metered is let go; kept for the next run, it would be spread over more and more memory.
    pa.default_memory_pool().release_unused()
    return Settled(event_count=arrivals.event_count, seconds=time.monotonic() - began)


def settle_quietly(ledger: Ledger, *, now_us: int) -> None:
    """Settles what waits where that can be done; a full disk or a broken file is told to whoever needs it."""
    with suppress(Unavailable, duckdb.Error):
        settle(ledger, now_us=now_us)


def _moved(ledger: Ledger) -> CommitSummary:
    """What was in `arrival` and now is in `event`, summed up."""
    connection = ledger.connection
    ledger.catch_up()
    append_no, event_count, first_us, last_us, ticket_count, name_count = row_of(connection, sql("arrivals"))
    tickets = [connection.sql(sql("arrived_tickets")).to_arrow_table()] if ticket_count else []
    connection.execute(sql("settle_arrivals"))
    connection.execute(sql("drop_arrivals"))
    return CommitSummary(
        append_no=append_no,
        event_count=event_count,
        first_us=first_us,
        last_us=last_us,
        tickets=tickets,
        has_bot_names=bool(name_count),
    )
