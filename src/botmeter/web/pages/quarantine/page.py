"""Groups by reason, and the events behind them."""

from dataclasses import dataclass, replace
from typing import Final

from django.http import HttpResponse
from django_htmx.http import HttpResponseClientRedirect

from botmeter.domain import text
from botmeter.domain.instant import now_us as present_us
from botmeter.domain.receipt import Receipt
from botmeter.ledger.quarantine import (
    discarded_count,
    quarantine_counts,
    quarantine_groups,
    quarantine_sources,
    quarantined,
)
from botmeter.ledger.readable import ReadableLedger
from botmeter.live.imports import JobState
from botmeter.live.quarantine_retries import retry_key
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Link
from botmeter.web.layout import Frame, frame
from botmeter.web.notices import Notice
from botmeter.web.pages.imports.results import job_notice
from botmeter.web.pages.imports.run_page import Progress, progress_of
from botmeter.web.pages.quarantine.actions import RETRIED, change_entries
from botmeter.web.pages.quarantine.entries import RAW_BYTES_MAX, EntryLine, GroupLine, entry_line, group_line
from botmeter.web.quarantine_address import QuarantineAddress
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.server_state import server_state

LINES: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinePage:
    """Quarantine, or its discarded events.

    Attributes:
        may_change: Events can be retried, discarded and restored; a lake's can't.
        finds_content: Events are shown as sent, and searched.
        is_in_lake: Of an account in a lake.
        select_all: Label for all matching events.
        result: Of the last retry.
    """

    frame: Frame
    address: QuarantineAddress
    tabs: tuple[Link, ...]
    groups: tuple[GroupLine, ...]
    lines: tuple[EntryLine, ...]
    sources: tuple[str, ...]
    may_change: bool
    finds_content: bool
    is_in_lake: bool
    select_all: str
    downloads: tuple[Link, ...]
    first_href: str
    next_href: str
    clear_href: str
    range: str
    progress: Progress | None
    result: Notice | None
    href: str
    action: str
    zone: str


@for_member(Right.SEE_QUARANTINE, posts=Right.MANAGE_QUARANTINE)
def quarantine(visit: Visit) -> HttpResponse:
    """Show the page; on POST retry, discard or restore events."""
    address = QuarantineAddress.of(visit.request.GET)
    if visit.request.method == "POST":
        return change_entries(visit, address)
    job = server_state(visit.request).imports.state(retry_key(visit.account))
    is_running = job is not None and not job.is_over
    if visit.request.headers.get("HX-Request") and not is_running:
        # The retry has ended.
        return HttpResponseClientRedirect(visit.request.get_full_path())
    zone = preferred_zone(visit.account)
    page_frame = frame(visit, title="Quarantine", current="quarantine")
    with visit.reading() as ledger:
        page = _page(visit, ledger, address=address, page_frame=page_frame, zone=zone)
    if job is not None:
        result = None if is_running or RETRIED not in visit.request.GET else _result(job)
        page = replace(page, progress=progress_of(job) if is_running else None, result=result)
    return rendered(visit.request, "quarantine.html", page=page)


def _page(
    visit: Visit, ledger: ReadableLedger, *, address: QuarantineAddress, page_frame: Frame, zone: str
) -> QuarantinePage:
    may_manage, now_us, account = visit.may(Right.MANAGE_QUARANTINE), present_us(), visit.account
    chosen = address.chosen(finds_content=may_manage)
    groups = quarantine_groups(ledger, replace(chosen, code=None), raw_bytes_max=1)
    count = sum(group.entry_count for group in groups if address.code in {"", group.code})
    entries = quarantined(ledger, chosen, after=address.after, limit=LINES + 1, raw_bytes_max=RAW_BYTES_MAX + 1)
    lines = tuple(entry_line(each, zone=zone, now_us=now_us, has_raw=may_manage) for each in entries[:LINES])
    counts = (sum(quarantine_counts(ledger).values()), discarded_count(ledger))
    has_more = len(entries) > LINES
    next_page = replace(address, after=int(lines[-1].number)) if has_more else address
    return QuarantinePage(
        frame=page_frame,
        address=address,
        tabs=_tabs(account, counts, is_discarded=address.is_discarded),
        groups=tuple(group_line(each, address, account=account, zone=zone, now_us=now_us) for each in groups),
        lines=lines,
        sources=tuple(quarantine_sources(ledger)),
        may_change=may_manage and ledger.lake is None,
        finds_content=may_manage,
        is_in_lake=ledger.lake is not None,
        select_all=f"All {text.counted(count, 'event')}" if count > 1 else "The event",
        downloads=_downloads(address, account) if may_manage and visit.may(Right.EXPORT) and count else (),
        first_href=address.first_page().href(account) if address.after else "",
        next_href=next_page.href(account) if has_more else "",
        clear_href=QuarantineAddress(is_discarded=address.is_discarded).href(account) if address.has_filters else "",
        range=f"{len(lines)} of {text.counted(count, 'event')}",
        progress=None,
        result=None,
        href=visit.request.get_full_path(),
        action=address.href(account),
        zone=zone,
    )


def _tabs(account: str, counts: tuple[int, int], *, is_discarded: bool) -> tuple[Link, ...]:
    labels = (f"Quarantined ({text.count_text(counts[0])})", f"Discarded ({text.count_text(counts[1])})")
    return tuple(
        Link(label=label, href=QuarantineAddress(is_discarded=each).href(account), is_current=each == is_discarded)
        for each, label in zip((False, True), labels, strict=True)
    )


def _downloads(address: QuarantineAddress, account: str) -> tuple[Link, ...]:
    first, route = address.first_page(), "quarantine-download"
    return (
        Link(label="NDJSON", href=first.href(account, route=route)),
        Link(label="As sent", href=first.href(account, route=route, form="raw")),
    )


def _result(job: JobState) -> Notice | None:
    receipt = job.result
    if not isinstance(receipt, Receipt):
        return job_notice(job)
    left, remaining = receipt.accepted + receipt.duplicates, receipt.rejected + receipt.conflicts
    return Notice(
        fact=f"{text.counted(left, 'event')} left quarantine.",
        consequence=f"{text.counted(remaining, 'event')} of those retried {'remains' if remaining == 1 else 'remain'}.",
        kind="ok" if left else "info",
    )
