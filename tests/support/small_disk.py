"""A small file system in a file, which tests fill to its last byte."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

_BALLAST = "ballast"
_SIZE_BYTES = 160 << 20


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount it at `disk` in the folder during the `with`; skip the test without the right to mount."""
    image, mounted = folder / "disk.img", folder / "disk"
    mounted.mkdir()
    with image.open("wb") as file:
        file.truncate(_SIZE_BYTES)
    made = [["mkfs.ext4", "-q", "-m", "0", "-F", str(image)], ["mount", "-o", "loop", str(image), str(mounted)]]
    try:
        for command in made:
            subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as problem:
        pytest.skip(f"This machine does not let a test mount a file system: {problem}.")
    try:
        yield mounted
    finally:
        subprocess.run(["umount", "--lazy", str(mounted)], check=True)


def fill(disk: Path) -> None:
    """Leave no room, not even for one byte."""
    with (disk / _BALLAST).open("ab", buffering=0) as ballast:
        for piece_bytes in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    os.write(ballast.fileno(), bytes(piece_bytes))
        with suppress(OSError):
            os.fsync(ballast.fileno())


def make_room(disk: Path) -> None:
    (disk / _BALLAST).unlink()
