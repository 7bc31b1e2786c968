"""The data folder: which accounts there are, who owns it, and how an account's file is opened.

One process owns the folder at a time. The owner holds a lock on `owner.lock`, which the system
lets go when the process ends in whatever way, and writes its number and purpose into it.
"""

import fcntl
import glob
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

import duckdb

from botmeter.domain.account import Account, checked_account_name
from botmeter.domain.errors import BotmeterError, Conflict, Missing, NotAllowed, Refused, Unavailable
from botmeter.domain.instant import now_us
from botmeter.domain.settings import Settings
from botmeter.ledger.account_settings import write_account
from botmeter.ledger.conversation_spans import fold_if_many
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.schedule import write_policy
from botmeter.ledger.settle import backlog, settle, settle_quietly
from botmeter.ledger.tables import brought_up_to_date, checked_version, create_tables
from botmeter.metering.policy import ALWAYS_US, Policy

# What DuckDB may keep in memory before it goes to disk; an import of any size stays under 3 GB
# with it (see the benchmark).
MEMORY_LIMIT = "800MB"
SUFFIX = ".duckdb"
_LOCK_POLL_SECONDS = 0.05


class Folder:
    """An owned data folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    @contextmanager
    def owned(cls, path: Path, *, purpose: str, wait_seconds: float = 0) -> Iterator["Folder"]:
        """The folder at `path`, made if it is not there, owned until the end of the `with`.

        Args:
            path: The data folder.
            purpose: What the owner is doing, for whoever meets the lock: `botmeter import`.
            wait_seconds: How long to wait for another owner to be done.

        Raises:
            Unavailable: `ledger_in_use` if another process still owns it then.
            NotAllowed: `folder_not_writable`.
        """
        try:
            (path / "accounts").mkdir(parents=True, exist_ok=True)
            lock = os.open(path / "owner.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as problem:
            raise NotAllowed(
                "folder_not_writable", f"The data folder {path} can't be used: {problem.strerror}."
            ) from None
        try:
            _take(lock, path, wait_seconds=wait_seconds)
            # What is written is for people alone; a full disk must not keep anyone from looking.
            with suppress(OSError):
                os.ftruncate(lock, 0)
                os.pwrite(lock, f"{os.getpid()} {purpose}".encode(), 0)
            yield cls(path)
        finally:
            os.close(lock)

    def accounts(self) -> list[str]:
        """The names of the accounts, in order."""
        return sorted(file.name.removesuffix(SUFFIX) for file in (self.path / "accounts").glob(f"*{SUFFIX}"))

    def left_open(self) -> list[str]:
        """The accounts whose file nobody closed, in order: beside it is a log of changes that are not in it yet."""
        return [name for name in self.accounts() if any(_logs_of(self.file_of(name)))]

    def file_of(self, name: str) -> Path:
        """Where the account's file is, or would be."""
        return self.path / "accounts" / f"{checked_account_name(name)}{SUFFIX}"

    def create(self, account: Account, *, policy: Policy, now_us: int) -> None:
        """Makes the account's file. It appears under its name only when it is whole.

        Raises:
            Conflict: `account_exists`.
        """
        file = self.file_of(account.name)
        if file.exists():
            raise Conflict("account_exists", f"There is an account {account.name} already.")
        draft = file.with_suffix(".draft")
        unlink_ledger(draft)
        connection = connected(draft, folder=self.path)
        connection.begin()
        create_tables(connection, now_us=now_us)
        write_account(connection, account, by=None, now_us=now_us)
        write_policy(connection, policy, entry=(0, ALWAYS_US), now_us=now_us)
        connection.commit()
        connection.close()
        draft.rename(file)

    @contextmanager
    def ledger(self, name: str) -> Iterator[Ledger]:
        """Open the account's ledger to read and write, until the end of the `with`.

        Raises:
            Missing: `account_unknown`.
            Refused: `ledger_corrupt` or `ledger_newer`.
            NotAllowed: `ledger_read_only` if the file may not be written.
        """
        ledger = self.opened(name)
        try:
            settle(ledger, now_us=now_us())
            yield ledger
            fold_if_many(ledger)
        finally:
            ledger.connection.close()

    @contextmanager
    def reading(self, name: str) -> Iterator[ReadableLedger]:
        """Open the account's ledger to read from, until the end of the `with`.

        Raises:
            Missing: `account_unknown`.
            Refused: `ledger_corrupt` or `ledger_newer`.
            NotAllowed: `ledger_read_only` if an earlier Botmeter wrote the file and it may not be written.
        """
        ledger = self.opened(name, read_only=True)
        try:
            yield ledger
        finally:
            ledger.connection.close()

    def opened(self, name: str, *, read_only: bool = False) -> Ledger:
        """The account's open ledger; its connection is the caller's to close. Raises what `ledger` raises."""
        file = self.existing_file(name)
        if not read_only:
            self.check_writable(name)
        return _opened(file, folder=self.path, name=name, read_only=read_only)

    def existing_file(self, name: str) -> Path:
        """The account's file.

        Raises:
            Missing: `account_unknown`.
        """
        file = self.file_of(name)
        if file.exists():
            return file
        known = ", ".join(self.accounts()) or "none yet"
        raise Missing(
            "account_unknown", f"There is no account {checked_account_name(name)} in {self.path}; there are: {known}."
        )

    def check_writable(self, name: str) -> None:
        """Says nothing if the account's file may be written.

        Raises:
            NotAllowed: `ledger_read_only`.
        """
        file = self.file_of(name)
        if not is_writable(file):
            raise NotAllowed("ledger_read_only", f"The ledger of account {name} ({file}) is read-only.")

    def exclusively(self, name: str) -> AbstractContextManager[None]:  # noqa: ARG002 - a shared folder needs the name
        """Until the end of the `with`, nobody else has the account's file open, so that it can be copied or replaced.

        Whoever owns a folder alone is alone with each file.
        """
        return nullcontext()

    def drafting(self) -> AbstractContextManager[None]:
        """Until the end of the `with`, nobody else makes a file of an account."""
        return nullcontext()

    def remove(self, name: str) -> None:
        """Deletes the account with all that is in it."""
        unlink_ledger(self.file_of(name))


