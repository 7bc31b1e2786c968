"""Recipients chosen for alerts and schedules: members, email addresses and destinations."""

from collections.abc import Iterable, Mapping
from typing import Any

from botmeter.people.models import Membership
from botmeter.people.notifications.models import Destination
from botmeter.people.notifications.outbox import Recipient
from botmeter.people.notifications.topics import Channel


def chosen_recipients(account: str, entries: Iterable[Mapping[str, Any]]) -> list[Recipient]:
    """Recipients of JSON entries: `{"user": id}`, `{"email": address}` or `{"destination": id}`.

    Former members, users who may not sign in, and destinations that are off or gone are left out.
    """
    entries = list(entries)
    members = Membership.objects.select_related("user").filter(
        account=account, user__is_active=True, user__in=[each["user"] for each in entries if "user" in each]
    )
    recipients = [
        Recipient(channel=Channel.EMAIL, address=each.user.email, user_id=each.user_id)
        for each in members.order_by("user__email")
    ]
    recipients += [Recipient(channel=Channel.EMAIL, address=each["email"]) for each in entries if "email" in each]
    chosen = [each["destination"] for each in entries if "destination" in each]
    recipients += [
        Recipient(channel=Channel(each.kind), address=each.name, destination_id=each.pk)
        for each in Destination.objects.filter(account=account, is_on=True, pk__in=chosen).order_by("name")
    ]
    return list({(each.channel, each.address): each for each in recipients}.values())
