"""Data folder, its ledgers, and its user database."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from botmeter.cli.closing_due import close_due_cycles
from botmeter.cli.context import command_context, expanded, located
from botmeter.cli.erasing import finish_interrupted
from botmeter.domain.instant import now_us
from botmeter.ledger import folder_files
from botmeter.ledger.folder_files import known_account, served

if TYPE_CHECKING:
    from botmeter.ledger.folder import Folder
    from botmeter.ledger.ledger import Ledger
    from botmeter.ledger.readable import ReadableLedger

# Another command can take the folder after the check that it is free.
_OVERTAKEN_SECONDS_MAX = 1.0


def data_folder(option: Path | None) -> Path:
    """Absolute path: the option's, else the environment's or the default."""
    settings = command_context().settings
    path = option or settings.data_dir or settings.default_data_dir
    return located(expanded(path)).absolute()


def folder_in(arguments: list[str]) -> Path:
    """Data folder of a command line, even an invalid one."""
    for index, argument in enumerate(arguments):
        if argument.startswith("--data="):
            return data_folder(Path(argument.removeprefix("--data=")))
        if argument == "--data" and index + 1 < len(arguments):
            return data_folder(Path(arguments[index + 1]))
    return data_folder(None)


def existing_folder(option: Path | None) -> Path:
    """Data folder; raises Missing `folder_unknown`."""
    return folder_files.existing_folder(data_folder(option))


@contextmanager
def owned_folder(option: Path | None, *, is_new: bool = False) -> "Iterator[Folder]":
    """Own the data folder until the `with` ends; in a server, share its own.

    Args:
        is_new: Create a missing folder; otherwise refuse it, it may be mistyped.

    Raises:
        Missing: `folder_unknown`.
    """
    context = command_context()
    if context.folder is not None:
        yield context.folder
        return
    from botmeter.ledger.folder import Folder

    path = data_folder(option) if is_new else existing_folder(option)
    with Folder.owned(path, purpose=context.command, wait_seconds=_overtaken_seconds()) as folder:
        finish_interrupted(folder)
        yield folder


def served_folder(option: Path | None) -> AbstractContextManager[None]:
    """Reserve the data folder for a server, whose worker owns it."""
    return served(data_folder(option), wait_seconds=_overtaken_seconds())


def _overtaken_seconds() -> float:
    return min(command_context().settings.wait_seconds, _OVERTAKEN_SECONDS_MAX)


@contextmanager
def opened_ledger(option: Path | None, account: str) -> "Iterator[Ledger]":
    """Own the data folder and open the account's ledger; close cycles that are over afterwards."""
    with owned_folder(option) as folder, folder.ledger(account) as ledger:
        yield ledger
        close_due_cycles(folder, ledger)


@contextmanager
def readable_ledger(option: Path | None, account: str) -> "Iterator[ReadableLedger]":
    """As `opened_ledger`, to read; of an account in a lake, its newest record."""
    from botmeter.lake.serving import reading_newest

    with owned_folder(option) as folder, reading_newest(folder, account, now_us=now_us()) as ledger:
        yield ledger


def open_people(option: Path | None, account: str | None = None) -> str:
    """Set up the user database; return the name of `account`, or an empty text.

    Raises:
        Missing: `folder_unknown`, `account_unknown`.
    """
    from botmeter.people.database import open_people as set_up_people
    from botmeter.server.asgi import DJANGO_SETTINGS

    folder = existing_folder(option)
    name = "" if account is None else known_account(folder, account)
    set_up_people(folder, django_settings=DJANGO_SETTINGS)
    return name
