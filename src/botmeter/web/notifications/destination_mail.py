"""Email to the owners about a destination that was turned off."""

from django.urls import reverse

from botmeter.people.notifications.delivery import RenderContext, Rendered
from botmeter.people.notifications.models import Notification
from botmeter.people.public_address import address_in_message
from botmeter.web.notifications.mail_frame import MailLink, MailPage, framed


def rendered_destination_off(notification: Notification, _context: RenderContext) -> Rendered:
    """Render the email."""
    name, to = notification.content["name"], notification.content["to"]
    return framed(
        MailPage(
            subject=f"{name} receives no more notifications",
            title=f"{name} was turned off",
            account=notification.account,
            sentences=(
                f"{to} answered 410 (gone): it wants no more requests. Nothing more is sent to it.",
                "If that is a mistake, correct the URL and turn the destination on again.",
            ),
            link=MailLink(
                label="Open destinations",
                href=address_in_message(reverse("destinations", args=(notification.account,))),
            ),
            reason=f"You get this email as an owner of {notification.account}.",
        )
    )
