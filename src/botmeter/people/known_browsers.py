"""Browsers in which a person has signed in, known by a signed cookie that outlives the session.

A stolen cookie gives no access.

Source: OWASP, "Slow Down Online Guessing Attacks with Device Cookies".
"""

import secrets
from datetime import timedelta
from typing import Final, cast

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from botmeter.people.models import User

_SALT: Final = "botmeter.browser.1"
# The longest that browsers keep a cookie.
_LASTS: Final = timedelta(days=400)
# People who share a browser; the cookie stays small.
_PEOPLE_MAX: Final = 5


def known_browser(request: HttpRequest, user: User) -> str | None:
    """Number of the browser, if this user has signed in with it."""
    number, people = _number_and_people(request)
    return number if user.pk in people else None


def remember_browser(response: HttpResponse, request: HttpRequest, *, user: User) -> None:
    """Set the cookie after signing in."""
    number, people = _number_and_people(request)
    latest = [*(person for person in people if person != user.pk), user.pk][-_PEOPLE_MAX:]
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME,
        signing.dumps([number or secrets.token_urlsafe(12), latest], salt=_SALT),
        max_age=_LASTS,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _number_and_people(request: HttpRequest) -> tuple[str, list[int]]:
    try:
        signed = signing.loads(request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, ""), salt=_SALT, max_age=_LASTS)
    except signing.BadSignature:
        return "", []
    return cast("tuple[str, list[int]]", signed)
