"""The data folder, and the ledgers in it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from botmeter.cli.context import command_context, expanded, located
from botmeter.domain.account import checked_account_name
from botmeter.domain.errors import Missing, Refused

if TYPE_CHECKING:
    from botmeter.ledger.folder import Folder
    from botmeter.ledger.ledger import Ledger
    from botmeter.ledger.readable import ReadableLedger

# As in `ledger.folder`, whose import loads DuckDB.
_LOCK = "owner.lock"
_WAIT_SECONDS = 10.0
# Another command can take the folder after the check that it is free.
_OVERTAKEN_SECONDS_MAX = 1.0


def data_folder(asked: Path | None) -> Path:
    """Absolute path: `asked`, else the environment's, else the default."""
    settings = command_context().settings
    named = asked if asked is not None else Path(settings.data_dir or settings.default_data_dir)
    return located(expanded(named)).absolute()


def folder_in(arguments: list[str]) -> Path:
    """Data folder of a command line, even an invalid one."""
    for place, argument in enumerate(arguments):
        if argument.startswith("--data="):
            return data_folder(Path(argument.removeprefix("--data=")))
        if argument == "--data" and place + 1 < len(arguments):
            return data_folder(Path(arguments[place + 1]))
    return data_folder(None)


def wait_seconds() -> float:
    """Maximum wait for a data folder in use; raises Refused `wait_invalid`."""
    text = command_context().settings.wait_seconds
    try:
        seconds = float(text) if text else _WAIT_SECONDS
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise Refused("wait_invalid", f"BOTMETER_WAIT is {text!r}; it must be a number of seconds, such as 10.")
    return seconds


def is_free(folder: Path) -> bool:
    """Check that no process owns the data folder, which may be missing."""
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR)
    except OSError:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


def account_names(folder: Path) -> list[str]:
    """Accounts of a data folder, without opening or locking it."""
    return sorted(file.stem for file in (folder / "accounts").glob("*.duckdb"))


def known_account(folder: Path, account: str) -> str:
    """Account's name, without opening or locking anything; raises Missing `account_unknown`."""
    name, known = checked_account_name(account), account_names(folder)
    if name not in known:
        raise Missing("account_unknown", f"Unknown account {name} in {folder}. Accounts: {', '.join(known) or 'none'}.")
    return name


@contextmanager
def owned_folder(asked: Path | None, *, purpose: str, is_new: bool = False) -> "Iterator[Folder]":
    """Own the data folder until the `with` ends; in a server, share its own.

    Args:
        purpose: The command, shown to other processes that wait.
        is_new: Create a missing folder; otherwise refuse it, it may be mistyped.

    Raises:
        Missing: `folder_unknown`.
    """
    shared = command_context().folder
    if shared is not None:
        yield shared
        return
    from botmeter.ledger.folder import Folder

    path = data_folder(asked)
    if not is_new and not path.is_dir():
        raise Missing(
            "folder_unknown",
            f"There is no data folder {path}; `botmeter account create NAME` or `botmeter demo` makes it.",
        )
    patience = min(wait_seconds(), _OVERTAKEN_SECONDS_MAX)
    with Folder.owned(path, purpose=purpose, wait_seconds=patience) as folder:
        yield folder


@contextmanager
def opened_ledger(asked: Path | None, account: str, *, purpose: str) -> "Iterator[Ledger]":
    """Own the data folder and open the account's ledger."""
    with owned_folder(asked, purpose=purpose) as folder, folder.ledger(account) as ledger:
        yield ledger


@contextmanager
def readable_ledger(asked: Path | None, account: str, *, purpose: str) -> "Iterator[ReadableLedger]":
    """As `opened_ledger`, to read."""
    with owned_folder(asked, purpose=purpose) as folder, folder.reading(account) as ledger:
        yield ledger
