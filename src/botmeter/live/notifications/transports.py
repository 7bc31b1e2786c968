"""Transports by channel."""

from collections.abc import Mapping
from typing import Final

from botmeter.live.notifications.chat_transport import send_chat
from botmeter.live.notifications.folder_transport import send_to_folder
from botmeter.live.notifications.mail_transport import send_mail
from botmeter.live.notifications.webhook_transport import send_webhook
from botmeter.people.notifications.delivery import Transport
from botmeter.people.notifications.topics import Channel

TRANSPORTS: Final[Mapping[Channel, Transport]] = {
    Channel.EMAIL: send_mail,
    Channel.WEBHOOK: send_webhook,
    Channel.CHAT: send_chat,
    Channel.FOLDER: send_to_folder,
}
