"""Page of an uploaded file: its first rows as events, and how they are read."""

from dataclasses import dataclass, replace
from typing import Final

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.errors import BotmeterError, Refused
from botmeter.domain.source import DEFAULT_SOURCE, Source, checked_source_name
from botmeter.ledger.imports import import_numbered
from botmeter.ledger.imports import imports as stored_imports
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.sources import sources_of
from botmeter.live.import_work import FileImport, start_dry_run, start_import
from botmeter.live.uploads import Upload
from botmeter.people.rights import Right
from botmeter.sources.mapping.ready_made import ready_made_mapping
from botmeter.sources.platforms.registry import connector_of
from botmeter.sources.preview import preview
from botmeter.sources.suggest.mapping_text import text_of_document
from botmeter.web.access import Visit, for_member
from botmeter.web.address_mapping import compact
from botmeter.web.components import Link
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.imports.file_form import FileForm, file_form, settings_from_form
from botmeter.web.pages.imports.file_settings import FileSettings, ReadFile, event_source, read_file
from botmeter.web.pages.imports.mapping_text import document_of_text
from botmeter.web.pages.imports.preview_table import PreviewTable, preview_table
from botmeter.web.pages.imports.results import DryRunCard, dry_run_card, job_notice, read_problem
from botmeter.web.pages.imports.texts import size_text
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.server_state import server_state

_REUSED_MAX: Final = 20
_FAILURES: Final = {"dry-run": "The dry run was not started.", "import": "The import was not started."}


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePage:
    """Uploaded file.

    Attributes:
        job: A dry run or import that failed.
        platform: Likely platform, with a link to read the file so.
        running_href: Of a job that is not over.
    """

    frame: Frame
    facts: str
    form: FileForm
    preview: PreviewTable | None
    problem: Notice | None
    platform: str
    platform_link: Link | None
    job: Notice | None
    dry_run: DryRunCard | None
    doubts: tuple[str, ...]
    running_href: str
    href: str
    imports_href: str
    number: str


@for_member(Right.IMPORT_FILES, posts=Right.IMPORT_FILES)
def uploaded_file(visit: Visit, *, file: str) -> HttpResponse:
    """Show the page; on POST change the settings, or start a dry run or the import."""
    state = server_state(visit.request)
    upload = state.uploads.numbered(visit.account, file)
    given = read_file(upload, FileSettings.from_query(visit.request.GET))
    if visit.request.method != "POST":
        return _page(visit, given)
    settings, what = given.settings, visit.request.POST.get("what", "")
    try:
        settings = _submitted(visit, given)
        if what in {"dry-run", "import"}:
            start = start_dry_run if what == "dry-run" else start_import
            start(state, _file_import(visit, read_file(upload, settings)))
            return redirect("import-run", visit.account, upload.number)
    except BotmeterError as problem:
        add_notice(
            visit.request,
            Notice(fact=_FAILURES.get(what, "The settings were not changed."), consequence=problem.message, kind="bad"),
        )
    return redirect(_href(visit, upload, settings=settings))


def _submitted(visit: Visit, given: ReadFile) -> FileSettings:
    data = visit.request.POST
    kind, _, name = data.get("start", "").partition("/") if data.get("what") == "start" else ("", "", "")
    if kind == "import":
        with visit.reading() as ledger:
            record = import_numbered(ledger, int(name) if name.isdigit() and len(name) < 10 else 0)
        mapping = compact(document_of_text(record.mapping or ""))
        return replace(given.settings, platform="", source=record.source, mapping=mapping)
    if kind == "ready":
        return replace(given.settings, platform="", mapping=compact(ready_made_mapping(name).document))
    return settings_from_form(data, given)


def _file_import(visit: Visit, given: ReadFile) -> FileImport:
    settings = given.settings
    with visit.reading() as ledger:
        source = event_source(ledger, settings)
    return FileImport(
        upload=given.upload,
        file=given.source_file(),
        source_name=source.name if source else checked_source_name(settings.source),
        source=source,
        settings=settings.query,
        mapping=None if settings.platform else text_of_document(given.document),
        by=visit.user.email,
    )


def _href(visit: Visit, upload: Upload, *, settings: FileSettings) -> str:
    path = reverse("uploaded-file", args=(visit.account, upload.number))
    return f"{path}?{settings.query}" if settings.query else path


def _page(visit: Visit, given: ReadFile) -> HttpResponse:
    upload, zone = given.upload, preferred_zone(visit.account)
    job = server_state(visit.request).imports.state(upload.number)
    with visit.reading() as ledger:
        past = [each for each in stored_imports(ledger, limit=_REUSED_MAX) if each.mapping]
        sources: list[Source] = list(sources_of(ledger))
        table, refusal = _preview(given, ledger)
    suggestion, form = given.suggestion, file_form(given, past=past, sources=sources)
    page = FilePage(
        frame=frame(visit, title=upload.file_name, current="imports", crumbs=section_links(visit.account, "imports")),
        facts=f"{size_text(upload.size_bytes)}, uploaded on "
        f"{text.instant_text(upload.at_us, zone=zone, seconds=False)} by {upload.by}",
        form=form,
        preview=table,
        problem=None if refusal is None else read_problem(refusal, form=form),
        platform=connector_of(given.platform).label if given.platform else "",
        platform_link=_platform_link(visit, given),
        job=job_notice(job),
        dry_run=dry_run_card(job, settings=given.settings.query),
        doubts=() if suggestion is None or given.settings.mapping else suggestion.doubts,
        running_href=reverse("import-run", args=(visit.account, upload.number)) if job and not job.is_over else "",
        href=_href(visit, upload, settings=given.settings),
        imports_href=reverse("imports", args=(visit.account,)),
        number=upload.number,
    )
    return rendered(visit.request, "import_file.html", page=page)


def _platform_link(visit: Visit, given: ReadFile) -> Link | None:
    if not given.platform or given.settings.platform:
        return None
    is_default = given.settings.source == DEFAULT_SOURCE
    source = given.platform if is_default else given.settings.source
    settings = replace(given.settings, platform=given.platform, source=source, mapping="")
    return Link(label="Read it in that format", href=_href(visit, given.upload, settings=settings))


def _preview(given: ReadFile, ledger: ReadableLedger) -> tuple[PreviewTable | None, Refused | None]:
    try:
        source = event_source(ledger, given.settings)
        return preview_table(preview(given.source_file(), source=source)), None
    except Refused as problem:
        # Why nothing was proposed is more to the point than what is missing because of it.
        return None, problem if given.settings.platform or given.problem is None else given.problem
