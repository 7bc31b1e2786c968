"""Transports by channel."""

from collections.abc import Mapping
from typing import Final

from botmeter.live.notifications.mail_transport import send_mail
from botmeter.people.notifications.delivery import Transport
from botmeter.people.notifications.topics import Channel

TRANSPORTS: Final[Mapping[Channel, Transport]] = {Channel.EMAIL: send_mail}
