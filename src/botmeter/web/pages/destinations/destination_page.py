"""Page of a destination."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import uuid4

from django.db import transaction
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.errors import Refused, Unavailable
from botmeter.domain.instant import present
from botmeter.people.attempts import AttemptLimit, count_attempt, duration_text
from botmeter.people.audit import Action
from botmeter.people.notifications import destination_changes
from botmeter.people.notifications.destinations import recipient_of
from botmeter.people.notifications.models import Destination, Notification
from botmeter.people.notifications.outbox import Message, put
from botmeter.people.notifications.topics import Channel, Topic
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Link
from botmeter.web.confirmation import Confirmation, confirmation_page, is_confirmed, sent_parameters
from botmeter.web.form_errors import form_errors
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import COPY_NOW, Notice, add_notice
from botmeter.web.pages.destinations.forms import FIELD_OF_CODE, KIND_LABELS, DestinationForm, RotationForm
from botmeter.web.pages.destinations.list_page import author, state_of
from botmeter.web.pages.notifications.statuses import Status, status_of
from botmeter.web.rendering import rendered

SENT_MAX: Final = 20
TESTS: Final = AttemptLimit(name="tests by", free_count=60, period=timedelta(hours=1))
"""Of one user, so that the server is no tool to send requests to others."""
# Question, effect and button by action.
_QUESTIONS: Final = {
    "turn-off": (
        "Turn off {name}?",
        "Nothing more is sent to it, and what waits for another attempt fails.",
        "Turn off",
    ),
    "remove": (
        "Remove {name}?",
        "Its URL and secrets are deleted. Alerts and schedules go on without it; what waits for another attempt fails.",
        "Remove destination",
    ),
    "rotate-now": (
        "Replace the secret of {name} immediately?",
        "Requests are no longer signed by the current secret. A receiver that knows only that one refuses them.",
        "Replace secret",
    ),
}
_TOKEN: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLine:
    """Notification; `state` is text and style of its tag."""

    at: str
    topic: str
    cause: str
    state: tuple[str, str]
    attempts: str
    answer: str
    next_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationPage:
    """Destination.

    Attributes:
        rotation: None unless it is a webhook.
        old_secret: Sentence while the old secret signs, too.
        test: The last one, None before the first.
    """

    frame: Frame
    kind: str
    to: str
    state: tuple[str, str]
    is_on: bool
    off_reason: str
    form: Form
    rotation: Form | None
    old_secret: str
    test: SentLine | None
    is_waiting: bool
    form_token: str
    sent: tuple[SentLine, ...]
    href: str


@for_member(Right.MANAGE_NOTIFICATIONS, posts=Right.MANAGE_NOTIFICATIONS)
def destination(visit: Visit, *, destination: int) -> HttpResponse:
    """Show a destination; run an action on POST."""
    row = get_object_or_404(Destination, pk=destination, account=visit.account)
    asked = _question(visit, row)
    if asked is not None and not is_confirmed(visit.request):
        return asked
    is_post = visit.request.method == "POST"
    what = visit.request.POST.get("what", "")
    form = DestinationForm(visit.request.POST if what == "save" else None, kind=Channel(row.kind), row=row)
    if is_post and what != "save":
        if what not in _BUTTONS:
            raise Refused("parameter_invalid", "No action was given for the destination.")
        add_notice(visit.request, _BUTTONS[what](visit, row))
        return redirect("destinations", visit.account) if what == "remove" else redirect(visit.request.path)
    if form.is_valid():
        with form_errors(form, fields=FIELD_OF_CODE):
            is_changed = destination_changes.change_destination(row, form.draft(), author=author(visit))
            add_notice(visit.request, Notice(fact="Saved." if is_changed else "No changes."))
            return redirect(visit.request.path)
    row.refresh_from_db()
    return _page(visit, row, form=form)


def _question(visit: Visit, row: Destination) -> HttpResponse | None:
    sent = sent_parameters(visit.request)
    action = sent.get("what", "")
    if action == "rotate" and sent.get("lives_on") == "now":
        action = "rotate-now"
    if action not in _QUESTIONS:
        return None
    question, effect, button = (words.format(name=row.name) for words in _QUESTIONS[action])
    cancel_href = reverse("destination", args=(visit.account, row.pk))
    confirmation = Confirmation(question=question, effect=effect, button=button, cancel_href=cancel_href)
    page_frame = frame(visit, title=question, current="notifications", crumbs=_crumbs(visit))
    return confirmation_page(visit.request, confirmation, page_frame=page_frame)


def _crumbs(visit: Visit) -> tuple[Link, ...]:
    here = Link(label="Destinations", href=reverse("destinations", args=(visit.account,)))
    return (*section_links(visit.account, "notifications"), here)


def _rotate(visit: Visit, row: Destination) -> Notice:
    form = RotationForm(visit.request.POST)
    if not form.is_valid():
        raise Refused("parameter_invalid", "No time was given for the old secret.")
    secret = destination_changes.rotate_secret(row, lives_on=form.lasting(), author=author(visit))
    return Notice(fact=f"New signing secret of {row.name}:", consequence=COPY_NOW, secrets=(secret,))


def _turn_on(visit: Visit, row: Destination) -> Notice:
    destination_changes.turn_destination(row, is_on=True, author=author(visit))
    return Notice(fact=f"{row.name} is on.", consequence="Send a test to see whether it works.")


def _turn_off(visit: Visit, row: Destination) -> Notice:
    destination_changes.turn_destination(row, is_on=False, author=author(visit))
    return Notice(fact=f"{row.name} is off.", consequence="Nothing more is sent to it.", kind="warn")


def _remove(visit: Visit, row: Destination) -> Notice:
    destination_changes.remove_destination(row, author=author(visit))
    return Notice(fact=f"{row.name} was removed.")


def _test(visit: Visit, row: Destination) -> Notice:
    if not row.is_on:
        return Notice(fact=f"{row.name} is off.", consequence="Turn it on to send a test.", kind="warn")
    token = visit.request.POST.get("form_token", "")
    if not _TOKEN.fullmatch(token):
        raise Refused("parameter_invalid", "The form of the test is not complete. Reload the page.")
    # A form that is sent twice is one test.
    message = Message(
        key=f"test:{visit.account}:{visit.user.pk}:{token}",
        topic=Topic.TEST,
        account=visit.account,
        cause=f"{visit.user.email} sent a test.",
    )
    if wait := count_attempt(TESTS.of(visit.user.pk)):
        raise Unavailable(
            "tests_exceeded",
            f"You sent more than {TESTS.free_count} tests within an hour. Try again in {duration_text(wait)}.",
            retry_after_seconds=wait,
        )
    with transaction.atomic():
        if put(message, [recipient_of(row)]):
            visit.record(Action.NOTIFICATION_TESTED, destination=row.name)
    return Notice(fact="Test sent.", consequence="Its answer appears below.", kind="info")


_BUTTONS: Final[dict[str, Callable[[Visit, Destination], Notice]]] = {
    "remove": _remove,
    "rotate": _rotate,
    "test": _test,
    "turn-off": _turn_off,
    "turn-on": _turn_on,
}


def _page(visit: Visit, row: Destination, *, form: Form) -> HttpResponse:
    rows = Notification.objects.filter(destination=row).order_by("-created_at", "-pk")
    test = rows.filter(topic=Topic.TEST).first()
    until = row.old_secret_until
    page = DestinationPage(
        frame=frame(
            visit,
            title=row.name,
            current="notifications",
            crumbs=_crumbs(visit),
        ),
        kind=KIND_LABELS[Channel(row.kind)],
        to=row.shown_url or row.folder or "Folder of the account",
        state=state_of(row),
        is_on=row.is_on,
        off_reason=row.off_reason,
        form=form,
        rotation=RotationForm() if row.kind == Channel.WEBHOOK else None,
        old_secret=f"The old secret signs, too, until {text.moment_text(until)}."
        if until is not None and until > present()
        else "",
        test=_line(test) if test is not None else None,
        is_waiting=test is not None and status_of(test.state) in {Status.WAITING, Status.SENDING},
        form_token=uuid4().hex,
        sent=tuple(_line(each) for each in rows[:SENT_MAX]),
        href=visit.request.path,
    )
    return rendered(visit.request, "destinations/destination.html", page=page)


def _line(row: Notification) -> SentLine:
    status = status_of(row.state)
    is_again = status is Status.WAITING and row.attempts > 0
    return SentLine(
        at=text.moment_text(row.created_at),
        topic=Topic(row.topic).label,
        cause=row.cause,
        state=(status.label, status.kind),
        attempts=text.count_text(row.attempts),
        answer=row.last_answer,
        next_at=text.moment_text(row.due_at) if is_again else "",
    )
