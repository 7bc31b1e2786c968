"""Sample data, loaded into an account without events, and removed."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from botmeter.demo import SAMPLE_DAYS, sample_batches
from botmeter.domain import text
from botmeter.domain.account import Account
from botmeter.domain.errors import BotmeterError, Conflict, Refused
from botmeter.domain.instant import DAY_US, now_us
from botmeter.domain.period import day_start_us
from botmeter.ledger.event_rows import has_events
from botmeter.ledger.imports import sample_imports
from botmeter.live.sample_data import require_no_events, sample_key, start_sample_load, start_sample_undo
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.confirmation import Confirmation, account_confirmation, is_confirmed, sent_parameters
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.imports.results import job_notice
from botmeter.web.pages.imports.run_page import Progress, progress_of
from botmeter.web.rendering import rendered
from botmeter.web.server_state import server_state


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePage:
    """Sample data of an account.

    Attributes:
        loaded: Number of its events; empty: none.
        job: One that failed.
    """

    frame: Frame
    loaded: str
    may_load: bool
    progress: Progress | None
    job: Notice | None
    report_href: str
    href: str


@for_member(Right.IMPORT_FILES, posts=Right.IMPORT_FILES)
def sample_data(visit: Visit) -> HttpResponse:
    """Show the page; load or remove sample data on POST."""
    report_href = reverse("report", args=(visit.account,))
    if sent_parameters(visit.request).get("what") == "remove" and not is_confirmed(visit.request):
        return _ask_to_remove(visit)
    if visit.request.method == "POST":
        return _change(visit, report_href=report_href)
    job = server_state(visit.request).imports.state(sample_key(visit.account))
    is_running = job is not None and not job.is_over
    if visit.request.headers.get("HX-Request") and not is_running:
        return HttpResponseClientRedirect(report_href if job and job.phase == "done" else visit.request.path)
    page_frame = frame(visit, title="Sample data", current="imports", crumbs=section_links(visit.account, "imports"))
    with visit.reading() as ledger:
        event_count, is_empty = sum(each.accepted for each in sample_imports(ledger)), not has_events(ledger)
    page = SamplePage(
        frame=page_frame,
        loaded=text.counted(event_count, "made-up event") if event_count else "",
        may_load=is_empty,
        progress=progress_of(job) if job and is_running else None,
        job=job_notice(job),
        report_href=report_href,
        href=visit.request.path,
    )
    return rendered(visit.request, "sample_data.html", page=page)


def _ask_to_remove(visit: Visit) -> HttpResponse:
    confirmation = Confirmation(
        question="Remove the sample data?",
        effect="All made-up events are removed, and the report no longer counts them. Your own events stay.",
        button="Remove sample data",
        cancel_href=visit.request.path,
    )
    return account_confirmation(visit, confirmation, section="imports")


def _change(visit: Visit, *, report_href: str) -> HttpResponse:
    state, by = server_state(visit.request), visit.user.email
    try:
        match visit.request.POST.get("what", ""):
            case "load":
                with visit.reading() as ledger:
                    require_no_events(ledger)
                    account = ledger.account
                now = now_us()
                batches = sample_batches(first_us=sample_start_us(account, now=now), now_us=now)
                start_sample_load(state, visit.account, batches=batches, by=by)
            case "remove":
                start_sample_undo(state, visit.account, by=by)
            case _:
                raise Refused("parameter_invalid", "No action was given for the sample data.")
    except BotmeterError as problem:
        add_notice(visit.request, Notice(fact="Nothing was changed.", consequence=problem.message, kind="bad"))
        return redirect(visit.request.path)
    job = state.imports.state(sample_key(visit.account))
    is_done = job is not None and job.phase == "done"
    return redirect(report_href if is_done else visit.request.path)


def sample_start_us(account: Account, *, now: int) -> int:
    """First instant of sample data, not before the account's data start date.

    Raises:
        Conflict: `sample_too_early`.
    """
    first_us = max(now // DAY_US * DAY_US - (SAMPLE_DAYS - 1) * DAY_US, day_start_us(account.available_from))
    if first_us > now:
        raise Conflict(
            "sample_too_early",
            f"Account {account.name} has data from {text.day_text(account.available_from)}, and sample data is of the "
            f"last {SAMPLE_DAYS} days. Set an earlier data start date first.",
        )
    return first_us
