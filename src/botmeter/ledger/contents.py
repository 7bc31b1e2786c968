"""Contents of a ledger that stay in memory."""

from dataclasses import dataclass

import duckdb

from botmeter.domain.account import Account
from botmeter.ledger.account_settings import read_account
from botmeter.ledger.schedule import read_schedule
from botmeter.ledger.statements import statements_of
from botmeter.metering.policy import Schedule
from botmeter.metering.touchpoints import Footprints, Touchpoint, Touchpoints

sql = statements_of(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Account, policies, and the numbers of touchpoints and footprints."""

    account: Account
    schedule: Schedule
    touchpoints: Touchpoints
    footprints: Footprints


def read_contents(connection: duckdb.DuckDBPyConnection) -> Contents:
    """Read them from the file."""
    return Contents(
        account=read_account(connection),
        schedule=read_schedule(connection),
        touchpoints=Touchpoints(touchpoints_from(connection, 0)),
        footprints=Footprints(tuple(row[0]) for row in connection.execute(sql("footprints")).fetchall()),
    )


def touchpoints_from(connection: duckdb.DuckDBPyConnection, first: int) -> list[Touchpoint]:
    """Return the touchpoints numbered from `first`, in order."""
    return [Touchpoint(*row) for row in connection.execute(sql("touchpoints"), {"first": first}).fetchall()]
