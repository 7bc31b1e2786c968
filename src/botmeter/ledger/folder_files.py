"""Files of a data folder: accounts, and the owner's lock.

Loads no DuckDB, so that commands and completion start fast.
"""

import fcntl
import os
from pathlib import Path

from botmeter.domain.account import checked_account_name
from botmeter.domain.errors import Missing

SUFFIX = ".duckdb"
LOCK = "owner.lock"


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


def try_lock(lock: int) -> bool:
    """Lock an open file; False if another process has locked it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_free(folder: Path) -> bool:
    """Check that no process owns the data folder, which may be missing."""
    try:
        lock = os.open(folder / LOCK, os.O_RDWR)
    except OSError:
        return True
    try:
        return try_lock(lock)
    finally:
        os.close(lock)
