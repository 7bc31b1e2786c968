"""Uploaded files that wait to be imported, and vendors' bills: in the data folder, by account, for a day."""

import json
import os
import re
import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal

from botmeter.domain.display_name import without_unfit_characters
from botmeter.domain.durable_files import FILE_MODE, is_disk_full, private_folder, replace_durably
from botmeter.domain.errors import BotmeterError, Missing, TooMuch, Unavailable
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, now_us
from botmeter.ledger.folder_files import UPLOADS_FOLDER

KEPT_SECONDS: Final = 86_400
"""Long enough for a mapping that somebody else has to look at tomorrow."""
Purpose = Literal["import", "bill"]
_DRAFT, _FACTS = ".part", ".json"
_NUMBER: Final = re.compile(r"[0-9a-f]{16}")
_ENDS: Final[dict[Purpose, str]] = {"import": "imported", "bill": "removed"}
_WAYS_OUT: Final[dict[Purpose, str]] = {"import": "Import or remove", "bill": "Remove"}
_FORM_BYTES_MAX: Final = 64 << 10
"""Of the form around a file."""
_NAME_LENGTH_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadLimits:
    """Limits of a server's uploaded files.

    Attributes:
        waiting_by_account_max: Of each purpose.
        waiting_max: Of all accounts: at most 40 GiB.
        receiving_max: Each holds a thread.
        free_bytes_min: Left on the disk for events.
    """

    bytes_max: int = 1 << 30
    waiting_by_account_max: int = 5
    waiting_max: int = 40
    receiving_max: int = 4
    receiving_by_account_max: int = 2
    free_bytes_min: int = 512 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A complete file.

    Attributes:
        number: Unguessable, part of its address.
        by: Email address.
    """

    number: str
    account: str
    file_name: str
    size_bytes: int
    by: str
    at_us: int
    path: Path
    purpose: Purpose = "import"


class UploadDraft:
    """A file that is being received."""

    def __init__(self, file: BinaryIO, *, path: Path, announced_bytes: int, bytes_max: int) -> None:
        self._file = file
        self._bytes_max = bytes_max
        self.path = path
        self.announced_bytes = announced_bytes
        self.size_bytes = 0

    def write(self, data: bytes) -> None:
        """Append; raises TooMuch `upload_too_large`, Unavailable `disk_full`."""
        if self.size_bytes + len(data) > self._bytes_max:
            raise too_large(self.size_bytes + len(data), bytes_max=self._bytes_max)
        left = memoryview(data)
        try:
            # A disk that is nearly full takes a part.
            while left:
                left = left[self._file.write(left) :]
        except OSError as problem:
            raise _disk_error(problem) from problem
        self.size_bytes += len(data)


class Uploads:
    """Files of a server; thread-safe."""

    def __init__(self, data_dir: Path, *, limits: UploadLimits | None = None) -> None:
        self.limits = limits or UploadLimits()
        self._folder = data_dir / UPLOADS_FOLDER
        self._lock = threading.Lock()
        self._receiving: dict[UploadDraft, str] = {}

    def of_account(self, account: str, *, purpose: Purpose = "import") -> list[Upload]:
        """List complete files, newest first."""
        found = (self._read(account, facts.stem) for facts in self._of(account).glob(f"*{_FACTS}"))
        kept = (each for each in found if each is not None and each.purpose == purpose)
        return sorted(kept, key=lambda each: (-each.at_us, each.number))

    def numbered(self, account: str, number: str, *, purpose: Purpose = "import") -> Upload:
        """Return a file; raises Missing `upload_unknown`."""
        upload = self._read(account, number) if _NUMBER.fullmatch(number) else None
        if upload is None or upload.purpose != purpose:
            raise Missing(
                "upload_unknown",
                f"Account {account} has no such uploaded file. It was imported, removed, or uploaded more than "
                f"{KEPT_SECONDS // 3_600} hours ago. Upload it again.",
            )
        return upload

    @contextmanager
    def receiving(self, account: str, *, announced_bytes: int, purpose: Purpose = "import") -> Iterator[UploadDraft]:
        """Open a draft, which is removed at the end of the `with` without `keep`.

        Raises:
            TooMuch: `upload_too_large`, `uploads_too_many`.
            Unavailable: `uploads_busy`, `disk_full`.
        """
        bytes_max = self.limits.bytes_max
        if announced_bytes > bytes_max + _FORM_BYTES_MAX:
            raise too_large(announced_bytes, bytes_max=bytes_max)
        number = secrets.token_hex(8)
        try:
            path = private_folder(self._of(account)) / f"{number}{_DRAFT}"
            file = _private_file(path)
        except OSError as problem:
            raise _disk_error(problem) from problem
        draft = UploadDraft(file, path=path, announced_bytes=announced_bytes, bytes_max=bytes_max)
        try:
            self._reserve(account, draft, purpose=purpose)
            yield draft
        finally:
            with self._lock:
                self._receiving.pop(draft, None)
            file.close()
            path.unlink(missing_ok=True)

    def keep(self, account: str, draft: UploadDraft, *, file_name: str, by: str, purpose: Purpose = "import") -> Upload:
        """Keep a complete draft; raises Unavailable `disk_full`."""
        path = draft.path.with_suffix("")
        name = without_unfit_characters(file_name)[-_NAME_LENGTH_MAX:] or "file"
        facts = {"file_name": name, "by": by, "at_us": now_us(), "purpose": purpose}
        try:
            replace_durably(draft.path, path)
            with _private_file(path.with_suffix(_FACTS)) as file:
                file.write(json.dumps(facts).encode())
        except OSError as problem:
            path.unlink(missing_ok=True)
            raise _disk_error(problem) from problem
        return self.numbered(account, path.name, purpose=purpose)

    def remove(self, upload: Upload) -> None:
        """Remove a file, with its results."""
        for path in (*upload.path.parent.glob(f"{upload.number}.*"), upload.path):
            path.unlink(missing_ok=True)

    def remove_drafts(self) -> None:
        for path in self._folder.glob(f"*/*{_DRAFT}"):
            path.unlink(missing_ok=True)

    def remove_abandoned(self, *, kept_seconds: float = KEPT_SECONDS) -> None:
        oldest = now_us() / MICROSECONDS_PER_SECOND - kept_seconds
        for path in self._folder.glob("*/*"):
            with suppress(FileNotFoundError):
                if path.suffix != _DRAFT and path.stat().st_mtime < oldest:
                    path.unlink()

    def _reserve(self, account: str, draft: UploadDraft, *, purpose: Purpose) -> None:
        limits = self.limits
        with self._lock:
            receiving_count, own_count = len(self._receiving), Counter(self._receiving.values())[account]
            if receiving_count >= limits.receiving_max or own_count >= limits.receiving_by_account_max:
                raise Unavailable(
                    "uploads_busy",
                    f"{receiving_count} files are being uploaded, {own_count} of them to account {account}; the limits "
                    f"are {limits.receiving_max} and {limits.receiving_by_account_max}. Try again in a moment.",
                )
            waiting_count = len(self.of_account(account, purpose=purpose)) + own_count
            if waiting_count >= limits.waiting_by_account_max:
                raise TooMuch(
                    "uploads_too_many",
                    f"Account {account} has {waiting_count} uploaded files that were not {_ENDS[purpose]}; the limit "
                    f"is {limits.waiting_by_account_max}. {_WAYS_OUT[purpose]} one of them.",
                )
            if len(list(self._folder.glob(f"*/*{_FACTS}"))) + receiving_count >= limits.waiting_max:
                raise Unavailable(
                    "uploads_busy",
                    f"{limits.waiting_max} uploaded files wait to be imported on this server, the maximum. They are "
                    "removed within a day; try again later.",
                )
            self._check_disk(draft.announced_bytes)
            self._receiving[draft] = account

    def _check_disk(self, announced_bytes: int) -> None:
        disk = os.statvfs(self._folder)
        expected_bytes = sum(each.announced_bytes - each.size_bytes for each in self._receiving)
        room_bytes = disk.f_bavail * disk.f_frsize - self.limits.free_bytes_min - expected_bytes
        if announced_bytes > room_bytes:
            raise Unavailable(
                "disk_full",
                f"The disk of the server has room for files of {max(0, room_bytes):,} bytes, and this one has "
                f"{announced_bytes:,}. Make room and try again.",
            )

    def _of(self, account: str) -> Path:
        return self._folder / account

    def _read(self, account: str, number: str) -> Upload | None:
        path = self._of(account) / number
        with suppress(FileNotFoundError, ValueError):
            facts = json.loads(path.with_suffix(_FACTS).read_text(encoding="utf-8"))
            size_bytes = path.stat().st_size
            return Upload(number=number, account=account, size_bytes=size_bytes, path=path, **facts)
        return None


def too_large(size_bytes: int, *, bytes_max: int) -> TooMuch:
    """Return the error."""
    return TooMuch(
        "upload_too_large",
        f"The file has at least {size_bytes:,} bytes; the limit of an upload is {bytes_max:,}. Compress it with gzip, "
        "split it, or import it on the server with `botmeter import`.",
    )


def _private_file(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb", buffering=0)


def _disk_error(problem: OSError) -> BotmeterError:
    if is_disk_full(problem):
        return Unavailable("disk_full", "The server's disk is full; the file was not kept. Make room and try again.")
    return Unavailable("uploads_unwritable", f"The server can't write uploaded files: {problem.strerror}.")
