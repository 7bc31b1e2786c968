"""Visitors who entered a share link's password, known by a signed cookie."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from botmeter.people.links import digest_of
from botmeter.people.models import ShareLink

_SALT: Final = "botmeter.share.proof.1"
# A working day; a computer that others use forgets it overnight.
_LASTS: Final = timedelta(hours=12)


def has_proof(request: HttpRequest, link: ShareLink) -> bool:
    """Check that the present password was entered in this browser, or none is needed."""
    if not link.password:
        return True
    try:
        proof = signing.loads(request.COOKIES.get(settings.SHARE_COOKIE_NAME, ""), salt=_SALT, max_age=_LASTS)
    except signing.BadSignature:
        return False
    return bool(proof == _proof(link))


def set_proof(response: HttpResponse, link: ShareLink, *, path: str) -> None:
    """Remember the password in the browser; `path` is the link's."""
    response.set_cookie(
        settings.SHARE_COOKIE_NAME,
        signing.dumps(_proof(link), salt=_SALT),
        max_age=_LASTS,
        path=path,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _proof(link: ShareLink) -> list[object]:
    return [link.pk, digest_of(link.password)]
