"""Client addresses, for rate limits and the audit log."""

from django.conf import settings
from django.http import HttpRequest

_LENGTH_MAX = 45


def address_of(request: HttpRequest) -> str:
    """Network address of the client.

    Behind a proxy (the public URL is https), the last entry of X-Forwarded-For: senders can forge the others.
    """
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR") or "").rpartition(",")[2].strip()
    if settings.IS_SECURE and forwarded:
        return forwarded[:_LENGTH_MAX]
    return str(request.META.get("REMOTE_ADDR") or "")[:_LENGTH_MAX]
