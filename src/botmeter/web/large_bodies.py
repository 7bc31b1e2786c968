"""Routes that take more than a form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, TypeVar

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, parse_cookie
from django.urls import Resolver404, resolve

from botmeter.domain.instant import present
from botmeter.people.database_failures import open_database
from botmeter.people.session_limits import end_if_over

LARGE_BYTES_MAX: Final = 3 << 20
"""A file of customers has 2 MiB at most, and Django reads 2.5 MiB of a body without files."""
_MARK: Final = "takes_large_body"
_View = TypeVar("_View", bound=Callable[..., Any])


def takes_large_body(view: _View) -> _View:
    """Let a view take more than a form from users and keys."""
    setattr(view, _MARK, True)
    return view


def is_large_route(path: str) -> bool:
    """Check the path's view."""
    try:
        return getattr(resolve(path).func, _MARK, False)
    except Resolver404:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """User and their session."""

    user: str
    session_key: str


def signed_in_user(headers: Mapping[str, str]) -> str | None:
    """User's id from the headers."""
    with open_database():
        signed_in = signed_in_by(headers)
    return None if signed_in is None else signed_in.user


def signed_in_by(headers: Mapping[str, str]) -> SignedIn | None:
    """Session of the headers; call with the database open."""
    request = HttpRequest()
    request.COOKIES = parse_cookie(headers.get("cookie", ""))
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not key:
        return None
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    end_if_over(request.session, now_seconds=int(present().timestamp()), is_by_person=False)
    user = get_user(request)
    return SignedIn(user=str(user.pk), session_key=key) if user.is_authenticated else None
