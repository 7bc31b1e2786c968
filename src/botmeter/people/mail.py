"""Mail, if configured by BOTMETER_MAIL.

Sent in the background, since response times must not reveal a mail; failures are logged.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest

_log = logging.getLogger(__name__)
SENDER: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")
"""Thread that sends the mails, one at a time."""


def mail_is_set() -> bool:
    """Check for a configuration."""
    return bool(settings.EMAIL_HOST)


def send(subject: str, *lines: str, to: str) -> None:
    """Send a plain-text mail in the background."""
    message = EmailMessage(subject=subject, body="\n".join(lines) + "\n", to=[to])
    SENDER.submit(_deliver, message)


def public_address(request: HttpRequest, path: str) -> str:
    """URL of a path, preferring the configured server, since senders choose a request's host."""
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)


def _deliver(message: EmailMessage) -> None:
    try:
        message.send()
    except OSError as problem:
        # smtplib's errors are OSErrors too.
        _log.warning("An email could not be sent: %s", problem)
    except Exception:  # noqa: BLE001 - the end of a thread
        # A bug; nothing reads the thread's future, so it would be lost silently.
        _log.exception("An email could not be sent")
