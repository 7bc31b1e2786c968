"""Erasures in the people's database, and the end of interrupted ones."""

from pathlib import Path
from typing import TYPE_CHECKING

from botmeter.cli.context import command_context
from botmeter.cli.output import say
from botmeter.domain.errors import BotmeterError
from botmeter.ledger.folder_files import accounts_with_unfinished_erasures

if TYPE_CHECKING:
    from botmeter.ledger.erased_ids import ErasedIds
    from botmeter.ledger.folder import Folder
    from botmeter.ledger.unfinished_erasures import Forget


def forget_in_people(folder: Path) -> "Forget":
    """Function that removes a customer from the people's database."""

    def forget(name: str, ids: "ErasedIds") -> int:
        return _forget(folder, name, ids=ids)

    return forget


def finish_interrupted(folder: "Folder") -> None:
    """Finish interrupted erasures; warn of those that can't be finished yet."""
    for name in accounts_with_unfinished_erasures(folder.path):
        from botmeter.ledger.unfinished_erasures import finish_erasures

        try:
            finish_erasures(folder, name, forget=forget_in_people(folder.path))
        except BotmeterError as problem:
            say(f"warning: {problem.message}")


def delete_everywhere(folder: "Folder", account: str) -> None:
    """Delete an account from the data folder, and from the people's database if there is one."""
    from botmeter.people.pending_audit import remove_pending

    if _has_people(folder.path):
        from botmeter.people.database import open_people
        from botmeter.server.asgi import DJANGO_SETTINGS

        open_people(folder.path, django_settings=DJANGO_SETTINGS)
        from botmeter.people.account_deletion import delete_account
        from botmeter.people.database_failures import close_dropped_connections

        close_dropped_connections()
        delete_account(folder, account)
    else:
        with folder.exclusively(account) as alone:
            alone.remove(account)
    remove_pending(folder.path, account)


def _has_people(folder: Path) -> bool:
    return (folder / "people.sqlite3").exists() or bool(command_context().settings.database_url)


def _forget(folder: Path, name: str, *, ids: "ErasedIds") -> int:
    from botmeter.people.pending_audit import add_pending, forget_in_pending

    if not _has_people(folder):
        return forget_in_pending(folder, name, ids=ids)
    from botmeter.people.database import open_people
    from botmeter.server.asgi import DJANGO_SETTINGS

    try:
        open_people(folder, django_settings=DJANGO_SETTINGS)
    except BotmeterError as problem:
        # Loads the models, so not before Django is set up.
        from botmeter.people.erasure import unfinished

        raise unfinished(name, problem) from problem
    from botmeter.people.database_failures import close_dropped_connections
    from botmeter.people.erasure import forget_customer

    close_dropped_connections()
    add_pending(folder)
    return forget_customer(name, ids)
