"""Emails that the server sends later."""

from django.conf import settings

from botmeter.ledger.folder import Folder
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.notifications.sender import NotificationSender
from botmeter.live.notifications.transports import TRANSPORTS
from botmeter.web.notifications.rendering import render


def wait_until_sent() -> None:
    """Send what is due, as the server's thread does."""
    ledgers = OpenLedgers(Folder(settings.DATA))
    NotificationSender(ledgers, render=render, transports=TRANSPORTS).send_due()
