"""Files of a data folder, without DuckDB: commands and completion start fast."""

import fcntl
import os
import stat
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from botmeter.domain.account import checked_account_name
from botmeter.domain.durable_files import FILE_MODE, durable_file, private_folder
from botmeter.domain.errors import Missing, NotAllowed, Unavailable

SUFFIX: Final = ".duckdb"
MARK_SUFFIX: Final = ".mark"
LOCK: Final = "owner.lock"
# Locked by the process that supervises a server, also while its worker, which owns the folder, restarts.
SERVER_LOCK: Final = "server.lock"
ACCOUNTS: Final = "accounts"
MARKS: Final = "marks"
SOCKET_DRAFTS: Final = ".owner-*"
"""Pattern of the names of an owner's socket before it can be used."""
TEMPORARY: Final = "tmp"
"""Folder of DuckDB's temporary files."""
UPLOADS_FOLDER: Final = "uploads"
"""Folder of uploaded files, by account."""

_ERASURE: Final = ".erasure"
_ID: Final = "folder.id"
_SERVER: Final = "botmeter serve"
_LOCK_POLL_SECONDS: Final = 0.05
_CHECK_POLL_SECONDS: Final = 0.001
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_FOLDERS: Final = (ACCOUNTS, MARKS, TEMPORARY, "audit", "logs", "static", UPLOADS_FOLDER)
_FILES: Final = (LOCK, SERVER_LOCK, _ID, "secret.key", "people.sqlite3", "people.sqlite3-wal", "people.sqlite3-shm")
"""Contents of a data folder that are Botmeter's; it can hold other files, too."""


def existing_folder(folder: Path) -> Path:
    """Data folder; raises Missing `folder_unknown`."""
    if not folder.is_dir():
        raise Missing(
            "folder_unknown",
            f"Data folder {folder} does not exist. Create it with `botmeter account create NAME` or `botmeter demo`.",
        )
    return folder


def folder_id(folder: Path) -> str:
    """Id of the data folder, which a copy keeps; made once.

    Raises:
        OSError: The folder can't be read or written.
    """
    file = folder / _ID
    with suppress(FileNotFoundError):
        return file.read_text(encoding="ascii").strip()
    # Of two processes, the second one reads the id of the first.
    with suppress(FileExistsError), durable_file(file, is_new=True) as opened:
        opened.write(uuid.uuid4().hex.encode())
    return file.read_text(encoding="ascii").strip()


def known_folder_id(folder: Path) -> str | None:
    """Id of the data folder; None: it has none yet."""
    with suppress(FileNotFoundError):
        return (folder / _ID).read_text(encoding="ascii").strip()
    return None


def account_names(folder: Path) -> list[str]:
    """Accounts in order."""
    return sorted(file.name.removesuffix(SUFFIX) for file in (folder / ACCOUNTS).glob(f"*{SUFFIX}"))


def account_file(folder: Path, name: str) -> Path:
    """Path of an account's ledger."""
    return folder / ACCOUNTS / f"{checked_account_name(name)}{SUFFIX}"


def mark_file(folder: Path, name: str) -> Path:
    """Path of an account's mark."""
    return folder / MARKS / f"{checked_account_name(name)}{MARK_SUFFIX}"


def erasure_flag(folder: Path, name: str) -> Path:
    """Path of the flag of an unfinished erasure."""
    return folder / ACCOUNTS / f"{name}{_ERASURE}"


def accounts_with_unfinished_erasures(folder: Path) -> list[str]:
    """Flagged accounts in order."""
    flagged = {flag.name.removesuffix(_ERASURE) for flag in (folder / ACCOUNTS).glob(f"*{_ERASURE}")}
    return [name for name in account_names(folder) if name in flagged]


def known_account(folder: Path, name: str) -> str:
    """Name of an existing account in lower case.

    Raises:
        Missing: `account_unknown`.
        Unavailable: `ledger_missing`.
    """
    checked = checked_account_name(name)
    if not account_file(folder, name).exists():
        refuse_lost(folder, checked)
        known = ", ".join(account_names(folder)) or "none"
        raise Missing("account_unknown", f"Unknown account {checked} in {folder}. Accounts: {known}.")
    return checked


def lost_accounts(folder: Path) -> list[str]:
    """Accounts with a mark and no ledger, in order."""
    marked = {file.name.removesuffix(MARK_SUFFIX) for file in (folder / MARKS).glob(f"*{MARK_SUFFIX}")}
    return sorted(marked - set(account_names(folder)))


def refuse_lost(folder: Path, name: str) -> None:
    """Refuse a lost account; raises Unavailable `ledger_missing`."""
    if mark_file(folder, name).exists() and not account_file(folder, name).exists():
        raise ledger_missing(name)


def ledger_missing(name: str) -> Unavailable:
    """Error of a lost account."""
    return Unavailable(
        "ledger_missing",
        f"The ledger of account {name} is gone. Put the file back, restore a backup, or forget the account with "
        f"`botmeter doctor --accept --account {name}`.",
    )


