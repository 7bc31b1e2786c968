"""Checks of uploaded bills, whose results are kept on disk beside the file and read in parts."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet

from botmeter.billing.reconcile.check import check_list
from botmeter.billing.reconcile.differences import Kind, Reason
from botmeter.billing.reconcile.result import Reconciliation
from botmeter.billing.reconcile.result_json import list_as_mapping
from botmeter.domain.durable_files import FILE_MODE, is_disk_full
from botmeter.domain.errors import Unavailable
from botmeter.domain.period import Period
from botmeter.live.imports import ImportJob, JobState
from botmeter.live.server_state import ServerState
from botmeter.live.uploads import Upload
from botmeter.sources.reader import SourceFile
from botmeter.sources.vendor_sessions import VendorList, vendor_list

_HEAD, _DIFFERENCES = ".result", ".parquet"
_GROUP_ROWS: Final = 5_000
"""Read for a page of rows: 20 ms."""
_KINDS: Final = {str(kind): number for number, kind in enumerate(Kind)}
_REASONS: Final = {str(reason): number for number, reason in enumerate(Reason)}


@dataclass(frozen=True, slots=True, kw_only=True)
class BillCheck:
    """An uploaded list to compare.

    Attributes:
        settings: As in the address of its page.
        zones: In which the vendor's times may be.
    """

    upload: Upload
    file: SourceFile
    period: Period | None
    tolerance_us: int
    settings: str
    zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedBill:
    """Result on disk.

    Attributes:
        settings: With which it was made.
        head: As `list_as_mapping`.
    """

    settings: str
    head: Mapping[str, Any]
    path: Path

    def count(self, kind: str = "", reason: str = "") -> int:
        """Number of differences of a kind and a reason; all if empty."""
        return sum(each["sessions"] for each in self._reasons(kind, reason))

    def rows(self, kind: str = "", reason: str = "", *, start: int = 0, length: int) -> list[dict[str, Any]]:
        """Rows of `DIFFERENCES_SCHEMA` from a number on."""
        chosen = self._reasons(kind, reason)
        offset = start
        for each in self._reasons():
            if each in chosen:
                break
            offset += each["sessions"]
        length = min(length, self.count(kind, reason) - start)
        if length <= 0:
            return []
        first, last = offset // _GROUP_ROWS, (offset + length - 1) // _GROUP_ROWS
        with pyarrow.parquet.ParquetFile(self.path, pre_buffer=False) as file:
            table = file.read_row_groups(list(range(first, last + 1)))
        rows: list[dict[str, Any]] = table.slice(offset - first * _GROUP_ROWS, length).to_pylist()
        return rows

    def schema(self) -> pa.Schema:
        return pyarrow.parquet.read_schema(self.path)

    def batches(self) -> Iterator[pa.RecordBatch]:
        with pyarrow.parquet.ParquetFile(self.path, pre_buffer=False) as file:
            yield from file.iter_batches(batch_size=_GROUP_ROWS)

    def _reasons(self, kind: str = "", reason: str = "") -> Sequence[Mapping[str, Any]]:
        reasons: Sequence[Mapping[str, Any]] = self.head["reasons"]
        return [each for each in reasons if kind in ("", each["kind"]) and reason in ("", each["reason"])]


def start_bill_check(state: ServerState, check: BillCheck) -> None:
    """Queue a check; raises as `ImportJobs.start`."""
    upload = check.upload

    def work(job: ImportJob) -> None:
        job.begin_reading()
        vendor = vendor_list(check.file, on_read=lambda bytes_read, count: job.note_read(bytes_read, count=count))
        job.begin_metering()
        with state.ledgers.reading(upload.account) as ledger:
            result = check_list(ledger, vendor, period=check.period, tolerance_us=check.tolerance_us, zones=check.zones)
        job.interruption.check()
        _keep(check, result, vendor=vendor)

    job = JobState(
        key=upload.number,
        account=upload.account,
        file_name=upload.file_name,
        kind="bill check",
        settings=check.settings,
        total_bytes=upload.size_bytes,
    )
    state.imports.start(job, work)


def checked_bill(upload: Upload) -> CheckedBill | None:
    """Kept result of a bill; None before its first check."""
    with suppress(FileNotFoundError, ValueError):
        kept = json.loads(upload.path.with_suffix(_HEAD).read_text(encoding="utf-8"))
        path = upload.path.with_suffix(_DIFFERENCES)
        return CheckedBill(settings=kept["settings"], head=kept["head"], path=path) if path.exists() else None
    return None


def _keep(check: BillCheck, result: Reconciliation, *, vendor: VendorList) -> None:
    upload = check.upload
    head = {
        "settings": check.settings,
        "head": list_as_mapping(result, vendor, account=upload.account),
    }
    differences = _by_kind(result.differences)
    try:
        # The head comes last: a result without it is none.
        upload.path.with_suffix(_HEAD).unlink(missing_ok=True)
        with _new_file(upload.path.with_suffix(_DIFFERENCES)) as file:
            pyarrow.parquet.write_table(differences, file, row_group_size=_GROUP_ROWS)
        with _new_file(upload.path.with_suffix(_HEAD)) as file:
            file.write(json.dumps(head).encode())
    except OSError as problem:
        if is_disk_full(problem):
            raise Unavailable("disk_full", "The server's disk is full; the result was not kept.") from None
        raise


def _by_kind(differences: pa.Table) -> pa.Table:
    # In the order of the totals, so that those of a kind and a reason are one slice; within it by time, as they are.
    keys = [
        pa.array([order[value] for value in differences[name].to_pylist()], pa.int8())
        for name, order in (("kind", _KINDS), ("reason", _REASONS))
    ]
    order = pa.table({"kind": keys[0], "reason": keys[1], "row": pa.array(range(len(differences)), pa.int64())})
    sorted_rows = order.sort_by([("kind", "ascending"), ("reason", "ascending"), ("row", "ascending")])
    return differences.take(sorted_rows["row"])


def _new_file(path: Path) -> BinaryIO:
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb")
