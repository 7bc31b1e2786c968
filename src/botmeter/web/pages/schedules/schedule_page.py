"""One schedule: add, change, pause, remove, and send a sample."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from botmeter.domain.errors import BotmeterError, Conflict, Refused, Unavailable
from botmeter.domain.instant import present
from botmeter.people.attempts import AttemptLimit, count_attempt, duration_text
from botmeter.people.audit import Action
from botmeter.people.mail_settings import MAIL_NEEDED, mail_is_set
from botmeter.people.notifications.editions import sample_edition
from botmeter.people.notifications.outbox import Recipient
from botmeter.people.notifications.schedule_models import Schedule
from botmeter.people.notifications.schedules import FILTERS_KEY, Subject, put_sample, timing_of
from botmeter.people.notifications.slots import Cadence
from botmeter.people.notifications.topics import Channel
from botmeter.people.removed_rows import row_copy
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Link
from botmeter.web.form_errors import form_errors
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.schedules.form import STATEMENTS, ScheduleForm, initial_of
from botmeter.web.pages.schedules.list_page import Result, last_result, next_text, visible_schedules
from botmeter.web.pages.schedules.recipients import (
    RecipientChoices,
    check_recipients,
    parts_of,
    recipient_choices,
    recipients_invalid,
    sent_recipients,
)
from botmeter.web.question import preferred_zone, report_question
from botmeter.web.rendering import rendered
from botmeter.web.report_address import ReportAddress
from botmeter.web.server_state import server_state
from botmeter.web.undo import UndoKind, offer_undo
from botmeter.web.zones import zones_offered

if TYPE_CHECKING:
    from botmeter.people.notifications.editions import Edition

SAMPLES: Final = AttemptLimit(name="samples by", free_count=20, period=timedelta(hours=1))
"""Of one user: each reads a report and may write a file of some MB."""
_TOKEN_BYTES: Final = 16
_FIELDS: Final = ("name", "cadence", "weekday", "month_day", "hour", "timezone", "file_format", "skips_empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePage:
    """Form; a new schedule has no `next` and no `result`.

    Attributes:
        sample_token: Prevents a second sample by a double click.
    """

    frame: Frame
    form: ScheduleForm
    recipients: RecipientChoices
    zones: tuple[str, ...]
    is_new: bool
    is_on: bool
    next: str
    result: Result | None
    cancel_href: str
    sample_token: str
    mail_needed: str


@for_member(Right.SCHEDULE_REPORTS, posts=Right.SCHEDULE_REPORTS)
def new_schedule(visit: Visit) -> HttpResponse:
    """Add a schedule."""
    if visit.request.method != "POST":
        report = visit.request.GET.get("report", "")
        initial = {
            "form_token": secrets.token_hex(_TOKEN_BYTES),
            "report": report,
            "cadence": Cadence.CYCLE_CLOSE if report == STATEMENTS else Cadence.DAILY,
            "hour": 9,
            "timezone": preferred_zone(visit.account),
        }
        form = ScheduleForm(initial=initial, visit=visit)
        form.initial["name"] = form.names.get(report, "")
        return _page(visit, form, entries=[{"user": visit.user.pk}])
    form = ScheduleForm(visit.request.POST, visit=visit)
    entries = _read_entries(visit, form, before=[])
    if form.is_valid():
        schedule, is_new = _add(visit, form, entries=entries)
        if is_new:
            visit.record(Action.SCHEDULE_ADDED, **_detail(schedule))
            add_notice(
                visit.request, Notice(fact=f"Schedule {schedule.name} added.", consequence=_consequence(schedule))
            )
        return redirect("schedules", visit.account)
    return _page(visit, form, entries=entries)


@for_member(Right.SCHEDULE_REPORTS, posts=Right.SCHEDULE_REPORTS)
def schedule(visit: Visit, *, schedule: int) -> HttpResponse:
    """Show a schedule; change, pause or remove it, or send a sample, on POST."""
    known = get_object_or_404(visible_schedules(visit), pk=schedule)
    if visit.request.method != "POST":
        return _page(visit, ScheduleForm(initial=initial_of(known), visit=visit, schedule=known), schedule=known)
    match visit.request.POST.get("what", "save"):
        case "save":
            return _save(visit, known)
        case "pause" | "resume" as what:
            return _switch(visit, known, is_on=what == "resume")
        case "remove":
            return _remove(visit, known)
        case "sample":
            return _sample(visit, known)
        case _:
            raise Refused("parameter_invalid", "No valid action was given for the schedule.")


def _save(visit: Visit, known: Schedule) -> HttpResponse:
    form = ScheduleForm(visit.request.POST, visit=visit, schedule=known)
    entries = _read_entries(visit, form, before=known.recipients)
    if not form.is_valid():
        return _page(visit, form, schedule=known, entries=entries)
    before = _detail(known)
    _fill(visit, known, form=form, entries=entries)
    known.save()
    visit.record(Action.SCHEDULE_CHANGED, **_detail(known), before=before)
    add_notice(visit.request, Notice(fact=f"Schedule {known.name} saved.", consequence=_consequence(known)))
    return redirect("schedules", visit.account)


def _switch(visit: Visit, known: Schedule, *, is_on: bool) -> HttpResponse:
    if known.is_on != is_on:
        # What fell due during the pause is not sent.
        known.is_on, known.begins_at = is_on, present()
        known.save(update_fields=["is_on", "begins_at"])
        visit.record(Action.SCHEDULE_CHANGED, name=known.name, is_on=is_on)
    state = "resumed" if is_on else "paused"
    add_notice(visit.request, Notice(fact=f"Schedule {known.name} {state}.", consequence=_consequence(known)))
    return redirect("schedule", visit.account, known.pk)


def _remove(visit: Visit, known: Schedule) -> HttpResponse:
    before = row_copy(known)
    known.removed_at = present()
    known.save(update_fields=["removed_at"])
    visit.record(Action.SCHEDULE_REMOVED, name=known.name)
    back_href = reverse("schedules", args=(visit.account,))
    undo = offer_undo(visit, UndoKind.SCHEDULE_REMOVED, before=before, back_href=back_href)
    notice = Notice(fact=f"Schedule {known.name} removed.", consequence="It sends nothing any more.", undo=undo)
    add_notice(visit.request, notice)
    return redirect(back_href)


def _sample(visit: Visit, known: Schedule) -> HttpResponse:
    back = redirect("schedule", visit.account, known.pk)
    try:
        edition = _sample_edition(visit, known)
        if wait := count_attempt(SAMPLES.of(visit.user.pk)):
            raise Unavailable(
                "emails_exceeded",
                f"You sent {SAMPLES.free_count} samples within an hour, the maximum. Try again in "
                f"{duration_text(wait)}.",
                retry_after_seconds=wait,
            )
    except BotmeterError as problem:
        add_notice(visit.request, Notice(fact="No sample was sent.", consequence=problem.message, kind="bad"))
        return back
    token = visit.request.POST.get("sample_token", "")[:64]
    to = Recipient(channel=Channel.EMAIL, address=visit.user.email, user_id=visit.user.pk)
    put_sample(known, edition, token=f"{visit.user.pk}:{token}", to=to)
    notice = Notice(fact=f"A sample is on its way to {visit.user.email}.")
    if not mail_is_set():
        notice = Notice(fact="The sample waits.", consequence=MAIL_NEEDED, kind="warn")
    add_notice(visit.request, notice)
    return back


def _sample_edition(visit: Visit, known: Schedule) -> "Edition":
    with visit.reading() as ledger:
        return sample_edition(
            ledger,
            timing=timing_of(known),
            is_statement=known.subject == Subject.STATEMENT,
            now=present(),
        )


def _read_entries(visit: Visit, form: ScheduleForm, *, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    entries = sent_recipients(visit, visit.request.POST, before=before)
    form.is_valid()
    with form_errors(form, fields={}):
        check_recipients(visit, entries, before=before)
        if form.cleaned_data.get("report") == STATEMENTS and any(FILTERS_KEY in entry for entry in entries):
            raise recipients_invalid("A statement has no parts. Choose everything for each recipient.")
    return entries


def _add(visit: Visit, form: ScheduleForm, *, entries: list[dict[str, Any]]) -> tuple[Schedule, bool]:
    schedule = Schedule(account=visit.account, form_token=form.cleaned_data["form_token"])
    _fill(visit, schedule, form=form, entries=entries)
    with transaction.atomic():
        # The same form sent twice, also at the same time, adds one.
        Schedule.objects.bulk_create([schedule], ignore_conflicts=True)
        stored = Schedule.objects.get(form_token=schedule.form_token)
    if stored.account != visit.account:
        raise Conflict("schedule_exists", "This form was sent before. Open a new one.")
    return stored, stored.created_at == schedule.created_at


def _fill(visit: Visit, schedule: Schedule, *, form: ScheduleForm, entries: list[dict[str, Any]]) -> None:
    fields = form.cleaned_data
    times = (schedule.cadence, schedule.hour, schedule.weekday, schedule.month_day, schedule.timezone)
    for name in _FIELDS:
        setattr(schedule, name, fields[name])
    if times != (schedule.cadence, schedule.hour, schedule.weekday, schedule.month_day, schedule.timezone):
        # A slot that was never promised is not sent belatedly.
        schedule.begins_at = present()
    if form.subject is Subject.STATEMENT:
        schedule.view, schedule.query = None, ""
    elif form.view is not None:
        schedule.view, schedule.query = form.view, form.view.query
    schedule.subject, schedule.recipients = form.subject.value, entries
    # Its author's rights bound those of other recipients.
    schedule.created_by = visit.user
    schedule.data_folder = server_state(visit.request).ledgers.folder.id


def _consequence(schedule: Schedule) -> str:
    at = next_text(schedule)
    return f"Next: {at[:1].lower()}{at[1:]}, {schedule.timezone}." if at else "It sends nothing until you resume it."


def _detail(schedule: Schedule) -> dict[str, Any]:
    timing = timing_of(schedule)
    return {
        "name": schedule.name,
        "report": schedule.view.name if schedule.view is not None else schedule.subject,
        "times": f"{timing.sentence}, {schedule.timezone}",
        "recipients": len(schedule.recipients),
        "file": schedule.file_format,
    }


def _page(
    visit: Visit,
    form: ScheduleForm,
    *,
    schedule: Schedule | None = None,
    entries: list[dict[str, Any]] | None = None,
) -> HttpResponse:
    schedules_link = Link(label="Schedules", href=reverse("schedules", args=(visit.account,)))
    zone = preferred_zone(visit.account)
    page_frame = frame(
        visit,
        title="New schedule" if schedule is None else schedule.name,
        current="reports",
        crumbs=(*section_links(visit.account, "reports"), schedules_link),
    )
    with visit.reading() as ledger:
        # The values of the last 30 days.
        parts = parts_of(ledger, report_question(ledger, ReportAddress(), zone=zone).query)
    known = entries if entries is not None or schedule is None else schedule.recipients
    page = SchedulePage(
        frame=page_frame,
        form=form,
        recipients=recipient_choices(visit, known or [], parts=parts),
        zones=zones_offered(zone),
        is_new=schedule is None,
        is_on=schedule is None or schedule.is_on,
        next="" if schedule is None else next_text(schedule),
        result=None if schedule is None else last_result(schedule),
        cancel_href=schedules_link.href,
        sample_token=secrets.token_hex(_TOKEN_BYTES),
        mail_needed="" if mail_is_set() else MAIL_NEEDED,
    )
    return rendered(visit.request, "schedules/schedule.html", page=page, status=400 if form.errors else 200)
