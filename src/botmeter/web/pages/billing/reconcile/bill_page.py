"""Page of an uploaded bill."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from botmeter.billing.reconcile.own_bills import recent_cycles
from botmeter.domain import text
from botmeter.domain.errors import BotmeterError, Missing, Refused
from botmeter.domain.instant import now_us
from botmeter.live.bill_checks import BillCheck, checked_bill, start_bill_check
from botmeter.live.imports import JobState
from botmeter.live.uploads import Upload
from botmeter.people.audit import Action
from botmeter.people.rights import Right
from botmeter.reports.export import file_chunks
from botmeter.sources.reader import SourceFile
from botmeter.sources.vendor_columns import ListColumns, columns_of_list
from botmeter.web.access import Visit, for_member
from botmeter.web.address_mapping import compact
from botmeter.web.components import Link
from botmeter.web.exports import MEDIA_TYPES
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.billing.reconcile.form import BillForm, bill_form
from botmeter.web.pages.billing.reconcile.result_cards import ResultCards, ResultContext, Shown, result_cards
from botmeter.web.pages.billing.reconcile.settings import BillSettings, list_file, settings_from_form
from botmeter.web.pages.imports.results import job_notice
from botmeter.web.pages.imports.run_page import Progress, progress_of
from botmeter.web.pages.imports.texts import size_text
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.server_state import server_state

_CYCLES_OFFERED: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class BillPage:
    """Uploaded bill.

    Attributes:
        result: None before one with these settings.
    """

    frame: Frame
    facts: str
    href: str
    progress: Progress | None
    notices: tuple[Notice, ...]
    form: BillForm
    result: ResultCards | None
    zone: str


@for_member(Right.SEE_BILLING, posts=Right.SEE_BILLING)
def bill(visit: Visit, *, file: str) -> HttpResponse:
    """Show the page; on POST start or stop a comparison."""
    state = server_state(visit.request)
    upload = state.uploads.numbered(visit.account, file, purpose="bill")
    settings = BillSettings.from_query(visit.request.GET)
    if visit.request.method == "POST":
        return _submitted(visit, upload, settings=settings)
    job = state.imports.state(file)
    is_running = job is not None and not job.is_over
    if visit.request.headers.get("HX-Request") and not is_running:
        return HttpResponseClientRedirect(_href(upload, settings))
    return rendered(visit.request, "billing/bill.html", page=_page(visit, upload, settings=settings, job=job))


@for_member(Right.SEE_BILLING)
def bill_differences(visit: Visit, *, file: str) -> StreamingHttpResponse:
    """Stream all differences as CSV."""
    upload = server_state(visit.request).uploads.numbered(visit.account, file, purpose="bill")
    visit.require(Right.EXPORT)
    result = checked_bill(upload)
    if result is None:
        raise Missing("upload_unknown", f"{upload.file_name} has not been compared. Compare it first.")
    name = f"{upload.number}-differences.csv"
    visit.record(Action.EXPORTED, file=name)
    return StreamingHttpResponse(
        file_chunks("csv", result.batches(), schema=result.schema()),
        content_type=MEDIA_TYPES["csv"],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _submitted(visit: Visit, upload: Upload, *, settings: BillSettings) -> HttpResponse:
    state = server_state(visit.request)
    if visit.request.POST.get("what") == "stop":
        state.imports.stop(upload.number)
        return redirect(_href(upload, settings))
    try:
        settings = settings_from_form(visit.request.POST, settings)
        if not settings.mapping:
            settings = settings_from_form(visit.request.POST, _with_proposal(upload, settings))
        check = BillCheck(
            upload=upload,
            file=list_file(upload, settings.document),
            period=settings.period,
            tolerance_us=settings.tolerance_us,
            settings=settings.query,
            zones=(preferred_zone(visit.account),),
        )
        start_bill_check(state, check)
    except BotmeterError as problem:
        add_notice(visit.request, Notice(fact="The bill was not compared.", consequence=problem.message, kind="bad"))
    return redirect(_href(upload, settings))


def _with_proposal(upload: Upload, settings: BillSettings) -> BillSettings:
    proposed = columns_of_list(SourceFile(path=str(upload.path), name=upload.file_name)).document
    return BillSettings(
        first=settings.first,
        last=settings.last,
        timezone=settings.timezone,
        tolerance=settings.tolerance,
        mapping=compact(proposed),
    )


def _page(visit: Visit, upload: Upload, *, settings: BillSettings, job: JobState | None) -> BillPage:
    zone, is_running = preferred_zone(visit.account), job is not None and not job.is_over
    columns, problem = _columns(upload)
    document = settings.document or ({} if columns is None else columns.document)
    href, query = _href(upload, settings), visit.request.GET
    shown = Shown.of(query.get("show", ""), query.get("start", ""))
    result = None if is_running else _result(upload, settings, shown=shown, href=href, zone=zone)
    of_job = job_notice(job)
    with visit.reading() as ledger:
        cycles = recent_cycles(ledger, now_us=now_us(), count=_CYCLES_OFFERED)
    return BillPage(
        frame=frame(visit, title=upload.file_name, current="billing", crumbs=_crumbs(visit.account)),
        facts=f"{size_text(upload.size_bytes)}, uploaded on "
        f"{text.instant_text(upload.at_us, zone=zone, seconds=False)} by {upload.by}",
        href=href,
        progress=progress_of(job) if job is not None and is_running else None,
        notices=(*filter(None, (of_job, problem)), *(() if result is None else result.notices)),
        form=bill_form(settings, columns, document=document, cycles=cycles, path=visit.request.path, zone=zone),
        result=result,
        zone=zone,
    )


def _result(upload: Upload, settings: BillSettings, *, shown: Shown, href: str, zone: str) -> ResultCards | None:
    checked = checked_bill(upload)
    if checked is None or checked.settings != settings.query:
        return None
    context = ResultContext(
        account=upload.account,
        href=href,
        csv_href=reverse("bill-differences", args=(upload.account, upload.number)),
        zone=zone,
    )
    return result_cards(checked, shown, context=context)


def _columns(upload: Upload) -> tuple[ListColumns | None, Notice | None]:
    try:
        return columns_of_list(SourceFile(path=str(upload.path), name=upload.file_name)), None
    except Refused as refusal:
        return None, Notice(fact="The file can’t be read.", consequence=refusal.message, kind="bad")


def _crumbs(account: str) -> tuple[Link, ...]:
    return (*section_links(account, "billing"), Link(label="Check a bill", href=reverse("bills", args=(account,))))


def _href(upload: Upload, settings: BillSettings) -> str:
    path = reverse("bill", args=(upload.account, upload.number))
    return f"{path}?{settings.query}" if settings.query else path
