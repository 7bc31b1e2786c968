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
from botmeter.people.audit import Action, record
from botmeter.people.models import User
from botmeter.people.second_factor import has_second_factor

_WAITING: Final = "waits_for_second_step"
_WAITS_SECONDS: Final = 600
_BACKEND: Final = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingLogin:
    """A user whose second step is pending; `road` names the first, such as `password`."""

    user: User
    next_path: str
    road: str


def own_path(request: HttpRequest, path: str | None) -> str:
    """Return the path if it is on this site, else the start page, against open redirects."""
    is_ours = url_has_allowed_host_and_scheme(path, allowed_hosts=None, require_https=request.is_secure())
    return path if path and path.startswith("/") and is_ours else reverse("home")


def entered(request: HttpRequest, user: User, *, next_path: str, road: str) -> HttpResponseRedirect:
    """Sign in, or redirect to the second step."""
    if not has_second_factor(user):
        return signed_in(request, PendingLogin(user=user, next_path=next_path, road=road))
    logout(request)
    request.session[_WAITING] = {
        "user": user.pk,
        "proof": user.get_session_auth_hash(),
        "since": present().timestamp(),
        "next": next_path,
        "road": road,
    }
    return HttpResponseRedirect(reverse("second-factor"))


def waiting(request: HttpRequest) -> PendingLogin | None:
    """Return the pending login if recent and the password is unchanged."""
    note: dict[str, Any] | None = request.session.get(_WAITING)
    if note is None or present().timestamp() - note["since"] > _WAITS_SECONDS:
        return None
    user = User.objects.filter(pk=note["user"], is_active=True).first()
    if user is None or not constant_time_compare(user.get_session_auth_hash(), note["proof"]):
        return None
    return PendingLogin(user=user, next_path=note["next"], road=note["road"])


def signed_in(request: HttpRequest, waiting: PendingLogin, *, device: object = None) -> HttpResponseRedirect:
    """Sign in under a new session key, and redirect."""
    request.session.pop(_WAITING, None)
    if device is not None:
        # django-otp's listener stores it in the session.
        waiting.user.otp_device = device  # type: ignore[attr-defined]
    login(request, waiting.user, backend=_BACKEND)
    record(Action.SIGNED_IN, request=request, user=waiting.user, by=waiting.road, second_step=device is not None)
    return HttpResponseRedirect(waiting.next_path)
