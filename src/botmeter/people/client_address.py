"""Client address of a request, for rate limits and the audit log."""

from django.conf import settings
from django.http import HttpRequest

_LENGTH_MAX = 45


def address_of(request: HttpRequest) -> str:
    """The network address of whoever asks.

    Behind a proxy (the server is known under https, which it does not speak itself) that is what the proxy added last
    to X-Forwarded-For: all before it can be made up by the sender. Without one the header is not looked at.
    """
    told = str(request.META.get("HTTP_X_FORWARDED_FOR") or "").rpartition(",")[2].strip()
    if settings.IS_SECURE and told:
        return told[:_LENGTH_MAX]
    return str(request.META.get("REMOTE_ADDR") or "")[:_LENGTH_MAX]
