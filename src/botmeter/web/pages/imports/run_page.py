"""Progress of an import or dry run; its end leads to the result."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from botmeter.domain import text
from botmeter.live.import_work import ImportResult
from botmeter.live.imports import JobState
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.pages.imports.texts import size_text
from botmeter.web.rendering import rendered
from botmeter.web.server_state import server_state

_PHASES: Final = {
    "waiting": "Waiting for another import.",
    "reading": "Reading the file.",
    "metering": "Metering the events.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Progress of a job; `percent` is empty if unknown."""

    phase: str
    percent: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """Unfinished job."""

    frame: Frame
    kind: str
    progress: Progress
    href: str


@for_member(Right.IMPORT_FILES, posts=Right.IMPORT_FILES)
def import_run(visit: Visit, *, file: str) -> HttpResponse:
    """Show the progress; stop the job on POST."""
    jobs = server_state(visit.request).imports
    job = jobs.state(file)
    if job is None or job.account != visit.account:
        return _go_on(visit, reverse("uploaded-file", args=(visit.account, file)))
    if visit.request.method == "POST":
        jobs.stop(file)
        return redirect(visit.request.path)
    if job.is_over:
        return _go_on(visit, _result_href(job))
    page = RunPage(
        frame=frame(visit, title=job.file_name, current="imports", crumbs=section_links(visit.account, "imports")),
        kind=job.kind.capitalize(),
        progress=progress_of(job),
        href=visit.request.path,
    )
    return rendered(visit.request, "import_run.html", page=page)


def progress_of(job: JobState) -> Progress:
    """Format a job's progress."""
    total_bytes = job.total_bytes
    is_reading = job.phase == "reading" and total_bytes
    events = text.counted(job.event_count, "record")
    read = f"{size_text(min(job.bytes_read, total_bytes))} of {size_text(total_bytes)}, {events}"
    return Progress(
        phase=_PHASES.get(job.phase, ""),
        percent=str(min(100, 100 * job.bytes_read // total_bytes)) if is_reading else "",
        detail=read if is_reading else events if job.event_count else "",
    )


def _result_href(job: JobState) -> str:
    if isinstance(job.result, ImportResult):
        return reverse("import", args=(job.account, job.result.number))
    path = reverse("uploaded-file", args=(job.account, job.key))
    return f"{path}?{job.settings}#result" if job.settings else f"{path}#result"


def _go_on(visit: Visit, href: str) -> HttpResponse:
    return HttpResponseClientRedirect(href) if visit.request.headers.get("HX-Request") else redirect(href)
