"""Message that tests a way to send."""

from typing import Final

from django.urls import reverse

from botmeter.people.notifications.delivery import (
    Attachment,
    ChatText,
    FolderFiles,
    Mail,
    RenderContext,
    Rendered,
    WebhookCall,
)
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.topics import Channel
from botmeter.people.public_address import address_in_message
from botmeter.web.notifications.mail_frame import MailLink, MailPage, framed

_SENTENCE: Final = "This is a test. Notifications from Botmeter arrive here."


def rendered_test(notification: Notification, _context: RenderContext) -> Rendered:
    """Render the test."""
    match Channel(notification.channel):
        case Channel.EMAIL:
            return _mail(notification)
        case Channel.WEBHOOK:
            data = {"account": notification.account, "message": _SENTENCE}
            return WebhookCall(type="test", timestamp=notification.created_at, data=data)
        case Channel.CHAT:
            return ChatText(text=_SENTENCE)
        case Channel.FOLDER:
            file = Attachment(name="botmeter-test.txt", content=f"{_SENTENCE}\n".encode(), media_type="text/plain")
            return FolderFiles(files=(file,))


def _mail(notification: Notification) -> Mail:
    path = reverse("notifications", args=(notification.account,))
    href = address_in_message(path, origin=notification.content.get("origin", ""))
    return framed(
        MailPage(
            subject="Test from Botmeter",
            title="Email works",
            sentences=(_SENTENCE,),
            link=MailLink(label="Open notifications", href=href),
            reason=notification.cause,
        )
    )
