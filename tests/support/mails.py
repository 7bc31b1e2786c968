"""Mails that the server sends in the background."""

from botmeter.people import mail


def wait_until_sent() -> None:
    """Wait for all mails: one thread sends them in order."""
    mail.SENDER.submit(lambda: None).result()
