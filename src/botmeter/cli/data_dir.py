"""Where the data is: the folder that was asked for, and the ledgers in it."""

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

# The name that `ledger.folder` gives it, which would bring DuckDB with it.
_LOCK = "owner.lock"
_WAIT_SECONDS = 10.0
# Between the look whether the folder is free and its taking, another command can have been quicker.
_OVERTAKEN_SECONDS_MAX = 1.0


def data_folder(asked: Path | None) -> Path:
    """The data folder, as an absolute path: as asked, else as the environment says, else the default."""
    settings = command_context().settings
    named = asked if asked is not None else Path(settings.data_dir or settings.default_data_dir)
    return located(expanded(named)).absolute()


def folder_in(arguments: list[str]) -> Path:
    """The data folder that a command line names, even one that can't be understood as a whole."""
    for place, argument in enumerate(arguments):
        if argument.startswith("--data="):
            return data_folder(Path(argument.removeprefix("--data=")))
        if argument == "--data" and place + 1 < len(arguments):
            return data_folder(Path(arguments[place + 1]))
    return data_folder(None)


def wait_seconds() -> float:
    """How long a command waits for a data folder that another process uses.

    Raises:
        Refused: `wait_invalid`.
    """
    text = command_context().settings.wait_seconds
    try:
        seconds = float(text) if text else _WAIT_SECONDS
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise Refused("wait_invalid", f"BOTMETER_WAIT is {text!r}; it must be a number of seconds, such as 10.")
    return seconds


def is_free(folder: Path) -> bool:
    """Whether no process owns the data folder at this moment; a folder that is not there is free."""
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
    """The accounts in a data folder, without opening or locking anything; for shell completion."""
    return sorted(file.stem for file in (folder / "accounts").glob("*.duckdb"))


def known_account(folder: Path, account: str) -> str:
    """The account's name, without opening or locking anything.

    Raises:
        Refused: `account_name_invalid`.
        Missing: `account_unknown` if the data folder has none of this name.
    """
    name, known = checked_account_name(account), account_names(folder)
    if name not in known:
        raise Missing("account_unknown", f"Unknown account {name} in {folder}. Accounts: {', '.join(known) or 'none'}.")
    return name


@contextmanager
def owned_folder(asked: Path | None, *, purpose: str, is_new: bool = False) -> "Iterator[Folder]":
    """The data folder, owned by this process until the end of the `with`; a server's own is shared.

    Args:
        purpose: The command, for another process that meets our lock.
        is_new: It may be made; otherwise a mistyped folder is refused and not made.

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
    """Open the account's ledger in the data folder, which is owned until the end of the `with`."""
    with owned_folder(asked, purpose=purpose) as folder, folder.ledger(account) as ledger:
        yield ledger


@contextmanager
def readable_ledger(asked: Path | None, account: str, *, purpose: str) -> "Iterator[ReadableLedger]":
    """Open the account's ledger to read from; else as `opened_ledger`."""
    with owned_folder(asked, purpose=purpose) as folder, folder.reading(account) as ledger:
        yield ledger
