"""Mail, if configured by BOTMETER_MAIL.

Sent in the background, since response times must not reveal a mail; failures are logged.
"""

import logging
from concurrent.futures import Future as _Future
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest

_log = logging.getLogger(__name__)
_postman: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")
_on_the_way: "Final[set[_Future[None]]]" = set()


def mail_is_set() -> bool:
    """Check for a configuration."""
    return bool(settings.EMAIL_HOST)


def send(subject: str, *lines: str, to: str) -> None:
    """Send a plain-text mail in the background."""
    letter = EmailMessage(subject=subject, body="\n".join(lines) + "\n", to=[to])
    sending = _postman.submit(_deliver, letter)
    _on_the_way.add(sending)
    sending.add_done_callback(_on_the_way.discard)


def wait_until_sent() -> None:
    """Wait for all mails."""
    wait(tuple(_on_the_way))


def public_address(request: HttpRequest, path: str) -> str:
    """Return a path's URL, preferring the configured server, since senders choose a request's host."""
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)


def _deliver(letter: EmailMessage) -> None:
    try:
        letter.send()
    except OSError as problem:
        # smtplib's errors are OSErrors too.
        _log.warning("A letter could not be sent: %s", problem)
    except Exception:  # noqa: BLE001 - the end of a thread
        # A bug; nothing reads the thread's future, so it would be lost silently.
        _log.exception("A letter could not be sent")
