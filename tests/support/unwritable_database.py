"""The user database, while nothing can be written to it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def unwritable_database() -> Iterator[None]:
    """Refuse writes until the `with` ends, which undoes what was written before it fails."""
    with transaction.atomic(), connection.cursor() as cursor:
        is_sqlite = connection.vendor == "sqlite"
        cursor.execute("PRAGMA query_only = 1" if is_sqlite else "SET TRANSACTION READ ONLY")
        try:
            yield
        finally:
            if is_sqlite:
                cursor.execute("PRAGMA query_only = 0")
            # PostgreSQL ends it with the savepoint.
            transaction.set_rollback(True)
