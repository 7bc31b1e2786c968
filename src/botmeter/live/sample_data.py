"""Sample data of a new account, loaded as an import and undone as one."""

from collections.abc import Iterable
from typing import Final

from botmeter.domain.errors import Conflict
from botmeter.domain.instant import now_us
from botmeter.ledger.append import Submission, append
from botmeter.ledger.event_rows import has_events
from botmeter.ledger.import_undo import undo_import
from botmeter.ledger.imports import ImportedFile, ImportKind, sample_imports
from botmeter.ledger.imports import imports as stored_imports
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.settle import settle
from botmeter.live.import_work import ImportResult, import_detail, record_undo
from botmeter.live.imports import ImportJob, JobState
from botmeter.live.server_state import ServerState
from botmeter.metering.schema import EventBatch
from botmeter.people.audit import Action, record
from botmeter.people.database_failures import open_database

SAMPLE_NAME: Final = "Sample data"
_SOURCE: Final = "sample"
_REASON: Final = "Sample data is no longer needed."


def start_sample_load(state: ServerState, account: str, *, batches: Iterable[EventBatch], by: str) -> None:
    """Queue the import; raises as `ImportJobs.start`."""

    def work(job: ImportJob) -> ImportResult:
        file = ImportedFile(name=SAMPLE_NAME, kind=ImportKind.SAMPLE, by=by)
        sample = Submission(source=_SOURCE, batches=job.followed(batches), label=SAMPLE_NAME, file=file)
        with state.ledgers.writing(account, interruption=job.interruption) as ledger:
            settle(ledger, now_us=now_us())
            require_no_events(ledger)
            [receipt] = append(ledger, [sample], now_us=now_us())
            imported = stored_imports(ledger, limit=1)[0]
        with open_database():
            record(Action.IMPORTED, account=account, who=by, **import_detail(imported))
        return ImportResult(number=imported.number, receipt=receipt)

    job = JobState(key=sample_key(account), account=account, file_name="sample data", kind="import")
    state.imports.start(job, work)


def start_sample_undo(state: ServerState, account: str, *, by: str) -> None:
    """Queue the undo of all sample data; raises as `ImportJobs.start`."""

    def work(job: ImportJob) -> None:
        with state.ledgers.writing(account, interruption=job.interruption) as ledger:
            for imported in sample_imports(ledger):
                undone = undo_import(ledger, imported.number, reason=_REASON, now_us=now_us(), by=by)
                record_undo(undone, account=account, by=by)

    job = JobState(key=sample_key(account), account=account, file_name="sample data", kind="undo")
    state.imports.start(job, work)


def sample_key(account: str) -> str:
    """Return the key of the job that loads or removes an account's sample data."""
    return f"{account}/sample"


def require_no_events(ledger: ReadableLedger) -> None:
    """Raise Conflict `account_not_empty` if made-up sessions would mix with others."""
    if has_events(ledger):
        raise Conflict(
            "account_not_empty",
            f"Account {ledger.account.name} has events. Sample data is for accounts without any, so that its sessions "
            "don't mix with real ones.",
        )
