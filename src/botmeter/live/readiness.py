"""Whether the server can take requests: what must hold for it, asked whenever somebody asks.

The ledgers, the people's database and the disk are asked by `web/pages/health`; whoever has another reason not to be
sent requests (a full queue) adds it here.
"""

import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Final

FREE_BYTES_MIN: Final = 100_000_000
"""Room for a while of live events; below it the next commits fail."""

Check = Callable[[], str | None]
"""Gives None while all is well, else a sentence that says what is not."""

_checks: dict[str, Check] = {}
_lock: Final = Lock()
_stopping: Final = "stopping"


def add(name: str, check: Check) -> None:
    """From now on `check` is asked too; another of the same name is asked no longer."""
    with _lock:
        _checks[name] = check


def remove(name: str) -> None:
    """The check of this name is asked no longer."""
    with _lock:
        _checks.pop(name, None)


def stopping() -> None:
    """From now on the server is not ready: it answers what it has begun, and then ends."""
    add(_stopping, lambda: "The server is stopping.")


def problem() -> str | None:
    """The first thing that is not well, as a sentence; None: all is."""
    with _lock:
        asked = list(_checks.values())
    return next((said for check in asked if (said := check())), None)


def disk_problem(folder: Path) -> str | None:
    """What is said where the disk of `folder` is nearly full."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return "The data folder can't be reached."
    free_bytes = disk.f_bavail * disk.f_frsize
    if free_bytes >= FREE_BYTES_MIN:
        return None
    return (
        f"The disk of the data folder has {free_bytes // 1_000_000} MB left; the least is "
        f"{FREE_BYTES_MIN // 1_000_000} MB."
    )
