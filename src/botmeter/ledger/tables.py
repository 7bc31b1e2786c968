"""Tables of an account's file, their version, and migrations."""

from collections.abc import Iterable, Mapping

import duckdb

from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import NEVER_US
from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.marks import first_commit, store_commit
from botmeter.ledger.statements import statements_in, statements_of

NEVER = NEVER_US
"""`session.ended_at` of a session that no limit ends."""

SCHEMA_VERSION = 8
Migrations = Mapping[int, tuple[str, ...]]

UNFINISHED_ERASURES = "rewrite_due"
"""Name in `meta` of the erased ids, until all stores have forgotten them and the file is rewritten."""

_PACKAGE = "botmeter.ledger"
_VERSION, _PROBE = "schema_version", "hash_probe"
"""Names in `meta`: the schema version, and the hash of a fixed text by the DuckDB that computed the keys."""

sql = statements_of(__name__)


def _migration(version: int) -> tuple[str, ...]:
    return tuple(statements_in(_PACKAGE, f"migrations/version_{version}.sql").values())


# The first two read the keys that the third replaces.
_REHASHING = (
    *("rehash_rekeyed", "insert_rekeyed", "rehash_events"),
    *("rehash_arrivals", "rehash_conversations", "rehash_spans"),
)

# For each version the statements that lead to the next one; they never change afterwards.
MIGRATIONS: Migrations = {version - 1: _migration(version) for version in range(2, SCHEMA_VERSION + 1)}


def create_tables(connection: duckdb.DuckDBPyConnection, *, now_us: int) -> None:
    """Create the tables in a new file."""
    for statement in statements_in(_PACKAGE, "schema.sql").values():
        connection.execute(statement)
    set_meta(connection, _VERSION, value=str(SCHEMA_VERSION))
    set_meta(connection, _PROBE, value=_hash_probe(connection))
    set_meta(connection, "created_at", value=str(now_us))
    store_commit(connection, first_commit())


def replace_views(connection: duckdb.DuckDBPyConnection, *, tables: Iterable[str]) -> None:
    """Replace views of a lake's files by empty tables. In a transaction."""
    views = {name for (name,) in connection.execute(sql("views")).fetchall()}
    for name in tables:
        if name in views:
            connection.execute(sql("drop_view", table=name))
            connection.execute(statements_in(_PACKAGE, "schema.sql")[name])


def schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    """Schema version of the file."""
    return int(row_of(connection, sql("schema_version"))[0])


def meta_value(connection: duckdb.DuckDBPyConnection, name: str) -> str | None:
    """Value under `name`, if any."""
    value: str | None = row_of(connection, sql("meta_value"), values={"name": name})[0]
    return value


def set_meta(connection: duckdb.DuckDBPyConnection, name: str, *, value: str) -> None:
    """Store `value` under `name`, replacing any other."""
    remove_meta(connection, name)
    connection.execute(sql("insert_meta"), {"name": name, "value": value})


def remove_meta(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Remove what is stored under `name`, if anything."""
    connection.execute(sql("delete_meta"), {"name": name})


def missing_migrations(
    connection: duckdb.DuckDBPyConnection, *, name: str, migrations: Migrations = MIGRATIONS
) -> range:
    """Versions to migrate from, none for a current file.

    Raises:
        Unavailable: `ledger_newer`.
    """
    version, supported = schema_version(connection), max(migrations) + 1
    if version > supported:
        raise Unavailable(
            "ledger_newer",
            f"The ledger of account {name} has version {version}, and this Botmeter supports versions up to "
            f"{supported}. Update Botmeter.",
        )
    return range(version, supported)


def migrate(connection: duckdb.DuckDBPyConnection, *, name: str, migrations: Migrations = MIGRATIONS) -> int:
    """Bring the file to the present version in one transaction; return the number of steps."""
    missing = missing_migrations(connection, name=name, migrations=migrations)
    if missing:
        connection.begin()
        try:
            for version in missing:
                for step in migrations[version]:
                    connection.execute(step)
            set_meta(connection, _VERSION, value=str(missing.stop))
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
    _refresh_keys(connection)
    return len(missing)


def _refresh_keys(connection: duckdb.DuckDBPyConnection) -> None:
    # Compute all keys again if this DuckDB hashes differently.
    probe = _hash_probe(connection)
    if probe == meta_value(connection, _PROBE):
        return
    connection.begin()
    for step in _REHASHING:
        connection.execute(sql(step))
    set_meta(connection, _PROBE, value=probe)
    connection.commit()


def _hash_probe(connection: duckdb.DuckDBPyConnection) -> str:
    return str(row_of(connection, sql("hash_probe"))[0])
