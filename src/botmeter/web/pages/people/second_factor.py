"""Setup of two-factor authentication."""

from dataclasses import dataclass

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django_otp import login as verify_session

from botmeter.domain import text
from botmeter.people import second_factor
from botmeter.people.audit import Action, record
from botmeter.people.models import User
from botmeter.web.access import for_person
from botmeter.web.components import Link
from botmeter.web.layout import Frame
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.people.forms import SecondFactorChangeForm, SecondFactorForm
from botmeter.web.pages.people.person import end_other_sessions, own_frame
from botmeter.web.rendering import rendered


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorPage:
    """User's two-factor authentication; `drawing` is the QR code, `key` the same as text."""

    frame: Frame
    is_set_up: bool
    drawing: SafeString | None
    key: str
    codes_left: str
    add: BaseForm | None
    proof: BaseForm | None


@for_person
@sensitive_post_parameters()
def own_second_factor(request: HttpRequest, user: User) -> HttpResponse:
    """Show the state; on POST, turn it on by a first code."""
    if request.method != "POST" or second_factor.has_second_factor(user):
        return _page(request, user)
    form = SecondFactorForm(request.POST, request=request)
    if form.is_valid():
        device = second_factor.draft_device(user)
        if second_factor.confirmed(device, form.cleaned_data["code"]):
            # Older sessions must not continue without it.
            end_other_sessions(request, user)
            verify_session(request, device)
            record(Action.SECOND_FACTOR_ADDED, request=request, user=user)
            return _with_new_codes(request, user, fact="Two-factor authentication is on.")
        form.add_error("code", "Wrong code. Check that your phone's clock is correct, then try the next code.")
    return _page(request, user, add=form)


@for_person
@sensitive_post_parameters()
@require_POST
def change_second_factor(request: HttpRequest, user: User) -> HttpResponse:
    """Generate recovery codes or turn it off."""
    form = SecondFactorChangeForm(request.POST, request=request)
    if not second_factor.has_second_factor(user) or not form.is_valid():
        return _page(request, user, proof=form)
    if request.POST.get("what") != "remove":
        return _with_new_codes(request, user, fact="These are your new recovery codes.")
    second_factor.remove_second_factor(user)
    end_other_sessions(request, user)
    record(Action.SECOND_FACTOR_REMOVED, request=request, user=user)
    add_notice(request, Notice(fact="Two-factor authentication is off.", kind="info"))
    return redirect("me")


def _with_new_codes(request: HttpRequest, user: User, *, fact: str) -> HttpResponse:
    consequence = (
        "Store these recovery codes in a safe place. Each works once if you can't use the app. They are not "
        "shown again."
    )
    add_notice(request, Notice(fact=fact, consequence=consequence, secrets=second_factor.new_recovery_codes(user)))
    return redirect("own-second-factor")


def _page(
    request: HttpRequest, user: User, *, add: BaseForm | None = None, proof: BaseForm | None = None
) -> HttpResponse:
    is_set_up, can_prove = second_factor.has_second_factor(user), user.has_usable_password()
    device = second_factor.draft_device(user) if can_prove and not is_set_up else None
    page = SecondFactorPage(
        frame=own_frame(
            request, user, title="Two-factor authentication", crumbs=(Link(label="Your settings", href=reverse("me")),)
        ),
        is_set_up=is_set_up,
        drawing=second_factor.qr_drawing(device) if device else None,
        key=second_factor.key_text(device) if device else "",
        codes_left=text.counted(second_factor.recovery_codes_left(user), "recovery code"),
        add=(add or SecondFactorForm(request=request)) if device else None,
        proof=(proof or SecondFactorChangeForm(request=request)) if is_set_up and can_prove else None,
    )
    return rendered(request, "own_second_factor.html", page=page)
