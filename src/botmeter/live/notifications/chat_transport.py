"""Messages to the incoming webhooks of Slack, Mattermost and Rocket.Chat."""

import msgspec

from botmeter.live.notifications.http_delivery import deliver, unusable
from botmeter.people.notifications.delivery import Answer, ChatText, Outcome, Rendered
from botmeter.people.notifications.models import Notification


def send_chat(notification: Notification, rendered: Rendered) -> Answer:
    """Send a message to a chat channel; raises as `deliver`."""
    if not isinstance(rendered, ChatText):
        return Answer(outcome=Outcome.FAILED, text=f"{notification.topic} has no form for chat.")
    if (answer := unusable(notification)) is not None or (destination := notification.destination) is None:
        return answer or Answer(outcome=Outcome.FAILED)
    return deliver(destination, chat_body(rendered), notification=notification)


def chat_body(message: ChatText) -> bytes:
    """Encode a message; programs that know no blocks show its text."""
    blocks = {"blocks": message.blocks} if message.blocks else {}
    return msgspec.json.encode({"text": message.text, **blocks})
