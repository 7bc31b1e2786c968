"""Backup of an account to a tar archive (ledger, and manifest with checksum and counts), and restore."""

import hashlib
import io
import os
import tarfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import duckdb
import msgspec

from botmeter.domain.account import checked_account_name
from botmeter.domain.durable_files import FILE_MODE, durable_file, is_disk_full
from botmeter.domain.errors import Conflict, Missing, NotAllowed, Refused, Unavailable
from botmeter.ledger.complete_read import read_everything
from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.duckdb_settings import checkpoint
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import failure
from botmeter.ledger.ledger_files import connected, is_writable, new_ledger_draft, replace_ledger, unlink_ledger
from botmeter.ledger.marks import Commit, replacing, stored_commit
from botmeter.ledger.statements import statements_of
from botmeter.ledger.tables import SCHEMA_VERSION, schema_version

sql = statements_of(__name__)

_LEDGER, _MANIFEST = "ledger.duckdb", "manifest.json"
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSummary:
    """Contents of a backup, as in its manifest."""

    account: str
    schema_version: int
    event_count: int
    session_count: int
    sha256: str
    size_bytes: int


def backup(folder: Folder, name: str, *, path: Path) -> BackupSummary:
    """Back up an account to `path`; the file appears only when complete.

    Raises:
        Conflict: `backup_exists`; a backup is never overwritten.
        NotAllowed: `backup_not_writable`.
        Unavailable: `disk_full` or `ledger_corrupt`.
    """
    if path.exists():
        raise _exists(path)
    # Nothing may write to the file while it is copied.
    with folder.exclusively(name) as direct:
        summary = _summary(direct, name)
        _archive(folder.file_of(name), summary, path=path)
    return summary


def _exists(path: Path) -> Conflict:
    return Conflict("backup_exists", f"The file {path} already exists. Give the backup another name.")


def _summary(folder: Folder, name: str) -> BackupSummary:
    file = folder.file_of(name)
    is_read_only = file.exists() and not is_writable(file)
    opened = folder.reading(name) if is_read_only else folder.ledger(name)
    with opened as ledger:
        if not is_read_only:
            checkpoint(ledger.connection)
        # A backup of a damaged ledger would replace a good one among those that are kept.
        read_everything(ledger.connection)
        events, sessions = row_of(ledger.connection, sql("content_counts"))
        version = schema_version(ledger.connection)
    return BackupSummary(
        account=checked_account_name(name),
        schema_version=version,
        event_count=events,
        session_count=sessions,
        sha256=_sha256(file),
        size_bytes=file.stat().st_size,
    )


def _archive(file: Path, summary: BackupSummary, *, path: Path) -> None:
    try:
        with durable_file(path, is_new=True) as out, tarfile.open(fileobj=out, mode="w") as archive:
            manifest = msgspec.json.format(msgspec.json.encode(summary))
            entry = tarfile.TarInfo(_MANIFEST)
            entry.size = len(manifest)
            archive.addfile(entry, io.BytesIO(manifest))
            archive.add(file, _LEDGER)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as problem:
        if is_disk_full(problem):
            raise Unavailable("disk_full", f"The disk is full; no backup was written to {path}.") from None
        raise NotAllowed("backup_not_writable", f"The backup can't be written to {path}: {problem.strerror}.") from None


def restore(folder: Folder, path: Path, *, name: str | None = None, replace: bool = False) -> BackupSummary:
    """Restore an account, by default under its own name, after checking the backup.

    Raises:
        Missing: `file_unknown`.
        Refused: `backup_invalid`.
        NotAllowed: `backup_not_readable`.
        Unavailable: `disk_full` or `ledger_newer`.
        Conflict: `account_exists` unless `replace`.
    """
    if not path.is_file():
        raise Missing("file_unknown", f"No backup at {path}.")
    with folder.drafting():
        return _restore(folder, path, name=name, replace=replace)


def _restore(folder: Folder, path: Path, *, name: str | None, replace: bool) -> BackupSummary:
    draft = new_ledger_draft(folder.path)
    try:
        summary = _unpack(path, draft)
        target = folder.file_of(name or summary.account)
        if target.exists() and not replace:
            raise Conflict(
                "account_exists", f"Account {target.stem} already exists. Restore to another name, or replace it."
            )
        commit = _check(draft, summary, folder=folder, path=path, name=target.stem)
        with folder.exclusively(target.stem), replacing(folder.path, target.stem, commit=commit):
            _replace_target(draft, target, folder=folder, path=path)
    finally:
        unlink_ledger(draft)
    return summary


def _replace_target(draft: Path, target: Path, *, folder: Folder, path: Path) -> None:
    try:
        replace_ledger(draft, target, folder=folder.path)
    except OSError as problem:
        if is_disk_full(problem):
            raise _nothing_restored(path) from None
        raise NotAllowed(
            "folder_not_writable", f"The data folder {folder.path} can't be used: {problem.strerror}."
        ) from None


def _nothing_restored(path: Path) -> Unavailable:
    return Unavailable("disk_full", f"The disk is full; nothing was restored from {path}.")


def _unpack(path: Path, draft: Path) -> BackupSummary:
    try:
        with tarfile.open(path, "r:") as archive:
            manifest, ledger = _member(archive, _MANIFEST), _member(archive, _LEDGER)
            summary = msgspec.json.decode(manifest.read(), type=BackupSummary)
            with open(draft, "xb", opener=_opened_privately) as out:
                while chunk := ledger.read(_CHUNK_BYTES):
                    out.write(chunk)
    except (tarfile.TarError, KeyError, EOFError, msgspec.MsgspecError):
        raise Refused("backup_invalid", f"{path} is not a complete backup of Botmeter.") from None
    except OSError as problem:
        if is_disk_full(problem):
            raise _nothing_restored(path) from None
        raise NotAllowed("backup_not_readable", f"The backup {path} can't be read: {problem.strerror}.") from None
    if _sha256(draft) != summary.sha256:
        raise Refused("backup_invalid", f"The backup {path} is damaged: its checksum differs from its manifest.")
    return summary


def _opened_privately(path: str, flags: int) -> int:
    return os.open(path, flags, FILE_MODE)


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    member = archive.extractfile(name)
    if member is None:
        raise KeyError(name)
    return member


def _check(draft: Path, summary: BackupSummary, *, folder: Folder, path: Path, name: str) -> Commit:
    if summary.schema_version > SCHEMA_VERSION:
        raise Unavailable(
            "ledger_newer",
            f"The backup {path} has version {summary.schema_version}; "
            f"this Botmeter reads versions up to {SCHEMA_VERSION}.",
        )
    try:
        with closing(connected(draft, folder=folder.path)) as connection:
            account = row_of(connection, sql("account_name"))[0]
            counts = row_of(connection, sql("content_counts"))
            if name != account:
                connection.execute(sql("rename_account"), {"name": name})
            commit = stored_commit(connection)
    except duckdb.Error as problem:
        if failure(problem).code == "disk_full":
            raise _nothing_restored(path) from None
        raise Refused("backup_invalid", f"The backup {path} holds no readable ledger: {problem}") from None
    if account != summary.account:
        raise Refused(
            "backup_invalid", f"The backup {path} holds account {account}, but its manifest names {summary.account}."
        )
    if counts != (summary.event_count, summary.session_count):
        raise Refused("backup_invalid", f"The backup {path} has other event and session counts than its manifest.")
    return commit


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
