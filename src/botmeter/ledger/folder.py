"""Data folder: its accounts, its owner, and access to the files.

The system releases the lock on `owner.lock` however the owner's process ends.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from pathlib import Path
from shutil import rmtree

import duckdb
import msgspec

from botmeter.domain.account import Account, checked_account_name
from botmeter.domain.durable_files import FILE_MODE
from botmeter.domain.errors import BotmeterError, Conflict, NotAllowed, Unavailable
from botmeter.domain.instant import now_us
from botmeter.ledger.append_beside import ImportAccess
from botmeter.ledger.bucket_reading import read_buckets
from botmeter.ledger.contents import write_account, write_policy
from botmeter.ledger.conversation_spans import fold_if_many
from botmeter.ledger.damage import damage_of, damage_refused, first_line, ledger_corrupt
from botmeter.ledger.duckdb_settings import keep_footers
from botmeter.ledger.folder_files import (
    LOCK,
    SUFFIX,
    UPLOADS_FOLDER,
    account_file,
    account_names,
    erasure_flag,
    folder_id,
    known_account,
    locked,
    refuse_lost,
)
from botmeter.ledger.lake_account import ServedRecord, lake_flag, set_served_record
from botmeter.ledger.ledger import Ledger, failure
from botmeter.ledger.ledger_files import (
    connected,
    is_writable,
    keep_log,
    logs_of,
    new_ledger_draft,
    remove_leftovers,
    replace_ledger,
    unlink_ledger,
)
from botmeter.ledger.marks import checked_mark, remove_mark, set_mark, stored_commit
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.settle import backlog, settle, settle_quietly
from botmeter.ledger.tables import UNFINISHED_ERASURES, create_tables, meta_value, migrate, missing_migrations
from botmeter.metering.policy import ALWAYS_US, Policy

# DuckDB reads the file, but it has no tables of a ledger, or not their columns.
_NOT_A_LEDGER = (duckdb.CatalogException, duckdb.BinderException)


class Folder:
    """Owned data folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lake_opened: Callable[[], None] = lambda: None

    @classmethod
    @contextmanager
    def owned(
        cls, path: Path, *, purpose: str, wait_seconds: float = 0, for_server: bool = False
    ) -> Iterator["Folder"]:
        """Own the folder during the `with`; create it if needed.

        Args:
            purpose: For messages, such as `botmeter import`.
            wait_seconds: Wait for another owner.
            for_server: Own it although a server has reserved it.

        Raises:
            Unavailable: `ledger_in_use`, `server_restarting`.
            NotAllowed: `folder_not_writable`.
        """
        with locked(path, LOCK, purpose=purpose, wait_seconds=wait_seconds, for_server=for_server):
            remove_leftovers(path)
            yield cls(path)

    @property
    def id(self) -> str:
        return folder_id(self.path)

    def accounts(self) -> list[str]:
        return account_names(self.path)

    def unclosed_accounts(self) -> list[str]:
        """Accounts with a log beside their file, in order."""
        return [name for name in self.accounts() if any(logs_of(self.file_of(name)))]

    def file_of(self, name: str) -> Path:
        return account_file(self.path, name)

    def create(self, account: Account, *, policy: Policy, now_us: int, lake: ServedRecord | None = None) -> None:
        """Create the account's file, which appears only when complete.

        Args:
            lake: Where its events are; None: in the file.

        Raises:
            Conflict: `account_exists`.
            Unavailable: `disk_full` or `ledger_missing`.
        """
        file = self.file_of(account.name)
        if file.exists():
            raise Conflict("account_exists", f"Account {account.name} already exists.")
        refuse_lost(self.path, account.name)
        draft = new_ledger_draft(self.path)
        try:
            with closing(connected(draft, folder=self.path)) as connection:
                connection.begin()
                create_tables(connection, now_us=now_us)
                write_account(connection, account, by=None, now_us=now_us)
                write_policy(connection, policy, position=0, from_us=ALWAYS_US, now_us=now_us)
                if lake is not None:
                    set_served_record(connection, lake)
                    # Before the file: one too many does no harm.
                    lake_flag(self.path, account.name).touch(mode=FILE_MODE)
                connection.commit()
                commit = stored_commit(connection)
            replace_ledger(draft, file, folder=self.path)
        except (duckdb.Error, OSError) as problem:
            raise failure(problem) from problem
        finally:
            unlink_ledger(draft)
        # Without it the next opening starts one.
        with suppress(OSError):
            set_mark(self.path, account.name, commit=commit)

    @contextmanager
    def ledger(self, name: str) -> Iterator[Ledger]:
        """Open the account's ledger for writing.

        Raises:
            Missing: `account_unknown`.
            Unavailable: `ledger_corrupt`, `ledger_behind`, `ledger_replaced`, `ledger_missing`, `mark_damaged`,
                `ledger_misnamed`, `ledger_newer` or `ledger_failed`.
            NotAllowed: `ledger_read_only`.
        """
        ledger = self.opened(name)
        with damage_refused(name), closing(ledger.connection):
            settle(ledger, now_us=now_us())
            yield ledger
            fold_if_many(ledger)

    @contextmanager
    def importing(self, name: str, *, size_bytes: int | None) -> Iterator[ImportAccess]:  # noqa: ARG002 - decides in a shared folder
        """Open the account's ledger as `ledger`, for an import of that size; None: it can't be read twice."""
        with self.ledger(name) as ledger:
            yield ImportAccess(ledger=ledger, live_pause=None)

    def rehearsing(self, name: str) -> AbstractContextManager[Ledger]:
        """Open the account's ledger as `ledger`, for dry runs; live events are appended meanwhile."""
        return self.ledger(name)

    @contextmanager
    def reading(self, name: str) -> Iterator[ReadableLedger]:
        """Open the account's ledger for reading; raise as `ledger`, as an older file must be migrated."""
        ledger = self.opened(name, read_only=True)
        with damage_refused(name), closing(ledger.connection):
            yield ledger

    def opened(self, name: str, *, read_only: bool = False) -> Ledger:
        """Open as `ledger`, without closing."""
        file = self.existing_file(name)
        if not read_only:
            self.check_writable(name)
        ledger = _opened(file, folder=self.path, name=name, read_only=read_only)
        if ledger.lake is not None:
            self.lake_opened()
        return ledger

    def existing_file(self, name: str) -> Path:
        """Account's file.

        Raises:
            Missing: `account_unknown`.
            Unavailable: `ledger_missing`.
        """
        return self.file_of(known_account(self.path, name))

    def check_writable(self, name: str) -> None:
        """Refuse a read-only file.

        Raises:
            NotAllowed: `ledger_read_only`.
        """
        file = self.file_of(name)
        if not is_writable(file):
            raise NotAllowed("ledger_read_only", f"The ledger of account {name} ({file}) is read-only.")

    def exclusively(self, name: str) -> AbstractContextManager["Folder"]:  # noqa: ARG002 - a shared folder needs the name
        return nullcontext(self)

    def drafting(self) -> AbstractContextManager[None]:
        return nullcontext()

    def remove(self, name: str) -> None:
        # First: a ledger without a mark gets a new one, and a mark without a ledger is a loss.
        remove_mark(self.path, name)
        unlink_ledger(self.file_of(name))
        rmtree(self.path / UPLOADS_FOLDER / checked_account_name(name), ignore_errors=True)
        for flag in (erasure_flag, lake_flag):
            flag(self.path, checked_account_name(name)).unlink(missing_ok=True)


