"""Destinations turned off by their receivers."""

from typing import Final

from django.db import transaction

from botmeter.people.audit import Action, record
from botmeter.people.models import Membership
from botmeter.people.notifications.models import Destination, Notification
from botmeter.people.notifications.outbox import Message, Recipient, put
from botmeter.people.notifications.topics import Channel, Topic
from botmeter.people.rights import Role

BY_SERVER: Final = "server"
"""Author of the change in the audit log."""
_GONE: Final = "It answered 410 (gone), which means that it wants no more requests."


def turn_off_gone(destination: Destination, *, notification: Notification) -> bool:
    """Turn off a destination that answered 410, and email the owners; False if another attempt did so."""
    with transaction.atomic():
        # Not if its URL was changed meanwhile.
        asked = Destination.objects.filter(pk=destination.pk, is_on=True, sealed_url=destination.sealed_url)
        if not asked.update(is_on=False, off_reason=_GONE):
            return False
        record(
            Action.DESTINATION_CHANGED,
            account=destination.account,
            who=BY_SERVER,
            destination=destination.name,
            kind=destination.kind,
            changed=["turned off"],
        )
        message = Message(
            key=f"destination-off:{notification.pk}",
            topic=Topic.DESTINATION_OFF,
            account=destination.account,
            cause=f"The destination {destination.name} answered 410 (gone) and was turned off.",
            content={"destination": destination.pk, "name": destination.name, "to": destination.shown_url},
        )
        put(message, _owners(destination.account))
    return True


def _owners(account: str) -> list[Recipient]:
    owners = Membership.objects.filter(account=account, role=Role.OWNER, user__is_active=True).select_related("user")
    return [Recipient(channel=Channel.EMAIL, address=each.user.email, user_id=each.user_id) for each in owners]
