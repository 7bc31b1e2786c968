"""Writes to the people's database that fail: those that a request can do without, and a full disk."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import DatabaseError, transaction

from botmeter.domain.errors import Unavailable

_log: Final = logging.getLogger(__name__)

# SQLite has no room for the file, or for the index of its log, which the first reader creates.
_SQLITE_FULL: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE})
# PostgreSQL's condition `disk_full`.
_POSTGRES_FULL: Final = "53100"


@contextmanager
def optional_write(what: str, **fields: object) -> Iterator[None]:
    """Go on after the `with` although its write failed, as on a full disk, and log what is not stored.

    Args:
        fields: Of the log line.
    """
    try:
        with transaction.atomic():
            yield
    except DatabaseError as problem:
        _log.warning("not stored: %s", what, extra={"fields": {**fields, "reason": type(problem).__name__}})


def disk_full(problem: BaseException) -> Unavailable | None:
    """Return `disk_full` if the database has no room, else None."""
    cause = problem.__cause__
    if not isinstance(problem, DatabaseError) or cause is None:
        return None
    if getattr(cause, "sqlite_errorcode", None) in _SQLITE_FULL or getattr(cause, "sqlstate", "") == _POSTGRES_FULL:
        return Unavailable("disk_full", "The disk is full; nothing was changed. Make room and try again.")
    return None
