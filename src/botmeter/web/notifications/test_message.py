"""Message that tests a way to send."""

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

_SENTENCE = "This is a test. Notifications from Botmeter arrive here."


def rendered_test(notification: Notification, _context: RenderContext) -> Rendered:
    """Render the test."""
    match Channel(notification.channel):
        case Channel.EMAIL:
            return Mail(subject="Test from Botmeter", text=f"{_SENTENCE}\n\n{notification.cause}\n")
        case Channel.WEBHOOK:
            data = {"account": notification.account, "message": _SENTENCE}
            return WebhookCall(type="test", timestamp=notification.created_at, data=data)
        case Channel.CHAT:
            return ChatText(text=_SENTENCE)
        case Channel.FOLDER:
            file = Attachment(name="botmeter-test.txt", content=f"{_SENTENCE}\n".encode(), media_type="text/plain")
            return FolderFiles(files=(file,))
