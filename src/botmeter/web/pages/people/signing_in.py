"""Sign-in and sign-out."""

from datetime import timedelta
from typing import Final

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth import logout
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from botmeter.domain import text
from botmeter.domain.instant import present
from botmeter.people.audit import Action, record
from botmeter.people.client_address import address_of
from botmeter.people.login import begin_login, complete_login, own_path, pending_login
from botmeter.people.models import User
from botmeter.people.second_factor import check_code
from botmeter.web.access import for_everyone
from botmeter.web.components import Link
from botmeter.web.entry_page import entry_page, for_entry
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.people.forms import CodeForm, SignInForm

_WAIT: Final = timedelta(hours=settings.AXES_COOLOFF_TIME)
# Guesses from one client for any name; AXES_FAILURE_LIMIT applies per name.
ADDRESS_FAILURES_MAX: Final = 50


@for_entry
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with a password."""
    next_path = own_path(request, request.POST.get("next") or request.GET.get("next"))
    if request.user.is_authenticated:
        return HttpResponseRedirect(next_path)
    if request.method == "POST" and _failures_from(request) >= ADDRESS_FAILURES_MAX:
        return locked_out(request)
    form = SignInForm(request, data=request.POST if request.method == "POST" else None)
    if form.is_valid():
        return begin_login(request, form.get_user(), next_path=next_path, method="password")
    if form.non_field_errors() and not getattr(request, "axes_locked_out", False):
        _record_failure(request, str(form.data.get("username", "")))
    return entry_page(
        request,
        "Sign in",
        form=form,
        submit="Sign in",
        next_path=next_path,
        links=(Link(label="Forgot your password?", href=reverse("password-reset")),),
    )


@for_entry
def second_step(request: HttpRequest) -> HttpResponse:
    """Verify the two-factor code."""
    pending = pending_login(request)
    if pending is None:
        return redirect("sign-in")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        attempt = check_code(pending.user, form.cleaned_data["code"])
        if attempt.device is not None:
            return complete_login(request, pending, device=attempt.device)
        form.add_error("code", _code_error(attempt.wait_seconds))
        record(Action.SIGN_IN_FAILED, request=request, user=pending.user, step="code")
    return entry_page(
        request,
        "Two-factor authentication",
        sentence="Enter the code from your authenticator app.",
        form=form,
        submit="Continue",
        links=(Link(label="Start again", href=reverse("sign-in")),),
    )


@for_everyone
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this browser's session."""
    user = request.user
    if user.is_authenticated:
        record(Action.SIGNED_OUT, request=request, user=user)
    logout(request)
    add_notice(request, Notice(fact="You are signed out."))
    return redirect("sign-in")


def locked_out(request: HttpRequest, *_: object) -> HttpResponse:
    """Refuse after too many wrong passwords (django-axes hook)."""
    minutes = int(_WAIT.total_seconds() // 60)
    response = entry_page(
        request,
        "Too many attempts",
        sentence=f"Too many wrong passwords. Sign-in is blocked for {text.counted(minutes, 'minute')}.",
        links=(Link(label="Forgot your password?", href=reverse("password-reset")),),
        status=429,
    )
    response.headers["Retry-After"] = str(int(_WAIT.total_seconds()))
    return response


def _failures_from(request: HttpRequest) -> int:
    tries = AccessAttempt.objects.filter(ip_address=address_of(request), attempt_time__gte=present() - _WAIT)
    return int(tries.aggregate(count=Sum("failures_since_start"))["count"] or 0)


def _record_failure(request: HttpRequest, address: str) -> None:
    # Recorded for unknown addresses too, so that timing reveals nothing.
    user = User.objects.filter(email=address.strip().lower()[:254]).first()
    record(Action.SIGN_IN_FAILED, request=request, user=user, who=None if user else "unknown", step="password")


def _code_error(wait_seconds: int) -> str:
    if not wait_seconds:
        return "The code is wrong or was already used."
    return f"Too many wrong codes. Try again in {text.counted(wait_seconds, 'second')}."
