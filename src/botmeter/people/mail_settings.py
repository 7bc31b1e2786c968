"""Settings of the mail server."""

from typing import Final

from django.conf import settings

MAIL_NEEDED: Final = "No mail server is set up. Set BOTMETER_MAIL."


def mail_is_set() -> bool:
    """Check for a mail server."""
    return bool(settings.EMAIL_HOST)
