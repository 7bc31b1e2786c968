"""Results of jobs, in sentences."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from botmeter.domain import text
from botmeter.domain.errors import Refused
from botmeter.domain.receipt import Receipt, Rejection
from botmeter.ledger.import_preview import ImportPreview
from botmeter.ledger.quarantine import Quarantined
from botmeter.ledger.session_changes import SessionChange
from botmeter.live.imports import JobState
from botmeter.web.notices import Notice
from botmeter.web.pages.imports.file_form import FileForm
from botmeter.web.rich_text import Word, id_word

REJECTIONS_SHOWN: Final = 20
_NOT_UTF_8: Final = (
    "Its text is not UTF-8. Choose the text encoding below: windows-1252 for a CSV file that Excel saved on Windows in "
    "Western Europe or America. Check names with accents in the preview."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectionLine:
    """Refused record."""

    row: str
    event_id: Word
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRunCard:
    """Effect of an import, before it."""

    counts: str
    sessions: str
    rejections: tuple[RejectionLine, ...]
    more: str


def read_problem(refusal: Refused, *, form: FileForm) -> Notice:
    """Explain why a file has no preview, and what to do on its page."""
    missing = [line for line in form.fields if line.is_missing]
    consequence = refusal.message
    # A column that the mapping names, and the file lacks, is another problem.
    if refusal.code == "column_missing" and any(f"no column {line.field!r}" in consequence for line in missing):
        labels = ", ".join(line.label for line in missing)
        consequence = f"Choose {'columns' if len(missing) > 1 else 'a column'} for {labels}."
    elif refusal.code == "text_invalid":
        consequence = _NOT_UTF_8
    return Notice(fact="The file can’t be read with these settings.", consequence=consequence, kind="bad")


def dry_run_card(job: JobState | None, *, settings: str) -> DryRunCard | None:
    """Format a dry run; None unless made with these settings."""
    if job is None or job.settings != settings or not isinstance(job.result, ImportPreview):
        return None
    receipt = Receipt.sum_of(job.result.receipts)
    lines = tuple(map(rejection_line, receipt.rejections[:REJECTIONS_SHOWN]))
    refused_count = receipt.rejected + receipt.conflicts
    return DryRunCard(
        counts=f"The import would accept {text.counted(receipt.accepted, 'event')}{_others(receipt)}.",
        sessions=sessions_text(job.result.sessions, is_planned=True),
        rejections=lines,
        more=f"{text.count_text(refused_count - len(lines))} more refused records"
        if refused_count > len(lines)
        else "",
    )


def rejection_line(rejection: Rejection) -> RejectionLine:
    """Format a refused record."""
    return RejectionLine(
        row=text.count_text(rejection.index + 1),
        event_id=id_word(rejection.event_id or ""),
        code=rejection.code,
        detail=rejection.detail,
    )


def quarantined_line(entry: Quarantined) -> RejectionLine:
    """Format an entry of quarantine."""
    return RejectionLine(
        row=text.count_text(entry.position + 1),
        event_id=id_word(entry.event_id or ""),
        code=entry.code,
        detail=entry.detail,
    )


def sessions_text(change: SessionChange, *, is_planned: bool = False) -> str:
    """Format an effect: `1,871 sessions more in 31 days, 4 of them over, so restated`."""
    if not change.day_count:
        return f"No session {'would change' if is_planned else 'changed'}."
    direction = "more" if change.difference >= 0 else "fewer"
    sentence = (
        f"{text.counted(abs(change.difference), 'session')} {direction} in {text.counted(change.day_count, 'day')}"
    )
    restated = change.restated_day_count
    if restated:
        over = "which is over" if change.day_count == 1 else f"{text.count_text(restated)} of them over"
        sentence += f", {over}, so restated"
    return f"{sentence}."


def job_notice(job: JobState | None) -> Notice | None:
    """Notice for a failed or stopped job."""
    if job is None or job.phase not in {"failed", "stopped"}:
        return None
    name = job.kind.capitalize()
    if job.phase == "stopped":
        return Notice(fact=f"{name} stopped.", consequence="Nothing was changed.", kind="info")
    return Notice(fact=f"{name} failed; nothing was changed.", consequence=job.problem, kind="bad")


def _others(receipt: Receipt) -> str:
    counts: Mapping[str, int] = {
        "duplicate" if receipt.duplicates == 1 else "duplicates": receipt.duplicates,
        "conflict" if receipt.conflicts == 1 else "conflicts": receipt.conflicts,
        "rejected": receipt.rejected,
    }
    return "".join(_named(counts.items()))


def _named(counts: Iterable[tuple[str, int]]) -> Iterable[str]:
    yield from (f", {text.count_text(count)} {name}" for name, count in counts if count)
