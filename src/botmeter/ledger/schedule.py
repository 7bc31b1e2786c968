"""Schedule of an account's policies."""

import duckdb
import msgspec

from botmeter.ledger.statements import statements_of
from botmeter.metering.policy import InForce, Policy, Schedule
from botmeter.metering.policy_text import policy_as_mapping, policy_from_mapping

sql = statements_of(__name__)


def read_schedule(connection: duckdb.DuckDBPyConnection) -> Schedule:
    """Read the policies, ascending by start."""
    rows = connection.execute(sql("schedule")).fetchall()
    return tuple(
        InForce(policy=policy_from_mapping(msgspec.json.decode(definition)), from_us=from_at)
        for from_at, definition in rows
    )


def write_policy(
    connection: duckdb.DuckDBPyConnection, policy: Policy, *, place: int, from_us: int, now_us: int
) -> None:
    """Add a policy in force from `from_us` at a place in the schedule."""
    definition = msgspec.json.encode(
        {"name": policy.name, "version": policy.version, **policy_as_mapping(policy)}
    ).decode()
    connection.execute(sql("add_policy"), [place, from_us, policy.label, definition, now_us])
