"""Sessions under the policies of plans, where these are not the account's own."""

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from botmeter.domain.instant import NEVER_US
from botmeter.ledger.changed_days import EVERYTHING, ChangedSpan
from botmeter.ledger.duckdb_calls import execute_with, parsed, row_of
from botmeter.ledger.partitions import EVERYTHING_FROM, SharedKey, event_count, event_partitions, is_anchored
from botmeter.ledger.statements import statements_of
from botmeter.metering.policy import Policy, Schedule, schedule_of
from botmeter.metering.policy_text import policy_from_mapping

if TYPE_CHECKING:
    from botmeter.ledger.ledger import Ledger

sql = statements_of(__name__)


def policies_metered_apart(connection: duckdb.DuckDBPyConnection, schedule: Schedule) -> tuple[Policy, ...]:
    """Policies of plans that the account's schedule does not meter while the plan is in force, by label."""
    terms = connection.execute(parsed(sql("pinned_policies"))).fetchall()
    starts_us = [*(from_us for from_us, _ in terms), NEVER_US]
    apart: dict[str, Policy] = {}
    for (start_us, end_us), (_, definitions) in zip(pairwise(starts_us), terms, strict=True):
        own = _policies_between(schedule, start_us=start_us, end_us=end_us)
        for label, definition in json.loads(definitions).items():
            policy = policy_from_mapping(definition)
            if own != {policy}:
                apart[label] = policy
    return tuple(apart[label] for label in sorted(apart))


def meter_plan_sessions(ledger: "Ledger") -> None:
    """Meter all events under the policies of plans. In a transaction."""
    connection = ledger.connection
    connection.execute(parsed(sql("delete_all")))
    ledger.note_changed_sessions(EVERYTHING)
    for policy in policies_metered_apart(connection, ledger.schedule):
        for events in event_partitions(connection, SharedKey.of([policy])):
            _insert(ledger, events, policy=policy)


def meter_plan_sessions_after(ledger: "Ledger", append_no: int) -> None:
    """Update the sessions under the policies of plans after that append. In a transaction."""
    connection = ledger.connection
    for policy in ledger.fact("policies_apart", lambda: policies_metered_apart(connection, ledger.schedule)):
        key, values = SharedKey.of([policy]), {"policy": policy.label}
        connection.execute(parsed(sql("affected", **key.fragments)), {"append_no": append_no})
        can_begin_anywhere = is_anchored(schedule_of(policy), key)
        connection.execute(parsed(sql("restart", **key.fragments)), {**values, "is_anchored": can_begin_anywhere})
        _meter_from_restart(ledger, key, policy=policy)


def meter_plan_sessions_of_customers(ledger: "Ledger") -> None:
    """Update them after the events of the temporary table `customer_move` changed customer. In a transaction."""
    connection = ledger.connection
    for policy in policies_metered_apart(connection, ledger.schedule):
        key = SharedKey.of([policy])
        connection.execute(parsed(sql("affected_by_move", **key.fragments)))
        affected_count = row_of(connection, sql("affected_count", **key.fragments))[0]
        if affected_count > event_count(connection) * EVERYTHING_FROM:
            meter_plan_sessions(ledger)
            return
        connection.execute(parsed(sql("restart_whole")))
        _meter_from_restart(ledger, key, policy=policy)


def _meter_from_restart(ledger: "Ledger", key: SharedKey, *, policy: Policy) -> None:
    connection = ledger.connection
    restart = {"restart": row_of(connection, sql("restart_bound"))[0]}
    if restart["restart"] is not None:
        values = {"policy": policy.label, **restart}
        deleted = connection.execute(parsed(sql("delete_restarted", **key.fragments)), values).fetchnumpy()[
            "started_at"
        ]
        events = connection.sql(parsed(sql("events_to_meter", **key.fragments)), params=restart).to_arrow_table()
        inserted = _insert(ledger, events, policy=policy)
        ledger.note_changed_sessions(ChangedSpan.of(deleted, inserted["started_at"].to_numpy()))


def _policies_between(schedule: Schedule, *, start_us: int, end_us: int) -> set[Policy]:
    ends_us = [*(term.from_us for term in schedule[1:]), NEVER_US]
    return {
        term.policy
        for term, term_end_us in zip(schedule, ends_us, strict=True)
        if term.from_us < end_us and start_us < term_end_us
    }


def _insert(ledger: "Ledger", events: pa.Table, *, policy: Policy) -> pa.Table:
    # Imported here because it loads the compiler, which an account without such a plan does not need.
    from botmeter.metering.meter import sessions_from_events

    sessions = sessions_from_events(events, schedule=schedule_of(policy), touchpoints=ledger.touchpoints).sessions
    labels = pa.array([policy.label]).take(pa.array([0] * len(sessions), pa.int8()))
    rows = sessions.set_column(sessions.schema.get_field_index("policy"), "policy", labels)
    execute_with(ledger.connection, sql("insert_sessions"), input_rows=rows)
    return rows
