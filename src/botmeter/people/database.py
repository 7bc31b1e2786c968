"""User database: setup and migrations."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from botmeter.domain.durable_files import locked_folder
from botmeter.domain.errors import Conflict, Missing
from botmeter.domain.settings import export
from botmeter.ledger.folder_files import account_names
from botmeter.ledger.statements import statements_of
from botmeter.people.pending_audit import add_pending

_log: Final = logging.getLogger(__name__)
sql = statements_of(__name__)

PEOPLE_FILE: Final = "people.sqlite3"
"""Database of the data folder, unless DATABASE_URL is set."""
# Created with the database; without it a lost database would look like one that never existed.
_MARK: Final = "people.created"
# Earlier versions made no mark, but the server's static files after the database.
_STATIC: Final = "static"
_SQLITE: Final = "django.db.backends.sqlite3"


def open_people(folder: Path, *, django_settings: str) -> None:
    """Set up Django and migrate, once per process; safe beside a running server.

    Raises:
        Missing: `people_missing`.
    """
    from django.conf import settings

    if settings.configured:
        return
    export(django_settings=django_settings, data_dir=str(folder))
    set_up(folder)


def set_up(folder: Path, *, is_new_allowed: bool = False) -> None:
    """Set up Django by the exported settings; migrate.

    Args:
        is_new_allowed: Create a new database in place of a lost one.

    Raises:
        Missing: `people_missing`.
        Conflict: `people_exist` if a new one is allowed and none is lost.
        Unavailable: `people_unavailable` or `disk_full`.
        Refused: `people_corrupt`.
    """
    import django

    django.setup()
    from botmeter.people.database_failures import reasons_reported

    with reasons_reported():
        _set_up(folder, is_new_allowed=is_new_allowed)


def _set_up(folder: Path, *, is_new_allowed: bool) -> None:
    from django.conf import settings
    from django.core.management import call_command

    if not is_new_allowed:
        require_people(folder)
    elif _lost_database(folder) is None:
        raise Conflict("people_exist", f"The user database of {folder} is not lost. Leave out --new-users.")
    database = settings.DATABASES["default"]
    if database["ENGINE"] == _SQLITE:
        # Private: it holds password hashes. SQLite creates its other files with the same mode.
        file = Path(database["NAME"])
        file.touch(mode=0o600)
        file.chmod(0o600)
    with _alone_migrating():
        if _pending_migrations():
            call_command("migrate", verbosity=0, interactive=False)
            _remove_old_rows()
    add_pending(folder)
    # A full disk must not keep the server from starting.
    with suppress(OSError):
        (folder / _MARK).touch(mode=0o600)


@contextmanager
def _alone_migrating() -> Iterator[None]:
    # Others of the same database wait: they would create the same tables.
    from django.conf import settings
    from django.db import connection

    if connection.vendor != "postgresql":
        with locked_folder(Path(settings.DATABASES["default"]["NAME"]).parent):
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute(sql("lock_migrations"))
        try:
            yield
        finally:
            cursor.execute(sql("unlock_migrations"))


def require_people(folder: Path) -> None:
    """Check that the database is not lost: with a new one, the first visitor would own every account.

    Raises:
        Missing: `people_missing`.
    """
    lost = _lost_database(folder)
    if lost is not None:
        raise _missing(lost, folder=folder)


def require_people_file(folder: Path) -> None:
    """As `require_people`, for the folder's own file, without Django."""
    if _had_people(folder) and _is_empty(folder / PEOPLE_FILE):
        raise _missing(f"The file {folder / PEOPLE_FILE}", folder=folder)


def _lost_database(folder: Path) -> str | None:
    from django.conf import settings
    from django.db import connection

    if not _had_people(folder):
        return None
    database = settings.DATABASES["default"]
    if database["ENGINE"] != _SQLITE:
        has_tables = "django_migrations" in connection.introspection.table_names()
        return None if has_tables else "The database of DATABASE_URL"
    # Connecting would create the file.
    return f"The file {database['NAME']}" if _is_empty(Path(database["NAME"])) else None


def _had_people(folder: Path) -> bool:
    is_marked = (folder / _MARK).exists() or (folder / _STATIC).exists()
    return is_marked and bool(account_names(folder))


def _is_empty(file: Path) -> bool:
    # Check for tables: a server whose file was taken away can have created another one.
    if not file.exists():
        return True
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            return bool(connection.execute(sql("table_count")).fetchone()[0] == 0)
    except sqlite3.Error:
        # Opening it reports what is wrong with it.
        return False


def _missing(database: str, *, folder: Path) -> Missing:
    return Missing(
        "people_missing",
        f"{database}, which held users, keys and share links, is missing or empty, but the accounts in {folder} still "
        "exist. Restore it from a backup. To begin without the old users, keys and links: botmeter serve --new-users.",
    )


def rewrite_file() -> None:
    """Write an SQLite file anew, without deleted values; PostgreSQL reuses pages by itself.

    Does nothing within a transaction.

    Raises:
        DatabaseError: The disk is full, or others read the file for too long.
    """
    from django.db import DatabaseError, connection

    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute(sql("rewrite_file"))
        cursor.execute(sql("empty_log"))
        is_busy = cursor.fetchone()[0]
    if is_busy:
        raise DatabaseError("other requests are reading the database")


def _remove_old_rows() -> None:
    from django.db import DatabaseError

    try:
        # A migration can have replaced secrets.
        rewrite_file()
    except DatabaseError as problem:
        _log.warning("The user database could not be compacted: %s", problem)


def _pending_migrations() -> int:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def unapplied_count(folder: Path, *, django_settings: str) -> int:
    """Number of pending migrations.

    Raises:
        Missing: `people_missing`.
        Unavailable: `people_unavailable`.
        Refused: `people_corrupt`.
    """
    from django.conf import settings

    if not settings.configured:
        export(django_settings=django_settings, data_dir=str(folder))
        import django

        django.setup()
    from botmeter.people.database_failures import close_dropped_connections, reasons_reported

    close_dropped_connections()
    with reasons_reported():
        require_people(folder)
        return _pending_migrations()
