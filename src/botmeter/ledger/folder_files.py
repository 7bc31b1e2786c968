"""Files of a data folder: accounts, and the owner's lock.

Loads no DuckDB, so that commands and completion start fast.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from botmeter.domain.account import checked_account_name
from botmeter.domain.errors import Missing, NotAllowed, Unavailable

SUFFIX = ".duckdb"
LOCK = "owner.lock"
# Locked by the process that supervises a server, also while its worker, which owns the folder, restarts.
SERVER_LOCK = "server.lock"
_SERVER = "botmeter serve"
_LOCK_POLL_SECONDS = 0.05


def account_names(folder: Path) -> list[str]:
    """Return the accounts in order, without opening or locking anything."""
    return sorted(file.name.removesuffix(SUFFIX) for file in (folder / "accounts").glob(f"*{SUFFIX}"))


def account_file(folder: Path, name: str) -> Path:
    """Return the path of an account's ledger, which may be missing."""
    return folder / "accounts" / f"{checked_account_name(name)}{SUFFIX}"


def known_account(folder: Path, name: str) -> str:
    """Return the name of an existing account in lower case; raises Missing `account_unknown`."""
    checked = checked_account_name(name)
    if not account_file(folder, name).exists():
        known = ", ".join(account_names(folder)) or "none"
        raise Missing("account_unknown", f"Unknown account {checked} in {folder}. Accounts: {known}.")
    return checked


@contextmanager
def served(folder: Path, *, wait_seconds: float) -> Iterator[None]:
    """Reserve the data folder for a server and its workers until the `with` ends; raise as `locked`."""
    with locked(folder, SERVER_LOCK, purpose=_SERVER, wait_seconds=wait_seconds, for_server=True):
        # Refuse the folder of a command that began earlier; one that begins now sees the reservation.
        with locked(folder, LOCK, purpose=_SERVER, wait_seconds=wait_seconds, for_server=True):
            pass
        yield


@contextmanager
def locked(folder: Path, name: str, *, purpose: str, wait_seconds: float, for_server: bool = False) -> Iterator[None]:
    """Hold a lock of the data folder during the `with`, and write into it who does; create the folder if needed.

    Args:
        purpose: For messages, such as `botmeter import`.
        wait_seconds: Wait for another process.
        for_server: Take it although a server has reserved the folder.

    Raises:
        Unavailable: `ledger_in_use`, `server_restarting`.
        NotAllowed: `folder_not_writable`.
    """
    try:
        (folder / "accounts").mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise NotAllowed(
            "folder_not_writable", f"The data folder {folder} can't be used: {problem.strerror}."
        ) from None
    try:
        end = time.monotonic() + wait_seconds
        while not _is_taken(lock, folder, for_server=for_server):
            if time.monotonic() >= end:
                raise _refusal(lock, folder, for_server=for_server)
            # The system has no way to wait for a lock with a time limit.
            time.sleep(_LOCK_POLL_SECONDS)
        # Only people read it, and a full disk must not prevent reading the ledgers.
        with suppress(OSError):
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()} {purpose}".encode(), 0)
        yield
    finally:
        os.close(lock)


def _is_taken(lock: int, folder: Path, *, for_server: bool) -> bool:
    if not _try_lock(lock):
        return False
    # In this order, and a server's in the reverse one: of a command and a server that start, one sees the other.
    if for_server or not is_served(folder):
        return True
    fcntl.flock(lock, fcntl.LOCK_UN)
    return False


def _refusal(lock: int, folder: Path, *, for_server: bool) -> Unavailable:
    if not for_server and _try_lock(lock):
        return Unavailable(
            "server_restarting", f"The server of data folder {folder} is starting. Try again in a minute."
        )
    process, _, purpose = os.pread(lock, 200, 0).decode(errors="replace").partition(" ")
    return Unavailable(
        "ledger_in_use",
        f"The data folder {folder} is in use by process {process or '?'} ({purpose or 'another command'}). "
        "Wait for it to finish, or end it.",
    )


def _try_lock(lock: int, *, mode: int = fcntl.LOCK_EX) -> bool:
    """Lock an open file; False if another process has locked it."""
    try:
        fcntl.flock(lock, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_free(folder: Path) -> bool:
    """Check that no process owns the data folder, which may be missing, and no server has reserved it."""
    return not is_served(folder) and _is_unlocked(folder / LOCK)


def is_served(folder: Path) -> bool:
    """Check whether a server has reserved the data folder, even while its worker restarts."""
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
