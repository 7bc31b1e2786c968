"""Marks: the last acknowledged commit of each ledger, in a small file outside it.

DuckDB opens a ledger whose write-ahead log was cut or lost without an error. So each acknowledged commit has a number
and an identifier in both. A right ledger has the mark's commit or the next one.
"""

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import duckdb
import msgspec

from botmeter.domain.durable_files import durable_file, is_disk_full, private_folder
from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import now_us, text_to_the_second
from botmeter.domain.text import count_text, counted
from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.folder_files import mark_file
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

# Two copies, written in turn, each in its own block of the file system: a torn write leaves the other one.
_SLOT_BYTES: Final = 4096
_SLOT_COUNT: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Acknowledged commit of a ledger; number 0 is the new file.

    Attributes:
        receipt_no: The last receipt up to it; 0: none.
    """

    number: int
    commit_id: str
    previous_id: str
    receipt_no: int

    def follows(self, other: "Commit") -> bool:
        """Test for the same commit, or the next."""
        if self.number == other.number:
            return self.commit_id == other.commit_id
        return self.number == other.number + 1 and self.previous_id == other.commit_id

    def next(self, *, receipt_no: int) -> "Commit":
        return Commit(number=self.number + 1, commit_id=uuid4().hex, previous_id=self.commit_id, receipt_no=receipt_no)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """Content of a mark; two commits while one file replaces another."""

    sequence: int
    written_us: int
    commits: tuple[Commit, ...]


class Mark:
    """Mark of an open ledger, shared by all writers of the file."""

    def __init__(self, folder: Path, name: str, *, last: Commit, is_due: bool) -> None:
        self._file = mark_file(folder, name)
        self._last: Commit | None = last
        self._is_due = is_due

    def begin(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Write an earlier commit that is not in the file yet.

        Raises:
            Unavailable: `mark_failed` or `disk_full`.
        """
        if self._last is None:
            # A commit that failed may be on disk all the same.
            self._last, self._is_due = stored_commit(connection), True
        if self._is_due:
            _write_or_refuse(self._file, (self._last,), consequence="Nothing was changed.")
            self._is_due = False

    def store_next(self, connection: duckdb.DuckDBPyConnection, *, receipt_no: int | None) -> Commit:
        """Number the transaction, which the caller commits."""
        last = stored_commit(connection) if self._last is None else self._last
        self._last = None
        following = last.next(receipt_no=max(last.receipt_no, receipt_no or 0))
        store_commit(connection, following)
        return following

    def record(self, commit: Commit) -> None:
        """Write a commit that is on disk.

        Raises:
            Unavailable: `mark_failed` or `disk_full`; the commit stays.
        """
        self._last, self._is_due = commit, True
        _write_or_refuse(
            self._file, (commit,), consequence="The change is stored. Try again; nothing is counted twice."
        )
        self._is_due = False


def checked_mark(connection: duckdb.DuckDBPyConnection, *, folder: Path, name: str) -> Mark:
    """Compare a ledger with its mark; the result's first `begin` starts or completes the mark.

    Raises:
        Unavailable: `ledger_behind`, `ledger_replaced` or `mark_damaged`.
    """
    record, last = _read(mark_file(folder, name), name=name), stored_commit(connection)
    if record is not None and not any(last.follows(commit) for commit in record.commits):
        raise _mismatch(name, last, record=record, since_us=row_of(connection, sql("last_receipt_at"))[0])
    return Mark(folder, name, last=last, is_due=record is None or record.commits != (last,))


def stored_commit(connection: duckdb.DuckDBPyConnection) -> Commit:
    """Last acknowledged commit in a ledger."""
    text, receipt_no = row_of(connection, sql("stored_commit"))
    if text is None:
        return Commit(number=0, commit_id="", previous_id="", receipt_no=receipt_no)
    return msgspec.json.decode(text, type=Commit)


def store_commit(connection: duckdb.DuckDBPyConnection, commit: Commit) -> None:
    """Store the commit in the ledger."""
    value = msgspec.json.encode(commit).decode()
    if not row_of(connection, sql("update_commit"), values={"value": value})[0]:
        connection.execute(sql("insert_commit"), {"value": value})


def first_commit() -> Commit:
    """Commit of a new file."""
    return Commit(number=0, commit_id=uuid4().hex, previous_id="", receipt_no=0)


def set_mark(folder: Path, name: str, *, commit: Commit) -> None:
    """Set the mark to the commit of the present file; raises `OSError`."""
    _write(mark_file(folder, name), (commit,))


