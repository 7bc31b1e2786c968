"""Settling: live events are metered later in one commit, because live append must answer quickly."""

import time
from contextlib import suppress
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from botmeter.domain.errors import Unavailable
from botmeter.ledger.commit_summary import CommitSummary
from botmeter.ledger.deliveries import prune_deliveries
from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.remeter import remeter_after
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Number of settled events, and elapsed time."""

    event_count: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Live events that are not settled yet; `oldest_received_us` (µs UTC) is None for none."""

    event_count: int
    oldest_received_us: int | None


def backlog(connection: duckdb.DuckDBPyConnection) -> Backlog:
    """Return the number and age of unsettled events."""
    event_count, oldest_received_us = row_of(connection, sql("backlog"))
    return Backlog(event_count=event_count, oldest_received_us=oldest_received_us)


def settle(ledger: Ledger, *, now_us: int) -> Settled:
    """Move all live events to `event` and meter them; more can be appended meanwhile."""
    began = time.monotonic()
    if not backlog(ledger.connection).event_count:
        return Settled(event_count=0, seconds=0.0)
    previous_latest_us = ledger.latest_us()
    with ledger.transaction():
        summary = _move_arrivals(ledger)
        remeter_after(ledger, summary, now_us=now_us, previous_latest_us=previous_latest_us)
        prune_deliveries(ledger)
    ledger.note_latest(summary.last_us)
    # Memory that the pool keeps for the next run becomes fragmented and grows.
    pa.default_memory_pool().release_unused()
    return Settled(event_count=summary.event_count, seconds=time.monotonic() - began)


def settle_quietly(ledger: Ledger, *, now_us: int) -> None:
    """Settle; leave a full disk or a broken file to the next user."""
    with suppress(Unavailable, duckdb.Error):
        settle(ledger, now_us=now_us)


def _move_arrivals(ledger: Ledger) -> CommitSummary:
    connection = ledger.connection
    ledger.catch_up()
    append_no, event_count, first_us, last_us, ticket_count, name_count = row_of(connection, sql("arrivals"))
    tickets = [connection.sql(sql("arrived_tickets")).to_arrow_table()] if ticket_count else []
    connection.execute(sql("insert_arrivals"))
    connection.execute(sql("delete_arrivals"))
    return CommitSummary(
        append_no=append_no,
        event_count=event_count,
        first_us=first_us,
        last_us=last_us,
        tickets=tickets,
        has_bot_names=bool(name_count),
    )
