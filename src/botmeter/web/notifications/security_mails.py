"""Emails with secret links: invitations and password links."""

from typing import Final

from django.urls import reverse

from botmeter.domain.errors import Missing
from botmeter.people.notifications.delivery import RenderContext, Rendered, Withdrawn
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.security_messages import invitation_to_send, password_link_to_send
from botmeter.people.public_address import address_in_message
from botmeter.people.titles import noted_title
from botmeter.web.notifications.mail_frame import MailLink, MailPage, framed

_INVITATION_ENDED: Final = "The invitation was revoked, replaced or accepted."
_PASSWORD_LINK_ENDED: Final = "The link is no longer needed, or has expired."  # noqa: S105 - a sentence


def rendered_invitation(notification: Notification, context: RenderContext) -> Rendered:
    """Render an invitation."""
    try:
        link, secret = invitation_to_send(notification, now=context.now)
    except Missing:
        return Withdrawn(reason=_INVITATION_ENDED)
    title = noted_title(link.account) or link.account
    by = str(link.created_by) if link.created_by is not None else "An owner"
    return framed(
        MailPage(
            subject=f"Invitation to {title}",
            title=f"Join {title} on Botmeter",
            sentences=(f"{by} invites you to {title} on Botmeter. The link works once and expires in a week.",),
            link=_link("Join", "invitation", secret=secret, notification=notification),
            reason="You get this email because somebody entered your address. You can ignore it.",
        )
    )


def rendered_password_link(notification: Notification, context: RenderContext) -> Rendered:
    """Render a link to choose a new password."""
    try:
        user, secret = password_link_to_send(notification, now=context.now)
    except Missing:
        return Withdrawn(reason=_PASSWORD_LINK_ENDED)
    return framed(
        MailPage(
            subject="Reset your Botmeter password",
            title="Choose a new password",
            sentences=(f"Hello {user.name or user.email},", "this link works once and expires in a day."),
            link=_link("Choose a password", "password-choose", secret=secret, notification=notification),
            reason="If you did not request this, you can ignore this email: your password stays as it is.",
        )
    )


def _link(label: str, route: str, *, secret: str, notification: Notification) -> MailLink:
    path = reverse(route, args=(secret,))
    return MailLink(label=label, href=address_in_message(path, origin=notification.content["origin"]))