@contextmanager
def served(folder: Path, *, wait_seconds: float) -> Iterator[None]:
    """Reserve the data folder for a server during the `with`; raise as `locked`."""
    with locked(folder, SERVER_LOCK, purpose=_SERVER, wait_seconds=wait_seconds, for_server=True):
        # Refuse the folder of a command that began earlier; one that begins now sees the reservation.
        with locked(folder, LOCK, purpose=_SERVER, wait_seconds=wait_seconds, for_server=True):
            pass
        yield


@contextmanager
def locked(folder: Path, name: str, *, purpose: str, wait_seconds: float, for_server: bool = False) -> Iterator[None]:
    """Hold a lock of the data folder during the `with`; create the folder if needed.

    Args:
        purpose: For messages, such as `botmeter import`.
        wait_seconds: Wait for another process.
        for_server: Take it although a server has reserved the folder.

    Raises:
        Unavailable: `ledger_in_use`, `server_restarting`.
        NotAllowed: `folder_not_writable`.
    """
    try:
        make_private(folder)
        lock = os.open(folder / name, os.O_RDWR | os.O_CREAT, FILE_MODE)
    except OSError as problem:
        raise NotAllowed(
            "folder_not_writable", f"The data folder {folder} can't be used: {problem.strerror}."
        ) from None
    try:
        end = time.monotonic() + wait_seconds
        while not _acquires_lock(lock, folder, for_server=for_server):
            if time.monotonic() >= end:
                raise _refusal(lock, folder, for_server=for_server)
            # The system has no way to wait for a lock with a time limit.
            time.sleep(_LOCK_POLL_SECONDS)
        # Only people read it, and a full disk must not prevent reading the ledgers.
        with suppress(OSError):
            # In this order: the other one gives a block back that a full disk may not give again.
            os.ftruncate(lock, os.pwrite(lock, f"{os.getpid()} {purpose}".encode(), 0))
        yield
    finally:
        os.close(lock)


def _acquires_lock(lock: int, folder: Path, *, for_server: bool) -> bool:
    if not _try_exclusive(lock):
        return False
    # In this order, and a server's in the reverse one: of a command and a server that start, one sees the other.
    if for_server or not is_served(folder):
        return True
    fcntl.flock(lock, fcntl.LOCK_UN)
    return False


def _refusal(lock: int, folder: Path, *, for_server: bool) -> Unavailable:
    if not for_server and _try_exclusive(lock):
        return Unavailable(
            "server_restarting", f"The server of data folder {folder} is starting. Try again in a minute."
        )
    process, _, purpose = os.pread(lock, 200, 0).decode(errors="replace").partition(" ")
    return Unavailable(
        "ledger_in_use",
        f"The data folder {folder} is in use by process {process or '?'} ({purpose or 'another command'}). "
        "Wait for it to finish, or end it.",
    )


def _try_exclusive(lock: int) -> bool:
    while not _try_lock(lock, mode=fcntl.LOCK_EX):
        # A check of the lock shares it for an instant; an owner does not.
        if not _try_lock(lock, mode=fcntl.LOCK_SH):
            return False
        fcntl.flock(lock, fcntl.LOCK_UN)
        time.sleep(_CHECK_POLL_SECONDS)
    return True


def _try_lock(lock: int, *, mode: int) -> bool:
    try:
        fcntl.flock(lock, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_free(folder: Path) -> bool:
    """Check that no process owns or has reserved the data folder."""
    return not is_served(folder) and _is_unlocked(folder / LOCK)


def is_served(folder: Path) -> bool:
    """Check whether a server has reserved the data folder."""
    return not _is_unlocked(folder / SERVER_LOCK)


def _is_unlocked(file: Path) -> bool:
    try:
        lock = os.open(file, os.O_RDWR)
    except OSError:
        return True
    try:
        # Shared, so that two commands that check at once don't disturb each other.
        return _try_lock(lock, mode=fcntl.LOCK_SH)
    finally:
        os.close(lock)


def make_private(folder: Path) -> None:
    """Create the folder, and withdraw others' access to own files, which earlier versions left."""
    private_folder(folder)
    private_folder(folder / ACCOUNTS)
    for path in readable_by_others(_own_paths(folder)):
        # Another user's file is not ours to change; `botmeter doctor` names it.
        with suppress(OSError):
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)


def readable_by_others(paths: Iterator[Path]) -> Iterator[Path]:
    """Paths to which other users have access."""
    for path in paths:
        with suppress(FileNotFoundError):
            if path.stat().st_mode & _OTHERS:
                yield path


def _own_paths(folder: Path) -> Iterator[Path]:
    for name in _FOLDERS:
        yield folder / name
        yield from (folder / name).rglob("*")
    yield from (folder / name for name in _FILES)
