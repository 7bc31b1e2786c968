"""Outbox of notifications."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Min, Q, QuerySet

from botmeter.domain.instant import present
from botmeter.ledger.folder_files import folder_id
from botmeter.people.notifications.delivery import Answer, Outcome
from botmeter.people.notifications.models import ANSWER_CHARACTERS_MAX, CAUSE_CHARACTERS_MAX, Notification
from botmeter.people.notifications.retry_times import next_attempt_at
from botmeter.people.notifications.topics import Channel, State, Topic

LEASE: Final = timedelta(minutes=10)
"""Longer than the slowest mail server: 20 seconds for each of its ten answers, and a large attachment."""
_KEY_CHARACTERS_MAX: Final = 200
KEPT: Final = timedelta(days=365)
"""Of finished notifications: until the report of a year was sent again."""
KEPT_OF_NO_ACCOUNT: Final = timedelta(days=7)
"""Of password links that people requested, which no page shows."""

waking: Final[list[Callable[[], None]]] = []
"""Called after a transaction that put notifications."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Message to several recipients.

    Attributes:
        key: The same one is not put twice.
        account: Empty for one that nobody sees.
        content: Without secrets.
        due_at: None: at once.
    """

    key: str
    topic: Topic
    account: str
    cause: str
    content: Mapping[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Email address, or name of a destination."""

    channel: Channel
    address: str
    user_id: int | None = None
    destination_id: int | None = None


def put(
    message: Message, recipients: Sequence[Recipient], *, superseded: bool = False, again_of: Notification | None = None
) -> list[Notification]:
    """Put a notification for each recipient without one by the message's key; return the new ones."""
    now = present()
    rows = {
        row.key: row for row in (_row(message, recipient, superseded=superseded, now=now) for recipient in recipients)
    }
    for row in rows.values():
        row.again_of = again_of
    with transaction.atomic():
        Notification.objects.bulk_create(rows.values(), ignore_conflicts=True)
        # Another transaction may have put the same key.
        own = set(Notification.objects.filter(pk__in=[row.pk for row in rows.values()]).values_list("pk", flat=True))
        transaction.on_commit(wake_senders)
    return [row for row in rows.values() if row.pk in own]


def _row(message: Message, recipient: Recipient, *, superseded: bool, now: datetime) -> Notification:
    data_folder = folder_id(settings.DATA)
    return Notification(
        key=notification_key(message.key, recipient, data_folder=data_folder),
        data_folder=data_folder,
        account=message.account,
        topic=message.topic.value,
        cause=message.cause[:CAUSE_CHARACTERS_MAX],
        content=dict(message.content),
        channel=recipient.channel.value,
        recipient=recipient.address,
        user_id=recipient.user_id,
        destination_id=recipient.destination_id,
        state=State.SUPERSEDED if superseded else State.DUE,
        due_at=message.due_at or now,
        created_at=now,
    )


def notification_key(key: str, recipient: Recipient, *, data_folder: str) -> str:
    """Message's key with its recipient, hashed if long."""
    # Of one data folder: those of servers that share a database can have accounts of one name.
    text = f"{data_folder}:{key}:{recipient.channel.value}:{recipient.address}"
    return text if len(text) <= _KEY_CHARACTERS_MAX else hashlib.sha256(text.encode()).hexdigest()


def wake_senders() -> None:
    """Let this process's senders look for due notifications now."""
    for wake in waking:
        wake()


def due_notifications(data_folder: str, *, now: datetime) -> QuerySet[Notification]:
    """Notifications to claim, also those of killed senders, by time."""
    is_due = Q(state=State.DUE, due_at__lte=now)
    is_abandoned = Q(state__in=[State.CLAIMED, State.RENDERED], claimed_until__lte=now)
    return Notification.objects.filter(is_due | is_abandoned, data_folder=data_folder).order_by("due_at", "pk")


def next_due_at(data_folder: str, *, now: datetime) -> datetime | None:
    """Next time at which a notification is due."""
    later = Notification.objects.filter(data_folder=data_folder, state=State.DUE, due_at__gt=now)
    return later.order_by("due_at").values_list("due_at", flat=True).first()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Notifications that should have been sent."""

    count: int
    oldest_seconds: float


def waiting_notifications(data_folder: str, *, now: datetime) -> Waiting:
    """Count unfinished notifications without those of later."""
    unfinished = Notification.objects.filter(
        Q(due_at__lte=now) | Q(attempts__gt=0),
        data_folder=data_folder,
        state__in=[State.DUE, State.CLAIMED, State.RENDERED],
    )
    count, oldest_at = unfinished.aggregate(count=Count("pk"), oldest_at=Min("created_at")).values()
    seconds = (now - oldest_at).total_seconds() if oldest_at is not None else 0.0
    return Waiting(count=count, oldest_seconds=max(seconds, 0.0))


def forget_old(*, now: datetime) -> int:
    """Delete old finished notifications; return their number."""
    is_over = Q(created_at__lt=now - KEPT) | Q(account="", created_at__lt=now - KEPT_OF_NO_ACCOUNT)
    finished = Notification.objects.filter(is_over, state__in=[State.HANDED_OVER, State.FAILED, State.SUPERSEDED])
    return finished.delete()[0]


def claim(notification: Notification, *, now: datetime) -> bool:
    """Claim a due notification; return False if another sender did."""
    until = now + LEASE
    unchanged = Notification.objects.filter(
        pk=notification.pk,
        state=notification.state,
        attempts=notification.attempts,
        claimed_until=notification.claimed_until,
    )
    if not unchanged.update(state=State.CLAIMED, attempts=F("attempts") + 1, claimed_until=until):
        return False
    notification.state, notification.claimed_until = State.CLAIMED, until
    notification.attempts += 1
    return True


def note_rendered(notification: Notification) -> bool:
    """Record the begin of the hand-over; return False if the claim was lost."""
    return _change(notification, state=State.RENDERED)


def note_answer(notification: Notification, answer: Answer, *, now: datetime) -> bool:
    """Record its answer; return False if the claim was lost."""
    text = " ".join(answer.text.split())[:ANSWER_CHARACTERS_MAX]
    if answer.outcome is Outcome.HANDED_OVER:
        return _change(notification, state=State.HANDED_OVER, handed_over_at=now, last_answer=text, claimed_until=None)
    again = None
    # A person waits for the answer to a test.
    if answer.outcome is Outcome.LATER and notification.topic != Topic.TEST:
        channel = Channel(notification.channel)
        again = next_attempt_at(notification.pk, channel=channel, attempts=notification.attempts, now=now)
    if again is None:
        return _change(notification, state=State.FAILED, last_answer=text, claimed_until=None)
    due_at = max(again, answer.retry_at or again)
    return _change(notification, state=State.DUE, due_at=due_at, last_answer=text, claimed_until=None)


def note_withdrawn(notification: Notification, reason: str) -> None:
    """Finish a notification unsent; delete one of no account."""
    if notification.account:
        _change(notification, state=State.SUPERSEDED, last_answer=reason, claimed_until=None)
    else:
        Notification.objects.filter(pk=notification.pk).delete()


def _change(notification: Notification, **fields: Any) -> bool:
    # The attempt names the claim: a sender that was slower than its lease changes nothing.
    own = Notification.objects.filter(
        pk=notification.pk, attempts=notification.attempts, state__in=[State.CLAIMED, State.RENDERED]
    )
    if not own.update(**fields):
        return False
    for name, value in fields.items():
        setattr(notification, name, value)
    return True
