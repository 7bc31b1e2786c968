"""Errors of a damaged ledger."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

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
_DETAIL_LENGTH_MAX: Final = 200


def ledger_corrupt(name: str, problem: BaseException) -> Unavailable:
    """Error with DuckDB's message as its note."""
    error = Unavailable("ledger_corrupt", f"The ledger of account {name} is damaged. Restore it from a backup.")
    error.add_note(f"DuckDB says: {first_line(problem)}")
    return error


def damage_of(problem: BaseException, *, name: str) -> Unavailable | None:
    """Return `ledger_corrupt` if the problem is damage."""
    if isinstance(problem, BotmeterError) or not any(sign in str(problem) for sign in _SIGNS):
        return None
    return ledger_corrupt(name, problem)


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
