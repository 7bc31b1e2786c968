"""Failures of the user database, and optional writes."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    close_old_connections,  # noqa: TID251 - here alone
    connection,
    transaction,
)

from botmeter.domain.durable_files import disk_full_error
from botmeter.domain.errors import Refused, Unavailable

_log: Final = logging.getLogger(__name__)

# SQLite has no room for the file, or for the index of its log, which the first reader creates.
_SQLITE_FULL: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE})
# PostgreSQL's condition `disk_full`.
_POSTGRES_FULL: Final = "53100"


@contextmanager
def optional_write(what: str, **fields: object) -> Iterator[None]:
    """Log instead of raising if the write in the `with` fails, as on a full disk.

    Args:
        fields: Of the log line.
    """
    try:
        with transaction.atomic():
            yield
    except DatabaseError as problem:
        _log.warning("not stored: %s", what, extra={"fields": {**fields, "reason": type(problem).__name__}})


@contextmanager
def open_database() -> Iterator[None]:
    """Use the database outside of a request; raise as `unavailable_error`."""
    close_dropped_connections()
    try:
        yield
    except (DatabaseError, InterfaceError) as problem:
        error = unavailable_error(problem)
        raise problem if error is None else error from problem


def close_dropped_connections() -> None:
    """Close a dropped connection, as Django does for requests alone."""
    if not connection.in_atomic_block:
        close_old_connections()


@contextmanager
def reasons_reported() -> Iterator[None]:
    """Report why a database fails at the start or in `doctor`.

    Raises:
        Unavailable: `disk_full`, `people_unavailable`.
        Refused: `people_corrupt`.
    """
    try:
        yield
    except (OperationalError, InterfaceError, OSError) as problem:
        error = unavailable_error(problem)
        # SQLite calls a full disk an I/O error, if the index of its log finds no room.
        if error is None or error.code != "disk_full":
            reason = " ".join(str(problem).split())
            error = Unavailable("people_unavailable", f"The user database does not answer: {reason}.")
        raise error from problem
    except DatabaseError as problem:
        # Subclasses are bugs.
        if type(problem) is not DatabaseError:
            raise
        raise Refused(
            "people_corrupt", f"The user database can't be read ({problem}). Restore it from a backup."
        ) from problem


def unavailable_error(problem: BaseException) -> Unavailable | None:
    """`disk_full` or `people_unavailable`; None for other problems."""
    if isinstance(problem, OSError):
        return disk_full_error(problem)
    cause = problem.__cause__
    if not isinstance(problem, DatabaseError | InterfaceError) or cause is None:
        return None
    code = getattr(cause, "sqlite_errorcode", None)
    if code in _SQLITE_FULL or getattr(cause, "sqlstate", "") == _POSTGRES_FULL:
        return Unavailable("disk_full", "The disk is full; nothing was changed. Make room and try again.")
    # SQLite reports wrong statements as operational errors, too.
    if isinstance(problem, OperationalError | InterfaceError) and code != sqlite3.SQLITE_ERROR:
        return Unavailable(
            "people_unavailable", "The user database does not answer; nothing was changed. Try again in a minute."
        )
    return None
