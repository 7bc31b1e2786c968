"""Test emails, and repeated notifications."""

from contextlib import AbstractContextManager, nullcontext
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect

from botmeter.domain.errors import Refused
from botmeter.people.audit import Action
from botmeter.people.email_limits import email_allowed
from botmeter.people.mail_settings import MAIL_NEEDED, mail_is_set
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.outbox import Message, Recipient, put
from botmeter.people.notifications.repeats import repeat
from botmeter.people.notifications.topics import Channel, Topic
from botmeter.people.public_address import origin_of
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.notices import Notice, add_notice

_TOKEN_CHARACTERS_MAX = 64
_NUMBER_DIGITS_MAX = 6
_for_admins = for_member(Right.MANAGE_NOTIFICATIONS, posts=Right.MANAGE_NOTIFICATIONS)


@_for_admins
def test_email(visit: Visit) -> HttpResponse:
    """Send a test to the user's own address."""
    visit.require_post()
    if not mail_is_set():
        raise Refused("mail_not_set_up", MAIL_NEEDED)
    token = visit.request.POST.get("form_token", "")[:_TOKEN_CHARACTERS_MAX]
    message = Message(
        key=f"test:{visit.account}:{visit.user.pk}:{token}",
        topic=Topic.TEST,
        account=visit.account,
        cause="You asked for it on the page Notifications.",
        content={"origin": origin_of(visit.request)},
    )
    recipient = Recipient(channel=Channel.EMAIL, address=visit.user.email, user_id=visit.user.pk)
    with email_allowed(visit.user.email, by=visit.user), transaction.atomic():
        if put(message, [recipient]):
            visit.record(Action.NOTIFICATION_TESTED, email=visit.user.email)
    add_notice(visit.request, Notice(fact=f"Test email to {visit.user.email} is on its way."))
    return redirect("notifications", visit.account)


@_for_admins
def again(visit: Visit, *, notification: UUID) -> HttpResponse:
    """Send a notification again."""
    visit.require_post()
    row = get_object_or_404(Notification, pk=notification, account=visit.account)
    number = visit.request.POST.get("number", "")
    if not (number.isascii() and number.isdigit() and len(number) <= _NUMBER_DIGITS_MAX):
        raise Refused("parameter_invalid", "The number of the repeat is missing. Open the page again.")
    with _limited(visit, row), transaction.atomic():
        if repeat(row, number=int(number)):
            visit.record(Action.NOTIFICATION_SENT_AGAIN, topic=row.topic, to=row.recipient)
    add_notice(visit.request, Notice(fact=f"Notification to {row.recipient} is sent again."))
    return redirect("notifications", visit.account)


def _limited(visit: Visit, row: Notification) -> AbstractContextManager[None]:
    return email_allowed(row.recipient, by=visit.user) if row.channel == Channel.EMAIL else nullcontext()
