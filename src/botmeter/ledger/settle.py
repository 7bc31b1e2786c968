"""Settling: live events are metered later in one commit, because live append must answer quickly."""

from contextlib import suppress
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from botmeter.domain.errors import Unavailable
from botmeter.ledger.deliveries import prune_deliveries
from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.quarantine import note_accepted
from botmeter.ledger.remeter import remeter_after
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Live events that are not settled yet; `oldest_received_us` (µs UTC) is None for none."""

    event_count: int
    oldest_received_us: int | None


def backlog(connection: duckdb.DuckDBPyConnection) -> Backlog:
    """Number and age of unsettled events."""
    event_count, oldest_received_us = row_of(connection, sql("backlog"))
    return Backlog(event_count=event_count, oldest_received_us=oldest_received_us)


def settle(ledger: Ledger, *, now_us: int) -> int:
    """Move all live events to `event` and meter them; return their number. More can be appended meanwhile."""
    if not backlog(ledger.connection).event_count:
        return 0
    with ledger.transaction(is_acknowledged=False) as connection:
        ledger.catch_up()
        append_no = row_of(connection, sql("first_append"))[0]
        connection.execute(sql("insert_arrivals"))
        connection.execute(sql("delete_arrivals"))
        event_count = remeter_after(ledger, append_no, now_us=now_us)
        note_accepted(connection, append_no=append_no)
        prune_deliveries(ledger)
    # Memory that the pool keeps for the next run becomes fragmented and grows.
    pa.default_memory_pool().release_unused()
    return event_count


def latest_session_us(connection: duckdb.DuckDBPyConnection, from_us: int, *, now_us: int) -> int | None:
    """Latest start of a settled session from an instant until now (µs UTC); None: there is none."""
    values = {"from_us": from_us, "now_us": now_us}
    latest_us: int | None = row_of(connection, sql("latest_session"), values=values)[0]
    return latest_us


def plan_session_count(connection: duckdb.DuckDBPyConnection, start_us: int, *, end_us: int) -> int:
    """Number of sessions under policies of plans that start in [start_us, end_us), µs UTC."""
    return int(row_of(connection, sql("plan_session_count"), values={"start_us": start_us, "end_us": end_us})[0])


def settle_quietly(ledger: Ledger, *, now_us: int) -> None:
    """Settle; leave a full disk or a broken file to the next user."""
    with suppress(Unavailable, duckdb.Error):
        settle(ledger, now_us=now_us)
