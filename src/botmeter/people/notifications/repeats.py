"""Repeated notifications."""

from typing import Final

from botmeter.domain.errors import Refused
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.outbox import Message, Recipient, put
from botmeter.people.notifications.topics import Channel, State, Topic

_WITH_SECRETS: Final = frozenset({Topic.INVITATION, Topic.PASSWORD_RESET})
_FINISHED: Final = frozenset({State.HANDED_OVER, State.FAILED, State.SUPERSEDED})


def may_repeat(notification: Notification) -> bool:
    """Check for a finished notification without a secret."""
    return Topic(notification.topic) not in _WITH_SECRETS and State(notification.state) in _FINISHED


def repeat(notification: Notification, *, number: int) -> list[Notification]:
    """Put a notification again under a new id, once for each `number`.

    Raises:
        Refused: `notification_not_repeatable`.
    """
    if not may_repeat(notification):
        raise Refused(
            "notification_not_repeatable",
            f"This notification ({Topic(notification.topic).label.lower()}) can't be sent again: it is not finished, "
            "or holds a link that only one email may have. Invite the user again, or send a new password link.",
        )
    message = Message(
        key=f"again:{notification.pk.hex}:{number}",
        topic=Topic(notification.topic),
        account=notification.account,
        cause=notification.cause,
        content=notification.content,
    )
    recipient = Recipient(
        channel=Channel(notification.channel),
        address=notification.recipient,
        user_id=notification.user_id,
        destination_id=notification.destination_id,
    )
    return put(message, [recipient], again_of=notification)
