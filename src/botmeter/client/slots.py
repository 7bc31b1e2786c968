"""Slots of a spill folder, each locked by one process."""

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SUFFIX = ".ndjson"
SLOTS_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Folder in which only this process writes; `lock` is a file descriptor."""

    folder: Path
    lock: int

    def release(self) -> None:
        with suppress(OSError):
            os.close(self.lock)


def claim_slot(root: Path) -> Slot:
    """Claim a free slot and the events of ended processes; raises `OSError`."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in range(1, SLOTS_MAX + 1):
        slot = _lock(root / f"slot-{number:03d}")
        if slot is not None:
            # Events that can't be moved stay for the next start.
            with suppress(OSError):
                _take_over(root, slot)
            return slot
    raise OSError(f"all {SLOTS_MAX} slots are in use")


def segment_paths(folder: Path) -> list[Path]:
    """Event files, oldest first."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if path.stem.isdigit())


def segment_path(folder: Path, number: int) -> Path:
    """Path; names sort by number."""
    return folder / f"{number:012d}{SUFFIX}"


def next_number(paths: list[Path]) -> int:
    """Number above the newest path's."""
    return int(paths[-1].stem) + 1 if paths else 1


def _lock(folder: Path) -> Slot | None:
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    except OSError:
        os.close(lock)
        raise
    return Slot(folder=folder, lock=lock)


def _take_over(root: Path, own: Slot) -> None:
    number = next_number(segment_paths(own.folder))
    for folder in sorted(root.glob("slot-*")):
        # Most are empty, which needs no lock to see.
        other = _lock(folder) if folder != own.folder and segment_paths(folder) else None
        if other is None:
            continue
        for path in segment_paths(folder):
            path.rename(segment_path(own.folder, number))
            number += 1
        other.release()
