"""Versions of an account's own settings in its file."""

import duckdb

from botmeter.domain.account import Account
from botmeter.ledger.rows import row_of
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


def read_account(connection: duckdb.DuckDBPyConnection) -> Account:
    """Read the account's present settings."""
    name, available_from, title = row_of(connection, sql("account"))
    return Account(name=name, available_from=available_from, title=title or "")


def write_account(connection: duckdb.DuckDBPyConnection, account: Account, *, by: str | None, now_us: int) -> None:
    """Add a version of the settings."""
    connection.execute(sql("add_version"), [now_us, account.name, account.available_from, account.own_title, by])
