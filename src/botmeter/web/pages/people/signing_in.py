"""Sign-in and sign-out."""

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from botmeter.domain.errors import Unavailable
from botmeter.people.audit import Action, record
from botmeter.people.guesses import device_with_code
from botmeter.people.login import begin_login, complete_login, own_path, pending_login
from botmeter.people.models import User
from botmeter.web.access import for_everyone
from botmeter.web.components import Link
from botmeter.web.entry_page import entry_page, for_entry
from botmeter.web.notices import EntryNotice, entry_notice
from botmeter.web.pages.people.forms import CodeForm, SignInForm


@for_entry
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with a password."""
    next_path = own_path(request, request.POST.get("next") or request.GET.get("next"))
    if request.user.is_authenticated:
        return HttpResponseRedirect(next_path)
    form, refusal = SignInForm(request, data=request.POST if request.method == "POST" else None), None
    try:
        if form.is_valid():
            return begin_login(request, form.get_user(), next_path=next_path, method="password")
        if form.non_field_errors():
            _record_failure(request, str(form.data.get("username", "")))
    except Unavailable as error:
        refusal = error
    return entry_page(
        request,
        "Sign in",
        form=form,
        refusal=refusal,
        submit="Sign in",
        notice=entry_notice(request),
        next_path=next_path,
        links=(Link(label="Forgot your password?", href=reverse("password-reset")),),
    )


@for_entry
def second_step(request: HttpRequest) -> HttpResponse:
    """Verify the two-factor code."""
    pending = pending_login(request)
    if pending is None:
        return redirect("sign-in")
    form, refusal = CodeForm(request.POST if request.method == "POST" else None), None
    if form.is_valid():
        try:
            device = device_with_code(request, pending.user, code=form.cleaned_data["code"])
        except Unavailable as error:
            refusal = error
        else:
            if device is not None:
                return complete_login(request, pending, device=device)
            form.add_error("code", "The code is wrong or was already used.")
            record(Action.SIGN_IN_FAILED, request=request, user=pending.user, step="code")
    return entry_page(
        request,
        "Two-factor authentication",
        sentence="Enter the code from your authenticator app.",
        form=form,
        refusal=refusal,
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
    return HttpResponseRedirect(EntryNotice.SIGNED_OUT.href)


def _record_failure(request: HttpRequest, address: str) -> None:
    # Recorded for unknown addresses too, so that timing reveals nothing.
    user = User.objects.filter(email=address.strip().lower()[:254]).first()
    record(Action.SIGN_IN_FAILED, request=request, user=user, who=None if user else "unknown", step="password")