def _opened(file: Path, *, folder: Path, name: str, read_only: bool) -> Ledger:
    try:
        connection = connected(file, folder=folder, read_only=read_only)
    except (duckdb.Error, RuntimeError) as problem:
        raise _opening_error(problem, name=name) from None
    try:
        is_older = bool(missing_migrations(connection, name=name))
        if read_only and is_older and not is_writable(file):
            raise NotAllowed(
                "ledger_read_only",
                f"The ledger of account {name} ({file}) was written by an earlier Botmeter and is read-only. Make it "
                "writable, so that Botmeter can migrate it.",
            )
        if read_only and (is_older or (backlog(connection).event_count and is_writable(file))):
            connection.close()
            # A writer migrates the file, and settles live events of a killed server.
            _opened(file, folder=folder, name=name, read_only=False).connection.close()
            connection = connected(file, folder=folder, read_only=True)
        if not read_only:
            migrate(connection, name=name)
        ledger = Ledger(connection)
        _check_name(ledger, file)
        ledger.mark = mark = checked_mark(connection, folder=folder, name=name)
        if not read_only:
            # A full disk must not prevent opening the ledger: the first change tries again.
            with suppress(Unavailable):
                mark.begin(connection)
            settle_quietly(ledger, now_us=now_us())
        if ledger.lake is not None:
            keep_footers(connection)
            read_buckets(connection, ledger.lake.uri)
        # In a copied or restored file; the owner of the folder looks after what is flagged.
        flags = {erasure_flag: meta_value(connection, UNFINISHED_ERASURES), lake_flag: ledger.lake}
        for flag in (flag for flag, reason in flags.items() if reason is not None):
            with suppress(OSError):
                flag(folder, name).touch(mode=FILE_MODE)
        return ledger
    except (duckdb.Error, IndexError, ValueError, msgspec.MsgspecError) as problem:
        _close_unchanged(connection)
        raise _opening_error(problem, name=name) from None
    except BotmeterError:
        _close_unchanged(connection)
        raise


def _check_name(ledger: Ledger, file: Path) -> None:
    own, name = ledger.account.name, file.name.removesuffix(SUFFIX)
    if own != name:
        raise Unavailable(
            "ledger_misnamed",
            f"The file {file} is the ledger of account {own}, not of {name}. Rename it to {own}{SUFFIX}, or restore a "
            f"backup of it as account {name}.",
        )


def _close_unchanged(connection: duckdb.DuckDBPyConnection) -> None:
    keep_log(connection)
    with suppress(duckdb.Error):
        connection.close()


def _opening_error(problem: Exception, *, name: str) -> Unavailable:
    damage = damage_of(problem, name=name)
    # Anything else that DuckDB reports comes from outside the file, such as a lack of memory or descriptors.
    is_other = isinstance(problem, duckdb.Error | RuntimeError) and not isinstance(problem, _NOT_A_LEDGER)
    if damage is None and is_other:
        return Unavailable(
            "ledger_failed", f"The ledger of account {name} could not be opened. DuckDB says: {first_line(problem)}"
        )
    return damage or ledger_corrupt(name, problem)
