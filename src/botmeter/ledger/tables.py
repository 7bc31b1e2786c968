"""The tables of an account's file, their version, and how an older file is brought up to it."""

from collections.abc import Mapping

import duckdb

from botmeter.domain.errors import Refused
from botmeter.domain.instant import NEVER_US
from botmeter.ledger.rows import row_of
from botmeter.ledger.statements import statement

NEVER = NEVER_US
"""`session.ended_at` of a session that no limit ends."""

TABLES = (
    "meta",
    "account_term",
    "policy_term",
    "source_term",
    "receipt",
    "delivery",
    "touchpoint",
    "footprint_member",
    "bot_name_sent",
    "bot_name_set",
    "bot",
    "customer_alias",
    "same_customer",
    "event",
    "arrival",
    "quarantine",
    "session",
    "participation",
    "conversation_span",
    "conversation_ticket",
    "conversation_day",
    "session_ticket",
    "session_usage",
    "conversation_usage",
    "restatement",
)

SCHEMA_VERSION = 4
Migrations = Mapping[int, tuple[str, ...]]

_PACKAGE = "botmeter.ledger"
_HASH_PROBE = "SELECT hash('botmeter', 'probe')::VARCHAR"


def sql(name: str) -> str:
    """The statement `name` of the ledger."""
    return statement(_PACKAGE, name)


# For each version the statements that lead to the next one. They stay as they are when the tables change again.
MIGRATIONS: Migrations = {
    1: tuple(
        sql(f"migrations/{step}") for step in ("2_bot_name_sent", "2_bot_name_set", "2_bot", "2_title", "2_set_by")
    ),
    2: tuple(
        sql(f"migrations/{step}")
        for step in ("3_unkeyed_span", "3_conversation_span", "3_keyed_spans", "3_drop_unkeyed_span")
    ),
    3: tuple(
        sql(f"migrations/{step}")
        for step in (
            "4_arrival",
            "4_delivery",
            "4_source_term",
            "4_customer_alias",
            "4_same_customer",
            "4_sent_customer",
        )
    ),
}


def create_tables(connection: duckdb.DuckDBPyConnection, *, now_us: int) -> None:
    """Fills a new file with the tables of the present version."""
    for table in TABLES:
        connection.execute(sql(f"tables/{table}"))
    facts = {
        "schema_version": str(SCHEMA_VERSION),
        "hash_probe": _scalar(connection, _HASH_PROBE),
        "created_at": str(now_us),
    }
    connection.executemany("INSERT INTO meta VALUES (?, ?)", list(facts.items()))


def schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    """The version that the file is of."""
    return int(_scalar(connection, "SELECT value FROM meta WHERE name = 'schema_version'"))


def checked_version(
    connection: duckdb.DuckDBPyConnection, *, name: str, migrations: Migrations = MIGRATIONS
) -> tuple[int, int]:
    """The version that the file is of, and the one that this Botmeter writes.

    Raises:
        Refused: `ledger_newer` if a later Botmeter wrote the file.
    """
    found, wanted = schema_version(connection), max([SCHEMA_VERSION, *(version + 1 for version in migrations)])
    if found > wanted:
        raise Refused(
            "ledger_newer",
            f"The ledger of account {name} is of version {found}; this Botmeter knows versions up to {wanted}. "
            "Update Botmeter.",
        )
    return found, wanted


def brought_up_to_date(connection: duckdb.DuckDBPyConnection, *, name: str, migrations: Migrations = MIGRATIONS) -> int:
    """The versions that the file had to be brought up by, in one transaction.

    Raises:
        Refused: `ledger_newer` if a later Botmeter wrote the file.
    """
    found, wanted = checked_version(connection, name=name, migrations=migrations)
    if found < wanted:
        connection.begin()
        try:
            for version in range(found, wanted):
                for step in migrations[version]:
                    connection.execute(step)
            connection.execute("UPDATE meta SET value = ? WHERE name = 'schema_version'", [str(wanted)])
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
    _hash_kept(connection)
    return wanted - found


def _hash_kept(connection: duckdb.DuckDBPyConnection) -> None:
    """Computes `event.event_key` anew if this DuckDB hashes otherwise than the one that wrote the file."""
    probe = _scalar(connection, _HASH_PROBE)
    if probe == _scalar(connection, "SELECT value FROM meta WHERE name = 'hash_probe'"):
        return
    connection.begin()
    connection.execute(sql("rehash"))
    connection.execute(sql("rehash_arrivals"))
    connection.execute(sql("rehash_conversations"))
    connection.execute(sql("rehash_spans"))
    connection.execute("UPDATE meta SET value = ? WHERE name = 'hash_probe'", [probe])
    connection.commit()


def _scalar(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    return str(row_of(connection, query)[0])
