"""Settling: live events are metered later in one commit, because live append must answer quickly."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

import duckdb
import pyarrow as pa

from botmeter.domain.errors import Unavailable
from botmeter.domain.free_memory import release_free_memory
from botmeter.domain.instant import DAY_US
from botmeter.ledger.deliveries import prune_deliveries
from botmeter.ledger.duckdb_calls import parsed, row_of
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.quarantine import note_accepted
from botmeter.ledger.recent_memory import Kept
from botmeter.ledger.remeter import remeter_after
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

_CYCLE_US_MAX: Final = 366 * DAY_US
"""Sessions of an earlier cycle buy nothing."""
GIVING_WAY_EVENTS_MAX: Final = 2_000
"""Events of a run that waits for live commits between its statements. Beside one that doesn't, a commit of a few events
takes two to three times as long, as their threads use the interpreter in turns. Larger runs are late already."""
GIVING_WAY_SECONDS: Final = 0.15
"""Longest wait of a run, which takes about 0.06 s itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Unsettled live events; `oldest_received_us` (µs UTC) is None for none."""

    event_count: int
    oldest_received_us: int | None


def backlog(connection: duckdb.DuckDBPyConnection) -> Backlog:
    """Number and age of unsettled events."""
    event_count, oldest_received_us = row_of(connection, sql("backlog"))
    return Backlog(event_count=event_count, oldest_received_us=oldest_received_us)


@dataclass(frozen=True, slots=True, kw_only=True)
class RechargeSpan:
    """Starts of sessions (µs UTC) that were settled in order, and by which no plan has bought yet: (after, until]."""

    after_us: int
    until_us: int


def settle(ledger: Ledger, *, now_us: int, considered: Iterable[RechargeSpan] = ()) -> int:
    """Move all live events to `event` and meter them; return their number. More can be appended meanwhile.

    Args:
        considered: Spans that have bought what they buy.
    """
    waiting_count = backlog(ledger.connection).event_count
    if not waiting_count:
        return 0
    with (
        ledger.giving_way(GIVING_WAY_SECONDS if waiting_count <= GIVING_WAY_EVENTS_MAX else 0),
        ledger.transaction(is_acknowledged=False, keeps_facts=True) as connection,
        noting_recharge_span(ledger, now_us=now_us),
    ):
        end_recharge_spans(connection, considered)
        ledger.catch_up()
        ledger.memory.keep(Kept.EVENTS)
        append_no = row_of(connection, sql("first_append"))[0]
        connection.execute(parsed(sql("insert_arrivals")))
        connection.execute(parsed(sql("delete_arrivals")))
        event_count = remeter_after(ledger, append_no, now_us=now_us)
        note_accepted(connection, append_no=append_no)
        prune_deliveries(ledger)
    # Memory that is kept for the next run becomes fragmented and grows.
    pa.default_memory_pool().release_unused()
    release_free_memory()
    return event_count


def latest_session_us(connection: duckdb.DuckDBPyConnection, from_us: int, *, now_us: int) -> int | None:
    """Latest start of a settled session from an instant until now (µs UTC); None: none."""
    values = {"from_us": from_us, "now_us": now_us}
    latest_us: int | None = row_of(connection, sql("latest_session"), values=values)[0]
    return latest_us


def buying_from_us(ledger: Ledger, *, now_us: int, recent_us: int = _CYCLE_US_MAX) -> int | None:
    """Instant after which new sessions buy: the latest start of a session, or `recent_us` ago; None: no plan buys."""
    if not ledger.fact("recharges", lambda: row_of(ledger.connection, sql("recharges"))[0]):
        return None
    return max(_latest_us(ledger.connection, now_us=now_us), now_us - recent_us)


@contextmanager
def noting_recharge_span(ledger: Ledger, *, now_us: int, recent_us: int = _CYCLE_US_MAX) -> Iterator[None]:
    """Note the sessions that the `with` adds in order, so that a crash before they buy loses no purchase.

    Args:
        recent_us: Sessions that start longer ago never buy.
    """
    before_us = buying_from_us(ledger, now_us=now_us, recent_us=recent_us)
    with noting_recharge_span_after(ledger.connection, before_us, now_us=now_us):
        yield


@contextmanager
def noting_recharge_span_after(
    connection: duckdb.DuckDBPyConnection, before_us: int | None, *, now_us: int
) -> Iterator[None]:
    """As `noting_recharge_span`, with what `buying_from_us` gives."""
    yield
    if before_us is None:
        return
    latest_us = latest_session_us(connection, before_us, now_us=now_us)
    if latest_us is not None and latest_us > before_us:
        connection.execute(parsed(sql("insert_recharge_span")), [before_us, latest_us])


def recharge_spans(connection: duckdb.DuckDBPyConnection) -> list[RechargeSpan]:
    """Spans by which no plan has bought yet, in order."""
    rows = connection.execute(parsed(sql("recharge_spans"))).fetchall()
    return [RechargeSpan(after_us=after_us, until_us=until_us) for after_us, until_us in rows]


def end_recharge_spans(connection: duckdb.DuckDBPyConnection, considered: Iterable[RechargeSpan]) -> None:
    """Forget spans that have bought what they buy. In a transaction."""
    for span in considered:
        connection.execute(parsed(sql("delete_recharge_span")), [span.after_us, span.until_us])


def _latest_us(connection: duckdb.DuckDBPyConnection, *, now_us: int) -> int:
    # Mostly there is one in the last day, and reading the starts of a year takes time.
    for reach_us in (DAY_US, _CYCLE_US_MAX):
        latest_us = latest_session_us(connection, now_us - reach_us, now_us=now_us)
        if latest_us is not None:
            return latest_us
    return now_us - _CYCLE_US_MAX


def plan_session_count(connection: duckdb.DuckDBPyConnection, start_us: int, *, end_us: int) -> int:
    """Number of sessions under policies of plans that start in [start_us, end_us), µs UTC."""
    return int(row_of(connection, sql("plan_session_count"), values={"start_us": start_us, "end_us": end_us})[0])


def settle_quietly(ledger: Ledger, *, now_us: int) -> None:
    """Settle; leave a full disk or a broken file to the next user."""
    with suppress(Unavailable, duckdb.Error):
        settle(ledger, now_us=now_us)
