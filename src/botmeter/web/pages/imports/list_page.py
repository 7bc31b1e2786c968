"""Admin → Imports."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.errors import Refused
from botmeter.domain.instant import now_us
from botmeter.ledger.imports import ImportRecord
from botmeter.ledger.imports import imports as stored_imports
from botmeter.ledger.lake_account import ServedRecord
from botmeter.live.uploads import Upload
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.confirmation import Confirmation, account_confirmation, is_confirmed, sent_parameters
from botmeter.web.lake_state import LakeState, lake_state
from botmeter.web.layout import Frame, frame
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.imports.texts import importer, labelled_counts, size_text, state_tag
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.rich_text import Word, name_word
from botmeter.web.server_state import server_state
from botmeter.web.upload_tickets import upload_ticket

LINES: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLine:
    """Uploaded file that was not imported."""

    name: Word
    number: str
    size: str
    at: str
    by: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLine:
    """Past import."""

    name: Word
    source: str
    at: str
    by: str
    counts: tuple[tuple[str, str], ...]
    state: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportsPage:
    """Upload form, or the command that adds events to a lake; waiting files and past imports."""

    frame: Frame
    upload_href: str
    bytes_max: int
    files: tuple[FileLine, ...]
    imports: tuple[ImportLine, ...]
    older_href: str
    newest_href: str
    zone: str
    lake: LakeState | None


@for_member(Right.IMPORT_FILES, posts=Right.IMPORT_FILES)
def imports(visit: Visit) -> HttpResponse:
    """List imports; remove an uploaded file, once confirmed."""
    state = server_state(visit.request)
    if visit.request.method == "POST" or "remove" in visit.request.GET:
        return _remove(visit, state.uploads.numbered(visit.account, sent_parameters(visit.request).get("remove", "")))
    zone, before = preferred_zone(visit.account), _number(visit.request.GET.get("before", ""))
    with visit.reading() as ledger:
        found = stored_imports(ledger, before=before, limit=LINES + 1)
        served, lake = ledger.lake, lake_state(ledger, zone=zone)
    path = reverse("imports", args=(visit.account,))
    page = ImportsPage(
        frame=frame(visit, title="Imports", current="imports"),
        upload_href=reverse("upload", args=(visit.account, upload_ticket(visit.request, visit.account))),
        bytes_max=state.uploads.limits.bytes_max,
        files=tuple(_file_line(visit, file, zone=zone) for file in state.uploads.of_account(visit.account)),
        imports=tuple(_import_line(visit, each, lake=served, zone=zone) for each in found[:LINES]),
        older_href=f"{path}?before={found[LINES - 1].number}" if len(found) > LINES else "",
        newest_href=path if before is not None else "",
        zone=zone,
        lake=lake,
    )
    return rendered(visit.request, "imports.html", page=page)


def _remove(visit: Visit, file: Upload) -> HttpResponse:
    state = server_state(visit.request)
    running = state.imports.state(file.number)
    if running is not None and not running.is_over:
        raise Refused("parameter_invalid", f"{file.file_name} is being imported. Stop the import first.")
    if not is_confirmed(visit.request):
        confirmation = Confirmation(
            question=f"Remove {file.file_name}?",
            effect="The uploaded file is deleted with its settings. Nothing of it was imported.",
            button="Remove file",
            cancel_href=reverse("imports", args=(visit.account,)),
        )
        return account_confirmation(visit, confirmation, section="imports")
    state.uploads.remove(file)
    add_notice(visit.request, Notice(fact=f"{file.file_name} was removed.", consequence="Nothing was imported."))
    return redirect("imports", visit.account)


def _number(given: str) -> int | None:
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise Refused("cursor_invalid", f"Invalid cursor {given[:40]!r}. Start again from the newest imports.")
    return int(given)


def _file_line(visit: Visit, file: Upload, *, zone: str) -> FileLine:
    job = server_state(visit.request).imports.state(file.number)
    is_running = job is not None and not job.is_over
    route = "import-run" if is_running else "uploaded-file"
    return FileLine(
        name=name_word(file.file_name, reverse(route, args=(visit.account, file.number))),
        number=file.number,
        size=size_text(file.size_bytes),
        at=text.row_instant_text(file.at_us, zone=zone, now_us=now_us(), seconds=False),
        by=file.by,
        state=f"{job.kind.capitalize()} running" if job is not None and is_running else "",
    )


def _import_line(visit: Visit, record: ImportRecord, *, lake: ServedRecord | None, zone: str) -> ImportLine:
    return ImportLine(
        name=name_word(record.file_name, reverse("import", args=(visit.account, record.number))),
        source=record.source,
        at=text.row_instant_text(record.imported_at, zone=zone, now_us=now_us(), seconds=False),
        by=importer(record, lake),
        counts=labelled_counts(record),
        state=state_tag(record, lake),
    )
