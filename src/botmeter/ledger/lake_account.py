"""Accounts in a lake: their ledgers have what people decide, copies of small tables, and views of the lake's files."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from botmeter.domain.account import Account
from botmeter.domain.errors import Conflict
from botmeter.ledger.folder_files import ACCOUNTS, account_names
from botmeter.ledger.statements import statements_of

_META: Final = "lake"
_FLAG: Final = ".lake"

sql = statements_of("botmeter.ledger.tables")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedRecord:
    """Record of a lake that a ledger serves, `number` 0 before the first one.

    Attributes:
        recorded_at: In µs UTC, like the times of the first and last event; None: no event.
        waiting_imports: Numbers of imports that the next run undoes.
    """

    uri: str
    number: int
    recorded_at: int
    first_event_at: int | None = None
    last_event_at: int | None = None
    waiting_imports: tuple[int, ...] = ()


def served_record(connection: duckdb.DuckDBPyConnection) -> ServedRecord | None:
    """Record that the ledger serves; None: its events are its own."""
    rows = connection.execute(sql("meta_value"), {"name": _META}).fetchall()
    return msgspec.json.decode(rows[0][0], type=ServedRecord) if rows and rows[0][0] is not None else None


def set_served_record(connection: duckdb.DuckDBPyConnection, record: ServedRecord) -> None:
    """Note the record that the ledger serves. In a transaction."""
    connection.execute(sql("delete_meta"), {"name": _META})
    connection.execute(sql("insert_meta"), {"name": _META, "value": msgspec.json.encode(asdict(record)).decode()})


def refuse_in_lake(account: Account, lake: ServedRecord | None, *, action: str) -> None:
    """Refuse a change of what a lake has.

    Args:
        action: Sentence without its stop, such as "Events can't be sent to it".

    Raises:
        Conflict: `account_in_lake`.
    """
    if lake is not None:
        raise Conflict(
            "account_in_lake",
            f"Account {account.name} is in the lake at {lake.uri}. {action}: only `botmeter lake run` changes its "
            "events and sessions.",
        )


def lake_flag(folder: Path, name: str) -> Path:
    """Path of the flag of an account in a lake."""
    return folder / ACCOUNTS / f"{name}{_FLAG}"


def accounts_in_lakes(folder: Path) -> list[str]:
    """Flagged accounts in order, without opening their ledgers."""
    return [name for name in account_names(folder) if lake_flag(folder, name).exists()]
