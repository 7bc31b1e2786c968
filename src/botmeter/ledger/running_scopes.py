"""Running sessions of an account, read into memory from settled sessions and unsettled events."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.instant import DAY_US, MICROSECONDS_PER_SECOND, NEVER_US
from botmeter.ledger.contents import touchpoints_from
from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.lake_account import ServedRecord
from botmeter.ledger.partitions import SharedKey, is_anchored
from botmeter.ledger.plan_sessions import policies_metered_apart
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.statements import statements_of
from botmeter.metering.policy import ALWAYS_US, Policy, Schedule, ignores_order, schedule_of
from botmeter.metering.schedule_scopes import ScheduleScopes
from botmeter.metering.schema import METER_SCHEMA
from botmeter.metering.scope_states import Message
from botmeter.metering.touchpoints import Touchpoint

sql = statements_of(__name__)

SETTLED_BEFORE_US: Final = 600 * MICROSECONDS_PER_SECOND
"""Events of a scope without a running session are late if they are older: then its earlier sessions must be read."""
_MONTH_US_MAX: Final = 32 * DAY_US


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredScopes:
    """Scopes under one schedule.

    Attributes:
        label: Of a policy metered apart for a plan; None: the account's own.
        first: Position of the schedule's first policy in the account's.
    """

    label: str | None
    first: int
    schedule: Schedule
    scopes: ScheduleScopes


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningScopes:
    """Scopes of an account as of a commit.

    Attributes:
        metered: The account's own schedule first.
        customer_of: Customer that counts, by alias.
        append_no: Number of the last append of events before it.
        arrivals: Unsettled events, which the caller adds; they name these touchpoints.
    """

    metered: tuple[MeteredScopes, ...]
    customer_of: Mapping[str, str]
    version: int
    append_no: int
    arrivals: pa.Table
    touchpoints: list[Touchpoint]
    lake: ServedRecord | None


def running_scopes(ledger: ReadableLedger, *, now_us: int) -> RunningScopes:
    """Read the scopes of all customers with running sessions."""
    version, from_us = ledger.version, now_us - SETTLED_BEFORE_US
    with ledger.read_transaction() as connection:
        touchpoints = _touchpoints(connection)
        arrivals = connection.sql(sql("arrivals")).to_arrow_table()
        metered = tuple(
            _with_running(connection, each, from_us=from_us, touchpoints=touchpoints)
            for each in _metered(connection, ledger.schedule, from_us=from_us)
        )
        return RunningScopes(
            metered=metered,
            customer_of=dict(connection.execute(sql("aliases")).fetchall()),
            version=version,
            append_no=row_of(connection, sql("last_append"))[0],
            arrivals=arrivals,
            touchpoints=touchpoints,
            lake=ledger.lake,
        )


def settled_append(ledger: ReadableLedger) -> int:
    """Number of the last append of events whose sessions are settled."""
    return int(row_of(ledger.connection, sql("settled_append"))[0])


def scopes_of(
    ledger: ReadableLedger, message: Message, *, metered: MeteredScopes, now_us: int
) -> tuple[ScheduleScopes, int]:
    """Read the scopes of one message, from their events; return also the number of the last append."""
    schedule = metered.schedule
    key = SharedKey.of(_policies(schedule))
    values = {"customer": message.customer_id, "conversation": message.conversation_id}
    values |= {"bot": message.bot_id, "channel": message.channel}
    text = chr(0).join(values[name] for name in key.scope)
    scopes = ScheduleScopes(schedule, is_complete=True)
    with ledger.read_transaction() as connection:
        touchpoints = _touchpoints(connection)
        arrivals = _arrivals(connection)
        from_us = ALWAYS_US
        if is_anchored(schedule, key):
            first_us = min(arrivals["occurred_at"].to_pylist(), default=NEVER_US)
            from_us = min(now_us - SETTLED_BEFORE_US, first_us)
        events = _events_since(connection, metered.label, key=key, from_us=from_us, text=text)
        scopes.add(pa.concat_tables([events, arrivals]).cast(METER_SCHEMA), touchpoints=touchpoints)
        return scopes, row_of(connection, sql("last_append"))[0]


def _metered(connection: duckdb.DuckDBPyConnection, schedule: Schedule, *, from_us: int) -> list[MeteredScopes]:
    own = _active(schedule, from_us=from_us)
    apart = policies_metered_apart(connection, schedule)
    return [
        _without_states(None, own, first=len(schedule) - len(own)),
        *(_without_states(policy.label, schedule_of(policy), first=0) for policy in apart),
    ]


def _without_states(label: str | None, schedule: Schedule, *, first: int) -> MeteredScopes:
    is_complete = is_anchored(schedule, SharedKey.of(_policies(schedule)))
    scopes = ScheduleScopes(schedule, is_complete=is_complete)
    return MeteredScopes(label=label, first=first, schedule=schedule, scopes=scopes)


def _active(schedule: Schedule, *, from_us: int) -> Schedule:
    # Without policies whose sessions are all over, metering can begin at running sessions again.
    first = 0
    for position, following in enumerate(schedule[1:], 1):
        if following.from_us + _session_us_max(schedule[position - 1].policy) < from_us:
            first = position
    active = schedule[first:]
    return active if is_anchored(active, SharedKey.of(_policies(active))) else schedule


def _session_us_max(policy: Policy) -> int:
    by_calendar = None if policy.calendar is None else _MONTH_US_MAX
    return min(limit for limit in (policy.max_duration_us, by_calendar, NEVER_US) if limit is not None)


def _with_running(
    connection: duckdb.DuckDBPyConnection, metered: MeteredScopes, *, from_us: int, touchpoints: list[Touchpoint]
) -> MeteredScopes:
    label, scopes, policies = metered.label, metered.scopes, _policies(metered.schedule)
    key = SharedKey.of(policies)
    if is_anchored(metered.schedule, key) and all(map(ignores_order, policies)):
        names = {"table": _table(label), "key": key.fragments["key"]}
        values = {"from": from_us, "policy": label}
        sessions = connection.sql(sql("running_sessions", **names), params=values).to_arrow_table()
        for position, term in enumerate(scopes.terms, metered.first):
            name = str(position) if label is None else label
            term.put_running(sessions.filter(pc.equal(sessions["policy"], name)))
    elif is_anchored(metered.schedule, key):
        events = _events_since(connection, label, key=key, from_us=from_us, text=None)
        scopes.add(events, touchpoints=touchpoints)
    scopes.begin_at(from_us)
    return metered


def _events_since(
    connection: duckdb.DuckDBPyConnection, label: str | None, *, key: SharedKey, from_us: int, text: str | None
) -> pa.Table:
    values = {"from": from_us, "key": text}
    names = {"table": _table(label), "key": key.fragments["key"]}
    connection.execute(sql("restart", **names), {**values, "policy": label})
    earliest = {"restart": row_of(connection, sql("restart_bound"), values={"from": from_us})[0]}
    events = connection.sql(sql("events_since", **key.fragments), params={**values, **earliest}).to_arrow_table()
    return events.cast(METER_SCHEMA)


def _arrivals(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    return connection.sql(sql("arrivals")).to_arrow_table().drop_columns("append_no").cast(METER_SCHEMA)


def _touchpoints(connection: duckdb.DuckDBPyConnection) -> list[Touchpoint]:
    return list(touchpoints_from(connection, 0))


def _policies(schedule: Schedule) -> list[Policy]:
    return [term.policy for term in schedule]


def _table(label: str | None) -> str:
    return "session" if label is None else "plan_session"
