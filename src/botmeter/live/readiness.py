"""Readiness of the disk."""

import os
from pathlib import Path
from typing import Final

FREE_BYTES_MIN: Final = 100_000_000
"""Room for a while of live events; with less the next commits fail."""


def disk_problem(folder: Path) -> str | None:
    """Sentence on a full or unreadable disk."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return "The data folder can't be read."
    free_bytes = disk.f_bavail * disk.f_frsize
    if free_bytes >= FREE_BYTES_MIN:
        return None
    return (
        f"The disk of the data folder has {free_bytes // 1_000_000} MB left; {FREE_BYTES_MIN // 1_000_000} MB is the "
        "minimum."
    )
