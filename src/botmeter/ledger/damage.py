"""Errors of a damaged ledger."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import duckdb

from botmeter.domain.errors import BotmeterError, Unavailable

# Parts of DuckDB's messages. It checks the checksum of each block when it reads it from the file, and raises errors of
# several classes, later ones with the first one's message inside.
_SIGNS: Final = (
    "Corrupt database file",
    "Corrupt WAL file",
    "while replaying WAL",
    "Could not read enough bytes",
    "Could not read from file",
    "not a valid DuckDB database file",
)
_LAKE_FILE: Final = ".parquet"
"""Part of DuckDB's messages about a file of a lake; it reads no other Parquet files."""
_DETAIL_LENGTH_MAX: Final = 200


def ledger_corrupt(name: str, problem: BaseException) -> Unavailable:
    """Error with DuckDB's message as its note."""
    error = Unavailable("ledger_corrupt", f"The ledger of account {name} is damaged. Restore it from a backup.")
    error.add_note(f"DuckDB says: {first_line(problem)}")
    return error


def damage_of(problem: BaseException, *, name: str) -> Unavailable | None:
    """Return `ledger_corrupt` if the problem is damage, `lake_storage_failed` if it is a file of the account's lake."""
    if isinstance(problem, BotmeterError):
        return None
    if isinstance(problem, duckdb.Error) and _LAKE_FILE in str(problem):
        return Unavailable(
            "lake_storage_failed",
            f"A file of the lake of account {name} can't be read: {first_line(problem).rstrip('.')}. If it stays "
            "so, the lake lacks a file that its newest record names.",
        )
    return ledger_corrupt(name, problem) if any(sign in str(problem) for sign in _SIGNS) else None


@contextmanager
def damage_refused(name: str) -> Iterator[None]:
    """Raise damage during the `with` as Unavailable `ledger_corrupt`."""
    try:
        yield
    except Exception as problem:
        damage = damage_of(problem, name=name)
        if damage is None:
            raise
        raise damage from problem


def first_line(problem: BaseException) -> str:
    """First line of an error, cut."""
    return next(iter(str(problem).splitlines()), type(problem).__name__)[:_DETAIL_LENGTH_MAX]
