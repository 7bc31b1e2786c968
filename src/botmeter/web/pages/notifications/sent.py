"""Admin → Notifications: what was sent to whom, and why."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.errors import Refused
from botmeter.domain.instant import datetime_from_us, us_from_datetime
from botmeter.people.mail_settings import mail_is_set
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.repeats import may_repeat
from botmeter.people.notifications.topics import Channel, Topic
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Link
from botmeter.web.layout import Frame, frame
from botmeter.web.pages.notifications.statuses import Status, status_of
from botmeter.web.pages.notifications.tabs import notification_tabs
from botmeter.web.rendering import rendered

LINES: Final = 50
_FILTERS: Final[Mapping[str, type[Status] | type[Channel] | type[Topic]]] = {
    "status": Status,
    "channel": Channel,
    "topic": Topic,
}
# µs since 1970, and the id of the last line.
_CURSOR: Final = re.compile(r"(\d{1,16})\.([0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLine:
    """Notification; `repeat_count` names its next repeat."""

    at: str
    topic: str
    channel: str
    recipient: str
    cause: str
    status: str
    status_kind: str
    attempts: str
    answer: str
    next_at: str
    is_again: bool
    again_href: str
    repeat_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSetup:
    """Mail server; `form_token` makes a test sent twice one."""

    server: str
    sender: str
    own_address: str
    test_href: str
    form_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterField:
    """Filter with its choices of (value, label)."""

    name: str
    label: str
    every: str
    chosen: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationsPage:
    """Account's notifications, newest first."""

    frame: Frame
    tabs: tuple[Link, ...]
    mail: MailSetup
    filters: tuple[FilterField, ...]
    lines: tuple[SentLine, ...]
    older_href: str
    newest_href: str
    clear_href: str


@for_member(Right.MANAGE_NOTIFICATIONS)
def notifications(visit: Visit) -> HttpResponse:
    """Show the notifications."""
    query, path = visit.request.GET, reverse("notifications", args=(visit.account,))
    chosen = {name: _choice(name, query.get(name, "")) for name in _FILTERS if query.get(name)}
    matching = list(_matching(visit.account, chosen, before=query.get("before", ""))[: LINES + 1])
    lines = matching[:LINES]
    newest_href = f"{path}?{urlencode(chosen)}" if chosen else path
    page = NotificationsPage(
        frame=frame(visit, title="Notifications", current="notifications"),
        tabs=notification_tabs(visit.account, current="notifications"),
        mail=_mail_setup(visit),
        filters=tuple(_filter_field(name, chosen.get(name, "")) for name in _FILTERS),
        lines=tuple(_line(visit, each) for each in lines),
        older_href=f"{path}?{urlencode({**chosen, 'before': _cursor(lines[-1])})}" if len(matching) > LINES else "",
        newest_href=newest_href if "before" in query else "",
        clear_href=path if chosen else "",
    )
    return rendered(visit.request, "notifications.html", page=page)


def _choice(name: str, typed: str) -> str:
    if typed not in set(_FILTERS[name]):
        raise Refused("parameter_invalid", f"Unknown {name} {typed[:40]!r}. Choose one from the menu on the page.")
    return typed


def _matching(account: str, chosen: Mapping[str, str], *, before: str) -> "QuerySet[Notification]":
    rows = Notification.objects.filter(account=account).annotate(repeat_count=Count("repeats"))
    if "status" in chosen:
        rows = rows.filter(state__in=Status(chosen["status"]).states)
    rows = rows.filter(**{name: value for name, value in chosen.items() if name != "status"})
    if before:
        at, last = _line_before(before)
        rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=last))
    return rows.order_by("-created_at", "-pk")


def _cursor(row: Notification) -> str:
    return f"{us_from_datetime(row.created_at)}.{row.pk.hex}"


def _line_before(cursor: str) -> tuple[datetime, UUID]:
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise Refused("cursor_invalid", f"Invalid cursor {cursor[:40]!r}. Start again from the first page.")
    return datetime_from_us(int(match[1])), UUID(match[2])


def _line(visit: Visit, row: Notification) -> SentLine:
    status = status_of(row.state)
    is_later = status is Status.WAITING and (row.attempts > 0 or row.due_at > row.created_at)
    again = reverse("notification-again", args=(visit.account, row.pk)) if may_repeat(row) else ""
    return SentLine(
        at=text.instant_text(us_from_datetime(row.created_at)),
        topic=Topic(row.topic).label,
        channel=Channel(row.channel).label,
        recipient=row.recipient,
        cause=row.cause,
        status=status.label,
        status_kind=status.kind,
        attempts=text.counted(row.attempts, "attempt") if row.attempts > 1 else "",
        answer=row.last_answer,
        next_at=text.moment_text(row.due_at) if is_later else "",
        is_again=row.again_of_id is not None,
        again_href=again,
        repeat_count=row.repeat_count,  # type: ignore[attr-defined]
    )


def _mail_setup(visit: Visit) -> MailSetup:
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}" if mail_is_set() else ""
    return MailSetup(
        server=server,
        sender=settings.DEFAULT_FROM_EMAIL,
        own_address=visit.user.email,
        test_href=reverse("test-email", args=(visit.account,)),
        form_token=uuid4().hex,
    )


def _filter_field(name: str, chosen: str) -> FilterField:
    every = {"status": "All statuses", "channel": "All channels", "topic": "All topics"}[name]
    choices = tuple((each.value, each.label) for each in _FILTERS[name])
    return FilterField(name=name, label=name.capitalize(), every=every, chosen=chosen, choices=choices)
