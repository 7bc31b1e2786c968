"""Retries of quarantined events that pages start; many take as long as an import."""

from typing import Any

from botmeter.domain.instant import now_us
from botmeter.domain.receipt import Receipt
from botmeter.ledger.quarantine import QuarantineFilter
from botmeter.live.imports import ImportJob, JobState
from botmeter.live.server_state import ServerState
from botmeter.people.audit import Action, record
from botmeter.people.database_failures import open_database
from botmeter.sources.requeue import retry


def start_retry(state: ServerState, account: str, *, chosen: QuarantineFilter, by: str) -> None:
    """Queue a retry; raises as `ImportJobs.start`."""

    def work(job: ImportJob) -> Receipt:
        with state.ledgers.writing(account, interruption=job.interruption) as ledger:
            receipt = retry(ledger, chosen, now_us=now_us())
        if receipt.total:
            with open_database():
                record(Action.QUARANTINE_RETRIED, account=account, who=by, **_detail(receipt, chosen))
        return receipt

    job = JobState(key=retry_key(account), account=account, file_name="quarantined events", kind="retry")
    state.imports.start(job, work)


def retry_key(account: str) -> str:
    """Return the key of an account's retry."""
    return f"{account}/quarantine"


def _detail(receipt: Receipt, chosen: QuarantineFilter) -> dict[str, Any]:
    counts = {name: getattr(receipt, name) for name in ("accepted", "duplicates", "conflicts", "rejected")}
    return {**counts, "code": chosen.code or "", "source": chosen.source or ""}