def unlink_ledger(file: Path) -> None:
    """Deletes a ledger's file, and the log of changes that a killed process can leave beside it.

    The log goes first: left behind, it would be taken for that of the next file of this name.
    """
    for log in _logs_of(file):
        log.unlink(missing_ok=True)
    file.unlink(missing_ok=True)


def _logs_of(file: Path) -> Iterator[Path]:
    return file.parent.glob(f"{glob.escape(file.name)}.*")


def connected(file: Path, *, folder: Path, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection to `file` that goes nowhere else: no network, no extension, its overflow in the folder."""
    overflow = folder / "tmp"
    return duckdb.connect(
        str(file),
        read_only=read_only,
        config={
            "memory_limit": Settings.from_environment().memory_limit or MEMORY_LIMIT,
            "temp_directory": str(overflow),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )


def is_writable(file: Path) -> bool:
    """Whether the file may be written; the mode counts for the superuser too, who could in any case."""
    return os.access(file, os.W_OK) and bool(file.stat().st_mode & 0o222)


def free_bytes(path: Path) -> int:
    """Free space on the disk that holds the folder."""
    return shutil.disk_usage(path).free


def _opened(file: Path, *, folder: Path, name: str, read_only: bool) -> Ledger:
    try:
        connection = connected(file, folder=folder, read_only=read_only)
    except (duckdb.Error, RuntimeError) as problem:
        raise Refused(
            "ledger_corrupt",
            f"The ledger of account {name} ({file}) can't be read; restore it from a backup. "
            f"DuckDB says: {_first_line(problem)}",
        ) from None
    try:
        found, wanted = checked_version(connection, name=name)
        if read_only and found < wanted:
            connection.close()
            connection = _brought_up(file, folder=folder, name=name, versions=(found, wanted))
        elif read_only and backlog(connection).event_count and is_writable(file):
            connection.close()
            connection = _settled(file, folder=folder)
        elif not read_only:
            brought_up_to_date(connection, name=name)
        ledger = Ledger(connection)
        if not read_only:
            # Left by a server that was killed; one who only looks must not be kept from it by a full disk.
            settle_quietly(ledger, now_us=now_us())
        return ledger
    except duckdb.Error as problem:
        connection.close()
        raise Refused(
            "ledger_corrupt", f"The file {file} is not a ledger of Botmeter. DuckDB says: {_first_line(problem)}"
        ) from None
    except BotmeterError:
        connection.close()
        raise


def _settled(file: Path, *, folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection to read from, after live events were settled that a killed server left."""
    connection = connected(file, folder=folder)
    try:
        settle_quietly(Ledger(connection), now_us=now_us())
    finally:
        connection.close()
    return connected(file, folder=folder, read_only=True)


def _brought_up(file: Path, *, folder: Path, name: str, versions: tuple[int, int]) -> duckdb.DuckDBPyConnection:
    """A connection to read from, after an older file was brought up to date: the statements know one version."""
    found, wanted = versions
    if not is_writable(file):
        raise NotAllowed(
            "ledger_read_only",
            f"The ledger of account {name} ({file}) is of version {found} and read-only; let it be written, so that it "
            f"can be brought up to version {wanted}.",
        )
    connection = connected(file, folder=folder)
    try:
        brought_up_to_date(connection, name=name)
    finally:
        connection.close()
    return connected(file, folder=folder, read_only=True)


def _take(lock: int, path: Path, *, wait_seconds: float) -> None:
    end = time.monotonic() + wait_seconds
    while not is_lock_taken(lock):
        if time.monotonic() >= end:
            process, _, purpose = os.pread(lock, 200, 0).decode(errors="replace").partition(" ")
            os_name = purpose or "another command"
            raise Unavailable(
                "ledger_in_use",
                f"The data folder {path} is in use by process {process or '?'} ({os_name}). "
                "Wait until it is done, or end it.",
            )
        # The system wakes nobody who waits for a lock with an end to his patience.
        time.sleep(_LOCK_POLL_SECONDS)


def is_lock_taken(lock: int) -> bool:
    """Whether the open file `lock` is locked by us now; False while another process has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _first_line(problem: BaseException) -> str:
    return str(problem).splitlines()[0][:200]
