"""Errors of a damaged ledger: one code and sentence, wherever DuckDB meets the damage."""

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
    """Return the error for a damaged ledger, with DuckDB's message as its note."""
    error = Unavailable("ledger_corrupt", f"The ledger of account {name} is damaged. Restore it from a backup.")
    error.add_note(f"DuckDB says: {first_line(problem)}")
    return error


def damage_of(problem: BaseException, *, name: str) -> Unavailable | None:
    """Return the error for a damaged ledger if that is the problem."""
    if isinstance(problem, BotmeterError) or not any(sign in str(problem) for sign in _SIGNS):
        return None
    return ledger_corrupt(name, problem)


@contextmanager
def damage_refused(name: str) -> Iterator[None]:
    """Raise Unavailable `ledger_corrupt` for damage that is met during the `with`."""
    try:
        yield
    except Exception as problem:
        damage = damage_of(problem, name=name)
        if damage is None:
            raise
        raise damage from problem


def first_line(problem: BaseException) -> str:
    """Return the first line of an error's text, cut."""
    return next(iter(str(problem).splitlines()), type(problem).__name__)[:_DETAIL_LENGTH_MAX]
