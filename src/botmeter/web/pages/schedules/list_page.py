"""Reports → Schedules."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.http import HttpResponse
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.instant import now_us, present, us_from_datetime
from botmeter.people.mail_settings import MAIL_NEEDED, mail_is_set
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.schedule_models import Schedule, ScheduleSlot
from botmeter.people.notifications.schedules import Subject, schedules_of, timing_of
from botmeter.people.notifications.slots import Cadence
from botmeter.people.notifications.topics import State
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.pages.schedules.recipients import recipient_names
from botmeter.web.pages.sharing.saved_address import address_of_query, filters_text
from botmeter.web.rendering import rendered
from botmeter.web.server_state import server_state

if TYPE_CHECKING:
    from django.db.models import QuerySet

_NAMES_MAX: Final = 2
_STATE_WORDS: Final = {State.HANDED_OVER: "sent", State.FAILED: "failed", State.SUPERSEDED: "not sent"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Outcome of the last slot; `kind` is that of its mark."""

    label: str
    detail: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleLine:
    """Schedule; `next` is empty while it is paused."""

    name: str
    href: str
    subject: str
    times: str
    next: str
    recipients: str
    author: str
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulesPage:
    """Schedules of the account that the member may see."""

    frame: Frame
    schedules: tuple[ScheduleLine, ...]
    new_href: str
    mail_needed: str


@for_member(Right.SCHEDULE_REPORTS)
def schedules(visit: Visit) -> HttpResponse:
    """List the schedules."""
    page = SchedulesPage(
        frame=frame(visit, title="Schedules", current="reports", crumbs=section_links(visit.account, "reports")),
        schedules=tuple(_line(visit, each) for each in visible_schedules(visit)),
        new_href=reverse("schedule-new", args=(visit.account,)),
        mail_needed="" if mail_is_set() else MAIL_NEEDED,
    )
    return rendered(visit.request, "schedules/list.html", page=page)


def visible_schedules(visit: Visit) -> "QuerySet[Schedule]":
    """Own schedules, or all of the account for those who manage notifications."""
    found = schedules_of(visit.account)
    return found if visit.may(Right.MANAGE_NOTIFICATIONS) else found.filter(created_by=visit.user)


def next_text(schedule: Schedule) -> str:
    """Next slot in words; empty while paused."""
    timing = timing_of(schedule)
    if not schedule.is_on:
        return ""
    if timing.cadence is Cadence.CYCLE_CLOSE:
        return "When a cycle is closed"
    slot_us = us_from_datetime(timing.next_slot(after=max(present(), schedule.begins_at)).due_at)
    return text.row_instant_text(slot_us, zone=schedule.timezone, now_us=now_us(), seconds=False)


def last_result(schedule: Schedule) -> Result:
    """Outcome of the newest slot."""
    slot = schedule.slots.order_by("-due_at").first()
    if slot is None:
        return Result(label="Not sent yet")
    at = text.row_instant_text(us_from_datetime(slot.due_at), zone=schedule.timezone, now_us=now_us(), seconds=False)
    return _result_of(slot, at=at)


def _result_of(slot: ScheduleSlot, *, at: str) -> Result:
    sent = list(Notification.objects.filter(pk__in=slot.notifications).order_by("pk"))
    if not sent:
        return Result(label="Not sent", detail=f"{at}: no recipient was left.", kind="warn")
    counts = Counter(_STATE_WORDS.get(State(each.state), "waiting") for each in sent)
    words = ", ".join(f"{text.count_text(count)} {word}" for word, count in sorted(counts.items()))
    reasons = {each.last_answer for each in sent if each.state in (State.FAILED, State.SUPERSEDED, State.DUE)}
    detail = " ".join((f"{at}: {words}.", *sorted(filter(None, reasons))[:1]))
    if counts["failed"]:
        return Result(label="Failed", detail=detail, kind="bad")
    if counts["waiting"]:
        return Result(label="Waiting", detail=detail, kind="warn")
    return Result(label="Sent" if counts["sent"] else "Not sent", detail=detail, kind="ok" if counts["sent"] else "")


def _line(visit: Visit, schedule: Schedule) -> ScheduleLine:
    timing, names = timing_of(schedule), recipient_names(visit, schedule.recipients)
    more = len(names) - _NAMES_MAX
    is_elsewhere = schedule.data_folder != server_state(visit.request).ledgers.folder.id
    return ScheduleLine(
        name=schedule.name,
        href=reverse("schedule", args=(visit.account, schedule.pk)),
        subject=subject_text(schedule),
        times=f"{timing.sentence}, {schedule.timezone}",
        next="By another server. Save it to send it from here." if is_elsewhere else next_text(schedule),
        recipients=", ".join(names[:_NAMES_MAX]) + (f" and {more} more" if more > 0 else "") or "Nobody",
        author=str(schedule.created_by or "former user"),
        result=last_result(schedule),
    )


def subject_text(schedule: Schedule) -> str:
    """Name the report of a schedule."""
    if schedule.subject == Subject.STATEMENT:
        return "Statements"
    if schedule.view is not None:
        return schedule.view.name
    return filters_text(address_of_query(schedule.query)) or "Bot session consumption"
