"""Invitations and password links in the outbox."""

from datetime import datetime
from uuid import uuid4

from botmeter.domain.instant import present
from botmeter.people.audit_actions import Action
from botmeter.people.links import digest_of, link_unusable, secret_of_message
from botmeter.people.members import INVITATION_LASTS, PASSWORD_LINK_LASTS, open_invitations
from botmeter.people.models import AuditEntry, Link, User
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.outbox import Message, Recipient, put, wake_senders
from botmeter.people.notifications.topics import Channel, State, Topic


def put_invitation(account: str, email: str, *, origin: str) -> None:
    """Put the email of an open invitation."""
    address = email.strip().lower()
    link = open_invitations(account).get(email=address)
    message = Message(
        key=f"invitation:{link.digest}",
        topic=Topic.INVITATION,
        account=account,
        cause=f"Invited to {account}.",
        content={"link": link.pk, "origin": origin},
    )
    put(message, [Recipient(channel=Channel.EMAIL, address=address)])


def resume_invitation(link: Link) -> None:
    """Send the email left out while the invitation was revoked; a sent one is not repeated."""
    left_out = Notification.objects.filter(
        account=link.account, topic=Topic.INVITATION, content__link=link.pk, state=State.SUPERSEDED
    )
    left_out.update(state=State.DUE, due_at=present(), last_answer="")
    wake_senders()


def put_password_link(address: str, *, origin: str, account: str = "", by: User | None = None) -> None:
    """Put a password link to an address, known or not; the sender looks for the user."""
    cause = "An account owner sent a password link." if account else "Requested on the sign-in page."
    message = Message(
        key=f"password:{uuid4().hex}",
        topic=Topic.PASSWORD_RESET,
        account=account,
        cause=cause,
        content={"origin": origin, "by": by.pk if by is not None else None},
    )
    put(message, [Recipient(channel=Channel.EMAIL, address=address)])


def invitation_to_send(notification: Notification, *, now: datetime) -> tuple[Link, str]:
    """Renew an invitation's link; raises Missing `link_unusable`."""
    secret = secret_of_message(notification.pk)
    links = Link.objects.filter(pk=notification.content["link"], purpose=Link.Purpose.INVITATION, used_at=None)
    if not links.update(digest=digest_of(secret), expires_at=now + INVITATION_LASTS):
        raise link_unusable()
    return links.select_related("created_by").get(), secret


def password_link_to_send(notification: Notification, *, now: datetime) -> tuple[User, str]:
    """Make a password link for the user of the address; raises Missing `link_unusable`."""
    requested_at = notification.created_at
    user = User.objects.filter(email=notification.recipient, is_active=True).first()
    if user is None or now >= requested_at + PASSWORD_LINK_LASTS:
        raise link_unusable()
    changed = AuditEntry.objects.filter(user=user, action=Action.PASSWORD_CHANGED, recorded_at__gte=requested_at)
    if changed.exists():
        raise link_unusable()
    secret = secret_of_message(notification.pk)
    fields = {"user": user, "expires_at": now + PASSWORD_LINK_LASTS, "created_by_id": notification.content["by"]}
    link, _ = Link.objects.update_or_create(digest=digest_of(secret), purpose=Link.Purpose.PASSWORD, defaults=fields)
    if link.used_at is not None:
        raise link_unusable()
    return user, secret
