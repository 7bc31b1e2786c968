"""Senders of requests: users and keys recognised before, else networks of clients."""

from hashlib import blake2b
from typing import Final

from django.conf import settings
from django.http import parse_cookie

from botmeter.domain.bounded_cache import BoundedCache
from botmeter.server.front.request import Request
from botmeter.server.front.turns import Sender

_KNOWN_BYTES: Final = 2 << 20
"""Some ten thousand senders."""
_KNOWN_SECONDS: Final = 600.0


class Senders:
    """Senders by credentials, for fairness only: the application checks every request."""

    def __init__(self) -> None:
        self._known: BoundedCache[bytes, Sender] = BoundedCache(_KNOWN_BYTES, lasts_seconds=_KNOWN_SECONDS)

    def sender_of(self, request: Request) -> Sender:
        digest = _digest(request)
        known = self._known.get(digest) if digest else None
        return known or Sender(name=request.network(), is_stranger=True)

    def remember(self, request: Request, name: str) -> None:
        digest = _digest(request)
        if digest:
            self._known.remake(digest, lambda: Sender(name=name, is_stranger=False))


def _digest(request: Request) -> bytes:
    headers = request.headers
    text = headers.get("authorization") or headers.get("x-api-key")
    if not text and "cookie" in headers:
        text = parse_cookie(headers["cookie"]).get(settings.SESSION_COOKIE_NAME)
    return blake2b(text.encode(), digest_size=16).digest() if text else b""
