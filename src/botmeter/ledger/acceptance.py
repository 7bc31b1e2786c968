"""Acceptance of a ledger that is not the acknowledged one."""

from contextlib import closing
from typing import Final

from botmeter.domain.errors import BotmeterError
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger_files import connected
from botmeter.ledger.marks import remove_mark, set_mark, stored_commit

_CODES: Final = frozenset({"ledger_behind", "ledger_replaced", "ledger_missing", "mark_damaged"})


def accept(folder: Folder, name: str) -> str | None:
    """Mark an account's present file as right; without one, forget the account.

    Returns:
        The code of the error that this ends; None: the ledger was right.
    """
    try:
        with folder.reading(name):
            return None
    except BotmeterError as problem:
        if problem.code not in _CODES:
            raise
        code = problem.code
    with folder.exclusively(name) as direct:
        if code == "ledger_missing":
            remove_mark(direct.path, name)
            return code
        with closing(connected(direct.file_of(name), folder=direct.path, read_only=True)) as connection:
            commit = stored_commit(connection)
        set_mark(direct.path, name, commit=commit)
    return code
