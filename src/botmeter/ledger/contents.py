"""Contents of a ledger that stay in memory."""

from dataclasses import dataclass

import duckdb
import msgspec

from botmeter.domain.account import Account
from botmeter.domain.display_name import without_unfit_characters
from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.lake_account import ServedRecord, served_record
from botmeter.ledger.statements import statements_of
from botmeter.metering.policy import InForce, Policy, Schedule
from botmeter.metering.policy_text import policy_as_mapping, policy_from_mapping
from botmeter.metering.touchpoints import Footprints, Touchpoint, Touchpoints

sql = statements_of(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Account, policies, numbers of touchpoints and footprints, and the record that an account in a lake serves."""

    account: Account
    schedule: Schedule
    touchpoints: Touchpoints
    footprints: Footprints
    lake: ServedRecord | None


def read_contents(connection: duckdb.DuckDBPyConnection) -> Contents:
    """Read them from the file."""
    name, available_from, title = row_of(connection, sql("account"))
    policies = connection.execute(sql("policies")).fetchall()
    footprints = connection.execute(sql("footprints")).fetchall()
    return Contents(
        account=Account(name=name, available_from=available_from, title=without_unfit_characters(title or "")),
        schedule=tuple(
            InForce(policy=policy_from_mapping(msgspec.json.decode(definition)), from_us=from_us)
            for from_us, definition in policies
        ),
        touchpoints=Touchpoints(touchpoints_from(connection, 0)),
        footprints=Footprints(tuple(members) for (members,) in footprints),
        lake=served_record(connection),
    )


def touchpoints_from(connection: duckdb.DuckDBPyConnection, first: int) -> list[Touchpoint]:
    """Touchpoints numbered from `first`, in order."""
    return [Touchpoint(*row) for row in connection.execute(sql("touchpoints"), {"first": first}).fetchall()]


def write_account(connection: duckdb.DuckDBPyConnection, account: Account, *, by: str | None, now_us: int) -> None:
    """Add a version of the account's settings."""
    connection.execute(sql("insert_account"), [now_us, account.name, account.available_from, account.own_title, by])


def write_policy(
    connection: duckdb.DuckDBPyConnection, policy: Policy, *, position: int, from_us: int, now_us: int
) -> None:
    """Add a policy in force from `from_us` at a position in the schedule."""
    definition = {"name": policy.name, "version": policy.version, **policy_as_mapping(policy)}
    connection.execute(
        sql("insert_policy"), [position, from_us, policy.label, msgspec.json.encode(definition).decode(), now_us]
    )
