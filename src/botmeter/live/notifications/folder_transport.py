"""Files into folders below the one that the operator names."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath
from typing import Final

from botmeter.domain.durable_files import FILE_MODE, FOLDER_MODE, is_disk_full
from botmeter.domain.settings import Settings
from botmeter.live.notifications.http_delivery import unusable
from botmeter.people.notifications.delivery import Answer, Attachment, FolderFiles, Outcome, Rendered
from botmeter.people.notifications.models import Notification

_NO_DIR: Final = "This server writes into no folder: its operator has not set BOTMETER_REPORT_DIR."
_OPENS_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ_AND_WRITE: Final = 0o666
# File systems without hard links.
_NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.EMLINK})
_NAMES_MAX: Final = 1_000
"""Files of one name that a folder keeps beside each other."""
_STEM_BYTES_MAX: Final = 200


def send_to_folder(notification: Notification, rendered: Rendered) -> Answer:
    """Write files into the account's folder for reports."""
    if not isinstance(rendered, FolderFiles):
        return Answer(outcome=Outcome.FAILED, text=f"{notification.topic} has no form for folders.")
    if (answer := unusable(notification)) is not None or (destination := notification.destination) is None:
        return answer or Answer(outcome=Outcome.FAILED)
    root = Settings.from_environment().report_dir
    if root is None:
        return Answer(outcome=Outcome.LATER, text=_NO_DIR)
    try:
        with _folder(os.fspath(root), PurePosixPath(notification.account, destination.folder)) as folder:
            names = [_written(folder, file) for file in rendered.files]
    except OSError as problem:
        return Answer(outcome=Outcome.LATER, text=_sentence(problem))
    return Answer(outcome=Outcome.HANDED_OVER, text=f"Written: {', '.join(names)}.")


@contextmanager
def _folder(root: str, below: PurePosixPath) -> Iterator[int]:
    """Open a folder, made if missing; no part below the root may be a symbolic link, which could lead out of it."""
    current = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in below.parts:
            outer, current = current, _inner_folder(current, part)
            os.close(outer)
        yield current
    finally:
        os.close(current)


def _inner_folder(outer: int, name: str) -> int:
    is_new = True
    try:
        os.mkdir(name, FOLDER_MODE, dir_fd=outer)
    except FileExistsError:
        is_new = False
    inner = os.open(name, _OPENS_FOLDER, dir_fd=outer)
    if is_new:
        os.fchmod(inner, _mode(outer))
    return inner


def _mode(folder: int) -> int:
    """Permissions of a folder, with its group: who may read it may read the reports."""
    return stat.S_IMODE(os.fstat(folder).st_mode) & (0o777 | stat.S_ISGID)


def _written(folder: int, file: Attachment) -> str:
    """Write a file, under a numbered name if another file has its own; return the name."""
    draft = f".botmeter-{os.urandom(8).hex()}.draft"
    try:
        with os.fdopen(os.open(draft, _NEW_FILE, FILE_MODE, dir_fd=folder), "wb") as opened:
            opened.write(file.content)
            opened.flush()
            os.fchmod(opened.fileno(), _mode(folder) & _READ_AND_WRITE)
            os.fsync(opened.fileno())
        for name in _names(file.name):
            # Written by an attempt after which the server was killed.
            if _has(folder, name, content=file.content):
                return name
            with suppress(FileExistsError):
                _take_name(folder, draft, name=name)
                return name
        raise FileExistsError(file.name)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(draft, dir_fd=folder)


def _take_name(folder: int, draft: str, *, name: str) -> None:
    """Give a draft its name; raises `FileExistsError`."""
    try:
        os.link(draft, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as problem:
        if problem.errno not in _NO_LINKS:
            raise
        # A reserved name, which the draft then replaces.
        os.close(os.open(name, _NEW_FILE, FILE_MODE, dir_fd=folder))
        os.replace(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)


def _names(name: str) -> Iterator[str]:
    # Without folders, and not hidden.
    stem, dot, suffix = name.replace("/", "-").replace("\0", "").lstrip(".").rpartition(".")
    stem, suffix = (stem, f".{suffix}") if dot else (suffix, "")
    stem = stem.encode()[:_STEM_BYTES_MAX].decode(errors="ignore") or "report"
    yield f"{stem}{suffix}"
    for number in range(2, _NAMES_MAX):
        yield f"{stem} ({number}){suffix}"


def _has(folder: int, name: str, *, content: bytes) -> bool:
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return False
    with os.fdopen(descriptor, "rb") as file:
        return os.fstat(descriptor).st_size == len(content) and file.read(len(content) + 1) == content


def _sentence(problem: OSError) -> str:
    if is_disk_full(problem):
        return "The disk of BOTMETER_REPORT_DIR is full. Make room."
    reason = problem.strerror or type(problem).__name__
    return (
        f"The file can't be written below BOTMETER_REPORT_DIR ({reason}). A part of the path may be a link or a file."
    )
