"""Sign-in: a password or link, then a second factor if set up.

Between them the session holds only a pending login, read by no other page.
"""

from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme

from botmeter.domain.instant import present
from botmeter.people import session_limits
from botmeter.people.audit import Action, record
from botmeter.people.client_address import address_of
from botmeter.people.known_browsers import remember_browser
from botmeter.people.models import User
from botmeter.people.second_factor import has_second_factor

_PENDING: Final = "pending_login"
_PENDING_SECONDS_MAX: Final = 600
_BACKEND: Final = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingLogin:
    """User before the second step; `method` names the first, such as `password`."""

    user: User
    next_path: str
    method: str


def own_path(request: HttpRequest, path: str | None) -> str:
    """Path if on this site, else the start page."""
    is_ours = url_has_allowed_host_and_scheme(path, allowed_hosts=None, require_https=request.is_secure())
    return path if path and path.startswith("/") and is_ours else reverse("home")


def begin_login(request: HttpRequest, user: User, *, next_path: str, method: str) -> HttpResponseRedirect:
    """Sign in, or redirect to the second step."""
    if not has_second_factor(user):
        return complete_login(request, PendingLogin(user=user, next_path=next_path, method=method))
    logout(request)
    request.session[_PENDING] = {
        "user": user.pk,
        "proof": user.get_session_auth_hash(),
        "since": present().timestamp(),
        "next": next_path,
        "method": method,
    }
    return HttpResponseRedirect(reverse("second-factor"))


def pending_login(request: HttpRequest) -> PendingLogin | None:
    """Pending login if recent and the password is unchanged."""
    note: dict[str, Any] | None = request.session.get(_PENDING)
    if note is None or present().timestamp() - note["since"] > _PENDING_SECONDS_MAX:
        return None
    user = User.objects.filter(pk=note["user"], is_active=True).first()
    if user is None or not constant_time_compare(user.get_session_auth_hash(), note["proof"]):
        return None
    return PendingLogin(user=user, next_path=note["next"], method=note["method"])


def complete_login(request: HttpRequest, pending: PendingLogin, *, device: object = None) -> HttpResponseRedirect:
    """Sign in under a new session key, and redirect."""
    request.session.pop(_PENDING, None)
    if device is not None:
        # django-otp's listener stores it in the session.
        pending.user.otp_device = device  # type: ignore[attr-defined]
    login(request, pending.user, backend=_BACKEND)
    session_limits.begin(
        request.session,
        now_seconds=int(present().timestamp()),
        user_agent=request.headers.get("User-Agent", ""),
        address=address_of(request),
    )
    record(Action.SIGNED_IN, request=request, user=pending.user, by=pending.method, second_step=device is not None)
    response = HttpResponseRedirect(pending.next_path)
    remember_browser(response, request, user=pending.user)
    return response
