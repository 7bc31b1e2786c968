"""Work of imports, dry runs and undos that pages start."""

from dataclasses import dataclass
from typing import Any

from botmeter.domain.instant import now_us
from botmeter.domain.receipt import Receipt
from botmeter.domain.source import Source
from botmeter.lake.instructions import undo_import
from botmeter.ledger.append import Submission
from botmeter.ledger.append_beside import append_import
from botmeter.ledger.import_preview import ImportPreview, import_preview
from botmeter.ledger.import_undo import UndoneImport
from botmeter.ledger.imports import ImportedFile, ImportRecord
from botmeter.ledger.imports import imports as stored_imports
from botmeter.ledger.open_ledgers import SharedFolder
from botmeter.live.imports import ImportJob, JobState, Kind
from botmeter.live.server_state import ServerState
from botmeter.live.uploads import Upload
from botmeter.people.audit import Action, record
from botmeter.people.database_failures import open_database
from botmeter.sources.reader import SourceFile
from botmeter.sources.source_files import batches_of_source


@dataclass(frozen=True, slots=True, kw_only=True)
class FileImport:
    """An uploaded file to import.

    Attributes:
        source: Its settings, if any.
        settings: As in the address of its page.
        mapping: Text; None with a platform's format.
        by: Email address.
    """

    upload: Upload
    file: SourceFile
    source_name: str
    source: Source | None
    settings: str
    mapping: str | None
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """Number and receipt of an import."""

    number: int
    receipt: Receipt


def start_import(state: ServerState, file: FileImport) -> None:
    """Queue an import; raises as `ImportJobs.start`."""

    def work(job: ImportJob) -> ImportResult:
        folder = SharedFolder(state.ledgers, interruption=job.interruption)
        with folder.importing(file.upload.account, size_bytes=file.upload.size_bytes) as access:
            [receipt] = append_import(access, lambda: [_submission(file, job)], now_us=now_us())
            imported = stored_imports(access.ledger, limit=1)[0]
        state.uploads.remove(file.upload)
        with open_database():
            record(Action.IMPORTED, account=file.upload.account, who=file.by, **import_detail(imported))
        return ImportResult(number=imported.number, receipt=receipt)

    state.imports.start(_new_job(file, "import"), work)


def start_dry_run(state: ServerState, file: FileImport) -> None:
    """Queue a dry run; raises as `ImportJobs.start`."""

    def work(job: ImportJob) -> ImportPreview:
        folder = SharedFolder(state.ledgers, interruption=job.interruption)
        with folder.rehearsing(file.upload.account) as ledger:
            return import_preview(ledger, [_submission(file, job)], now_us=now_us())

    state.imports.start(_new_job(file, "dry run"), work)


def start_undo(state: ServerState, account: str, *, imported: ImportRecord, reason: str, by: str) -> None:
    """Queue an undo; raises as `ImportJobs.start`."""

    def work(job: ImportJob) -> UndoneImport:
        with state.ledgers.writing(account, interruption=job.interruption) as ledger:
            undone = undo_import(ledger, imported.number, reason=reason, now_us=now_us(), by=by)
        record_undo(undone, account=account, by=by)
        return undone

    key = undo_key(account, imported.number)
    state.imports.start(JobState(key=key, account=account, file_name=imported.file_name, kind="undo"), work)


def record_undo(undone: UndoneImport, *, account: str, by: str) -> None:
    """Add the audit entry of an undo."""
    restated_days = None if undone.sessions is None else undone.sessions.restated_day_count
    changes = {"events": undone.event_count, "restated_days": restated_days}
    detail = import_detail(undone.record) | {"reason": undone.record.undone_for} | changes
    with open_database():
        record(Action.IMPORT_UNDONE, account=account, who=by, **detail)


def undo_key(account: str, number: int) -> str:
    """Return the key of the job that undoes an import."""
    return f"{account}/{number}"


def import_detail(imported: ImportRecord) -> dict[str, Any]:
    """Detail of an audit entry."""
    counts = {name: getattr(imported, name) for name in ("accepted", "duplicates", "conflicts", "rejected")}
    return {"import": imported.number, "file": imported.file_name, "source": imported.source, **counts}


def _submission(file: FileImport, job: ImportJob) -> Submission:
    upload = file.upload
    job.begin_reading()
    return Submission(
        source=file.source_name,
        batches=job.followed(batches_of_source(file.file, file.source)),
        label=upload.file_name,
        file=ImportedFile(name=upload.file_name, size_bytes=upload.size_bytes, mapping=file.mapping, by=file.by),
    )


def _new_job(file: FileImport, kind: Kind) -> JobState:
    upload = file.upload
    return JobState(
        key=upload.number,
        account=upload.account,
        file_name=upload.file_name,
        kind=kind,
        settings=file.settings,
        total_bytes=upload.size_bytes,
    )
