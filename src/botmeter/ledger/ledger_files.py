"""Files of one ledger: connection, replacement, and what killed processes left."""

import glob
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import duckdb

from botmeter.domain.durable_files import FILE_MODE, remove_drafts, replace_durably
from botmeter.domain.errors import Unavailable
from botmeter.domain.settings import Settings
from botmeter.ledger.duckdb_settings import keep_log_on_close
from botmeter.ledger.folder_files import ACCOUNTS, SOCKET_DRAFTS, TEMPORARY

# The owner's own drafts and DuckDB's temporary files; earlier versions made folders for sockets, and drafts of the key.
_LEFTOVERS = (f"{ACCOUNTS}/*.draft", f"{ACCOUNTS}/*.draft.*", TEMPORARY, SOCKET_DRAFTS, ".secret.key.*")

_THREADS_MAX = 8
"""Of each open ledger, on machines with more cores: dozens of ledgers are open."""


def connected(file: Path, *, folder: Path, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Connect without network or extensions."""
    many_cores = {"threads": str(_THREADS_MAX)} if len(os.sched_getaffinity(0)) > _THREADS_MAX else {}
    return duckdb.connect(
        str(file),
        read_only=read_only,
        config={
            "memory_limit": Settings.from_environment().memory_limit,
            "temp_directory": str(folder / TEMPORARY),
            # DuckDB reads only other formats with them, and would start eight for each ledger.
            "async_threads": "0",
            **many_cores,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )


def keep_log(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep the log when closing: moving it into the file would discard what is left of a cut log."""
    with suppress(duckdb.Error):
        keep_log_on_close(connection)


def is_writable(file: Path) -> bool:
    """Test the mode, even for the superuser."""
    return os.access(file, os.W_OK) and bool(file.stat().st_mode & 0o222)


def logs_of(file: Path) -> Iterator[Path]:
    """Write-ahead logs beside a ledger."""
    return file.parent.glob(f"{glob.escape(file.name)}.*")


def unlink_ledger(file: Path) -> None:
    """Delete a ledger and its log."""
    for log in logs_of(file):
        log.unlink(missing_ok=True)
    file.unlink(missing_ok=True)


def new_ledger_draft(folder: Path) -> Path:
    """Unique path for a new ledger."""
    # Not as `durable_file` names its drafts: it would remove this one, which DuckDB locks in another way.
    return folder / ACCOUNTS / f"{secrets.token_hex(8)}.draft"


def replace_ledger(draft: Path, file: Path, *, folder: Path) -> None:
    """Put a closed draft in the place of a closed ledger or of none.

    Raises:
        Unavailable: `disk_full` if the draft's last rows did not get into its file.
        OSError: The file system refuses it.
    """
    if any(logs_of(draft)):
        raise Unavailable("disk_full", f"The disk is full; the ledger {file} was not changed.")
    draft.chmod(FILE_MODE)
    if file.exists() and any(logs_of(file)):
        # Closing moves the log into the file; a crash before the replacement then loses nothing of it.
        with suppress(duckdb.Error, RuntimeError):
            connected(file, folder=folder).close()
    replace_durably(draft, file)
    # What is left is the log of a file that no longer opened, and DuckDB refuses it beside any other file.
    for log in logs_of(file):
        log.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Remove drafts and temporary files of killed processes from an owned folder."""
    remove_drafts(folder)
    for left in (path for pattern in _LEFTOVERS for path in folder.glob(pattern)):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            with suppress(OSError):
                left.unlink()
