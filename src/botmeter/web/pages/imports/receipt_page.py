"""Page of a past import, which can be undone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from botmeter.domain import text
from botmeter.domain.errors import BotmeterError
from botmeter.domain.reason import checked_reason
from botmeter.ledger.import_undo import UndoneImport
from botmeter.ledger.imports import ImportRecord, import_numbered
from botmeter.ledger.lake_account import ServedRecord
from botmeter.ledger.quarantine import Quarantined, quarantined_by
from botmeter.live.import_work import start_undo, undo_key
from botmeter.live.imports import JobState
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.confirmation import Confirmation, account_confirmation, is_confirmed
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.imports.results import RejectionLine, job_notice, quarantined_line, sessions_text
from botmeter.web.pages.imports.run_page import Progress, progress_of
from botmeter.web.pages.imports.texts import importer, labelled_counts, size_text, state_tag
from botmeter.web.quarantine_address import QuarantineAddress
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.server_state import server_state

_REJECTIONS_SHOWN: Final = 100
_PENDING: Final = "The next run of the account's lake undoes this import."


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPage:
    """Import.

    Attributes:
        progress: Of its undo, while that runs.
        undone: Sentence on the undo.
        removal: Effect of an undo on events.
        next_import: Label of the link to the imports.
    """

    frame: Frame
    state: tuple[str, str]
    counts: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    undone: str
    removal: str
    next_import: str
    progress: Progress | None
    job: Notice | None
    rejections: tuple[RejectionLine, ...]
    rejections_more: str
    quarantine_href: str
    mapping: str
    href: str
    imports_href: str
    report_href: str


@for_member(Right.IMPORT_FILES, posts=Right.IMPORT_FILES)
def file_import(visit: Visit, *, number: int) -> HttpResponse:
    """Show the page; undo the import, once confirmed."""
    with visit.reading() as ledger:
        record = import_numbered(ledger, number)
        zone = preferred_zone(visit.account)
        lake = ledger.lake
        entries = quarantined_by(ledger, record.append_no, limit=_REJECTIONS_SHOWN)
    if visit.request.method != "POST":
        page = _page(visit, record, lake=lake, entries=entries, zone=zone)
        if page.progress is None and visit.request.headers.get("HX-Request"):
            # The undo has ended.
            return HttpResponseClientRedirect(visit.request.path)
        return rendered(visit.request, "import.html", page=page)
    try:
        reason = checked_reason(visit.request.POST.get("reason", ""))
        if not is_confirmed(visit.request):
            return _ask_to_undo(visit, record, in_lake=lake is not None)
        start_undo(server_state(visit.request), visit.account, imported=record, reason=reason, by=visit.user.email)
    except BotmeterError as problem:
        add_notice(visit.request, Notice(fact="The import was not undone.", consequence=problem.message, kind="bad"))
    return redirect("import", visit.account, number)


def _ask_to_undo(visit: Visit, record: ImportRecord, *, in_lake: bool) -> HttpResponse:
    events = text.counted(record.accepted, "event")
    confirmation = Confirmation(
        question=f"Undo the import of {record.file_name}?",
        effect=(
            f"The account is in a lake: its next run removes {events} and changes the past days on which they counted. "
            "To count them again, give the file to a later run."
            if in_lake
            else f"This removes {events} from the account and restates past days that they changed. To count them "
            "again, import the file again."
        ),
        button="Undo import",
        cancel_href=visit.request.path,
    )
    return account_confirmation(visit, confirmation, section="imports")


def _page(
    visit: Visit, record: ImportRecord, *, lake: ServedRecord | None, entries: Sequence[Quarantined], zone: str
) -> ReceiptPage:
    job = server_state(visit.request).imports.state(undo_key(visit.account, record.number))
    is_running = job is not None and not job.is_over
    return ReceiptPage(
        frame=frame(visit, title=record.file_name, current="imports", crumbs=section_links(visit.account, "imports")),
        state=state_tag(record, lake),
        counts=labelled_counts(record),
        facts=_facts(record, lake=lake, zone=zone),
        undone=_PENDING
        if lake is not None and record.number in lake.waiting_imports
        else _undone_text(record, job, zone=zone),
        removal="Its events are removed, and past days that they changed are restated."
        if lake is None
        else "The next run of the account's lake removes its events.",
        next_import="Import another file" if lake is None else "All imports",
        progress=progress_of(job) if job is not None and is_running else None,
        job=job_notice(job),
        rejections=tuple(map(quarantined_line, entries)),
        rejections_more=_more(record.rejected + record.conflicts - len(entries)),
        quarantine_href=_quarantine_href(visit, record),
        mapping=record.mapping or "",
        href=visit.request.path,
        imports_href=reverse("imports", args=(visit.account,)),
        report_href=reverse("report", args=(visit.account,)),
    )


def _quarantine_href(visit: Visit, record: ImportRecord) -> str:
    address = QuarantineAddress(source=record.source, is_discarded=record.undone_at is not None)
    return address.href(visit.account)


def _more(count: int) -> str:
    return f"{text.counted(count, 'more record')} in quarantine." if count > 0 else ""


def _facts(record: ImportRecord, *, lake: ServedRecord | None, zone: str) -> tuple[tuple[str, str], ...]:
    at = text.instant_text(record.imported_at, zone=zone, seconds=False)
    facts = {
        "Number": str(record.number),
        "Imported": f"{at} {zone}",
        "By": importer(record, lake),
        "Source": record.source,
        "Size": size_text(record.size_bytes),
    }
    return tuple((label, value) for label, value in facts.items() if value)


def _undone_text(record: ImportRecord, job: JobState | None, *, zone: str) -> str:
    if record.undone_at is None:
        return ""
    at = text.instant_text(record.undone_at, zone=zone, seconds=False)
    sentence = f"Undone on {at} {zone} by {record.undone_by or 'unknown'}: {record.undone_for}"
    result = job.result if job else None
    stop = "" if sentence.endswith(".") else "."
    if not isinstance(result, UndoneImport):
        return f"{sentence}{stop}"
    change = "" if result.sessions is None else f" {sessions_text(result.sessions)}"
    return f"{sentence}{stop}{change}{_repeats(result)}"


def _repeats(undone: UndoneImport) -> str:
    files = [each.label for each in undone.later_repeats if each.import_no is not None]
    if not files:
        return ""
    return f" Events that a later file repeated were removed too; to count them, import again: {', '.join(files)}."
