"""Private files that appear complete or not at all, and survive a power cut.

Drafts and folders of temporary files are locked, so that those of killed processes can be removed.
"""

import atexit
import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from typing import BinaryIO, Final

from botmeter.domain.errors import Unavailable

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
UMASK: Final = 0o077
"""Set by all processes of Botmeter, for files that libraries create. Programs that import the client keep their own."""
DRAFTS: Final = ".botmeter-*.draft"
"""Pattern of the names of drafts, which no other file has."""

_DISK_FULL: Final = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})
# File systems without hard links, or without a way to flush a folder.
_UNSUPPORTED: Final = frozenset({errno.EPERM, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})


def is_disk_full(problem: OSError) -> bool:
    """Test for a full disk or quota, or a file of the largest size."""
    return problem.errno in _DISK_FULL


def disk_full_error(problem: BaseException) -> Unavailable | None:
    """`disk_full` for a full disk, else None."""
    if isinstance(problem, OSError) and is_disk_full(problem):
        return Unavailable("disk_full", "The disk is full. Make room and try again.")
    return None


def private_folder(path: Path) -> Path:
    """Create a missing folder, readable by its owner alone."""
    path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    return path


@contextmanager
def durable_file(target: Path, *, is_new: bool = False) -> Iterator[BinaryIO]:
    """Open a draft that takes the target's place when the `with` succeeds; raises `OSError`.

    A replaced file keeps its mode; a new one is readable by its owner alone.

    Args:
        is_new: Raise `FileExistsError` rather than replace a file.
    """
    if target.exists() and not target.is_file():
        # A pipe or device, such as /dev/stdout, can be written to and not replaced.
        with target.open("wb") as file:
            yield file
        return
    remove_drafts(target.parent)
    draft, descriptor = _locked_draft(target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            with suppress(FileNotFoundError):
                os.fchmod(descriptor, stat.S_IMODE(target.stat().st_mode))
            os.fsync(descriptor)
            if is_new:
                _link(draft, target)
            else:
                draft.replace(target)
        sync_folder(target.parent)
    finally:
        with suppress(OSError):
            draft.unlink()


def replace_durably(draft: Path, target: Path) -> None:
    """Put a closed file in the target's place; raises `OSError`."""
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Flush the folder's entries to disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as problem:
        if problem.errno not in _UNSUPPORTED:
            raise
    finally:
        os.close(descriptor)


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Keep other processes that lock the folder waiting; some file systems lock none."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def remove_drafts(folder: Path) -> None:
    """Remove drafts of killed processes."""
    for draft in folder.glob(DRAFTS):
        with suppress(OSError):
            descriptor = os.open(draft, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                draft.unlink()
            finally:
                os.close(descriptor)


def temporary_folder(prefix: str) -> Path:
    """Create a folder of temporary files that is removed with its process; remove those of killed ones."""
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        _remove_unlocked(folder)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix))
        # Another process can remove it before it is locked.
        with suppress(FileNotFoundError):
            # Open, and so locked, until the process ends.
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(descriptor), folder.stat()):
                atexit.register(rmtree, folder, ignore_errors=True)
                return folder


def _remove_unlocked(folder: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            # Not of another user, even for the superuser.
            if os.fstat(descriptor).st_uid == os.geteuid():
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                rmtree(folder, ignore_errors=True)
        finally:
            os.close(descriptor)


def _locked_draft(folder: Path) -> tuple[Path, int]:
    while True:
        draft = folder / DRAFTS.replace("*", os.urandom(8).hex())
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, FILE_MODE)
        # Some network file systems have no locks.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Another writer can have removed it before it was locked.
        if os.fstat(descriptor).st_nlink:
            return draft, descriptor
        os.close(descriptor)


def _link(draft: Path, target: Path) -> None:
    try:
        os.link(draft, target)
    except OSError as problem:
        if problem.errno not in _UNSUPPORTED:
            raise
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        draft.replace(target)