def remove_mark(folder: Path, name: str) -> None:
    """Remove the mark, if any."""
    mark_file(folder, name).unlink(missing_ok=True)


@contextmanager
def replacing(folder: Path, name: str, *, commit: Commit) -> Iterator[None]:
    """Mark two files as right while one replaces the other during the `with`.

    Raises:
        Unavailable: `mark_failed` or `disk_full`.
    """
    file = mark_file(folder, name)
    # An unreadable one is replaced like the ledger.
    with suppress(Unavailable):
        before = _read(file, name=name)
        if before is not None:
            _write_or_refuse(file, (*before.commits[:1], commit), consequence="Nothing was replaced.")
    # After an error both stay right, as it does not say which file is there.
    yield
    _write_or_refuse(file, (commit,), consequence="The ledger was replaced.")


def _mismatch(name: str, last: Commit, *, record: _Record, since_us: int | None) -> Unavailable:
    expected = record.commits[0]
    advice = (
        f"Put the right file back, restore a backup, or accept the present file with `botmeter doctor --accept "
        f"--account {name}`."
    )
    if last.number >= expected.number:
        return Unavailable(
            "ledger_replaced",
            f"The ledger of account {name} is another file than the one whose events were acknowledged up to receipt "
            f"{count_text(expected.receipt_no)}. {advice}",
        )
    return Unavailable(
        "ledger_behind",
        f"The ledger of account {name} is older than what was acknowledged: {_missing(last, expected=expected)} "
        f"missing, acknowledged {_time(record, since_us=since_us)}. Its write-ahead log was cut or lost, or an older "
        f"file was put in its place. {advice}",
    )


def _missing(last: Commit, *, expected: Commit) -> str:
    if last.receipt_no < expected.receipt_no:
        first, end = count_text(last.receipt_no + 1), count_text(expected.receipt_no)
        return f"receipt {end} is" if first == end else f"receipts {first} to {end} are"
    count = expected.number - last.number
    return f"{counted(count, 'change')} after receipt {count_text(last.receipt_no)} {'is' if count == 1 else 'are'}"


def _time(record: _Record, *, since_us: int | None) -> str:
    until = text_to_the_second(record.written_us)
    return f"by {until}" if since_us is None else f"between {text_to_the_second(since_us)} and {until}"


def _read(file: Path, *, name: str) -> _Record | None:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    records = [
        record
        for start in range(0, _SLOT_COUNT * _SLOT_BYTES, _SLOT_BYTES)
        if (record := _decoded(content[start : start + _SLOT_BYTES])) is not None
    ]
    if not records:
        raise Unavailable(
            "mark_damaged",
            f"The mark of account {name} ({file.name}) is damaged, so it is unknown whether the ledger has everything "
            f"that was acknowledged. Accept the ledger with `botmeter doctor --accept --account {name}`.",
        )
    return max(records, key=lambda record: record.sequence)


def _decoded(slot: bytes) -> _Record | None:
    checksum, _, content = slot.rstrip(b"\0").partition(b" ")
    if checksum != _checksum(content):
        return None
    try:
        return msgspec.json.decode(content, type=_Record)
    except msgspec.MsgspecError:
        return None


def _checksum(content: bytes) -> bytes:
    return b"%08x" % zlib.crc32(content)


def _write_or_refuse(file: Path, commits: tuple[Commit, ...], *, consequence: str) -> None:
    try:
        _write(file, commits)
    except OSError as problem:
        if is_disk_full(problem):
            raise Unavailable(
                "disk_full", f"The disk is full; the mark of the last commit could not be written. {consequence}"
            ) from problem
        raise Unavailable(
            "mark_failed", f"The mark of the last commit could not be written: {problem.strerror}. {consequence}"
        ) from problem


def _write(file: Path, commits: tuple[Commit, ...]) -> None:
    try:
        before = _read(file, name="")
    except Unavailable:
        before = None
    sequence = 1 if before is None else before.sequence + 1
    content = msgspec.json.encode(_Record(sequence=sequence, written_us=now_us(), commits=commits))
    slot = (_checksum(content) + b" " + content).ljust(_SLOT_BYTES, b"\0")
    if before is None:
        _create(file, slot)
        return
    opened = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.pwrite(opened, slot, sequence % _SLOT_COUNT * _SLOT_BYTES)
        os.fdatasync(opened)
    finally:
        os.close(opened)


def _create(file: Path, slot: bytes) -> None:
    private_folder(file.parent)
    with durable_file(file) as created:
        # At its full size, so that later writes need no room on the disk.
        created.write(slot * _SLOT_COUNT)
