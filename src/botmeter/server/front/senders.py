"""Senders of requests: users and keys that the application has recognised before, and else networks of clients."""

from hashlib import blake2b
from typing import Final

from django.conf import settings
from django.http import parse_cookie

from botmeter.domain.bounded_cache import BoundedCache
from botmeter.server.front.request import Request

_KNOWN_BYTES: Final = 2 << 20
"""Some ten thousand senders."""
_KNOWN_SECONDS: Final = 600.0


class Senders:
    """Names of senders, by the credentials of their requests.

    They are for fairness only: what a request may do is decided by the application each time.
    """

    def __init__(self) -> None:
        self._known: BoundedCache[bytes, str] = BoundedCache(_KNOWN_BYTES, lasts_seconds=_KNOWN_SECONDS)

    def sender_of(self, request: Request) -> str:
        """Return the name of the user or key, or the client's network."""
        digest = _digest(request)
        return (digest and self._known.get(digest)) or request.network()

    def remember(self, request: Request, sender: str) -> None:
        """Remember whom the application has recognised in a request."""
        digest = _digest(request)
        if digest:
            self._known.remake(digest, lambda: sender)


def _digest(request: Request) -> bytes:
    """Digest of the credentials; empty without any."""
    headers = request.headers
    text = headers.get("authorization") or headers.get("x-api-key")
    if not text and "cookie" in headers:
        text = parse_cookie(headers["cookie"]).get(settings.SESSION_COOKIE_NAME)
    return blake2b(text.encode(), digest_size=16).digest() if text else b""
