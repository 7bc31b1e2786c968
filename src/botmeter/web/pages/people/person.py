"""User's own settings."""

from dataclasses import dataclass

from django.contrib.auth import update_session_auth_hash
from django.forms import BaseForm, model_to_dict
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from botmeter.domain import text
from botmeter.people.active_sessions import ActiveSession, active_sessions, end_sessions, session_number
from botmeter.people.audit import Action, record
from botmeter.people.models import User
from botmeter.people.second_factor import has_second_factor, recovery_codes_left
from botmeter.web.access import Visit, for_person
from botmeter.web.components import Link
from botmeter.web.confirmation import Confirmation, confirmation_page, is_confirmed
from botmeter.web.layout import Frame, frame, plain_frame
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.people.forms import ChangePasswordForm, EndSessionsForm, ProfileForm
from botmeter.web.rendering import rendered


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPage:
    """Own settings; `password` and `sessions` are None for users who sign in by link.

    Attributes:
        sessions: Form with the other sessions; None without any.
    """

    frame: Frame
    address: str
    profile: BaseForm
    password: BaseForm | None
    has_two_factor: bool
    two_factor: str
    this_session: str
    other_sessions: tuple[str, ...]
    sessions: BaseForm | None


@for_person
def me(request: HttpRequest, user: User) -> HttpResponse:
    """Show the settings; save the profile on POST."""
    form = _profile(user, data=request.POST if request.method == "POST" else None)
    if form.is_valid():
        User.objects.filter(pk=user.pk).update(**form.cleaned_data)
        return _redirect_with_notice(request, "Saved.")
    return _page(request, user, profile=form)


@for_person
@sensitive_post_parameters()
@require_POST
def change_password(request: HttpRequest, user: User) -> HttpResponse:
    """Change the password and end other sessions."""
    form = ChangePasswordForm(request.POST, request=request)
    if not form.is_valid():
        return _page(request, user, password=form)
    user.set_password(form.cleaned_data["password"])
    user.save(update_fields=["password"])
    update_session_auth_hash(request, user)
    record(Action.PASSWORD_CHANGED, request=request, user=user, by="person")
    return _redirect_with_notice(request, "Password changed.", consequence="All other browsers are signed out.")


@for_person
@sensitive_post_parameters()
@require_POST
def end_chosen_sessions(request: HttpRequest, user: User) -> HttpResponse:
    """End some of the user's other sessions."""
    _, others = _sessions(request, user)
    form = EndSessionsForm(request.POST, request=request, choices=others)
    if not form.is_valid():
        return _page(request, user, sessions=form)
    count = end_sessions(user, form.cleaned_data["sessions"])
    record(Action.SESSIONS_ENDED, request=request, user=user, count=count)
    return _redirect_with_notice(request, f"{text.counted(count, 'browser')} signed out.")


@for_person
def sign_out_everywhere(request: HttpRequest, user: User) -> HttpResponse:
    """End the user's other sessions, once confirmed."""
    if not is_confirmed(request):
        confirmation = Confirmation(
            question="Sign out all other browsers?",
            effect="Anyone signed in as you in another browser has to sign in again.",
            button="Sign out other browsers",
            cancel_href=reverse("me"),
        )
        crumbs = (Link(label="Your settings", href=reverse("me")),)
        page_frame = own_frame(request, user, title=confirmation.question, crumbs=crumbs)
        return confirmation_page(request, confirmation, page_frame=page_frame)
    end_other_sessions(request, user)
    record(Action.SIGNED_OUT_EVERYWHERE, request=request, user=user)
    return _redirect_with_notice(request, "All other browsers are signed out.")


def end_other_sessions(request: HttpRequest, user: User) -> None:
    """End the user's other sessions and renew this one's key."""
    user.sign_out_everywhere()
    update_session_auth_hash(request, user)


def _sessions(request: HttpRequest, user: User) -> tuple[str, list[tuple[str, str]]]:
    own = session_number(request.session.session_key or "")
    described = {each.number: _session_text(each) for each in active_sessions(user)}
    return described.pop(own, ""), list(described.items())


def _session_text(session: ActiveSession) -> str:
    since = f"signed in {text.moment_text(session.began_at)}"
    seen = f"last used {text.moment_text(session.seen_at)}"
    return " · ".join(filter(None, (session.browser or "Unknown browser", session.address, since, seen)))


def own_frame(request: HttpRequest, user: User, *, title: str, crumbs: tuple[Link, ...] = ()) -> Frame:
    """Build the frame of own settings, within the account last used."""
    memberships = user.memberships.order_by("account")
    membership = memberships.filter(account=user.last_account).first() or memberships.first()
    if membership is None:
        return plain_frame(request, title=title)
    visit = Visit(request=request, user=user, account=membership.account, membership=membership)
    return frame(visit, title=title, current="me", crumbs=crumbs)


def _page(
    request: HttpRequest,
    user: User,
    *,
    profile: BaseForm | None = None,
    password: BaseForm | None = None,
    sessions: BaseForm | None = None,
) -> HttpResponse:
    this_session, others = _sessions(request, user)
    if sessions is None and others and user.has_usable_password():
        sessions = EndSessionsForm(request=request, choices=others)
    has_two_factor = has_second_factor(user)
    codes_left = text.counted(recovery_codes_left(user), "recovery code")
    if password is None and user.has_usable_password():
        password = ChangePasswordForm(request=request)
    page = PersonPage(
        frame=own_frame(request, user, title="Your settings"),
        address=user.email,
        profile=profile or _profile(user),
        password=password,
        has_two_factor=has_two_factor,
        two_factor=f"On. You have {codes_left} left." if has_two_factor else "Off.",
        this_session=this_session,
        other_sessions=tuple(description for _, description in others),
        sessions=sessions,
    )
    return rendered(request, "me.html", page=page)


def _profile(user: User, *, data: QueryDict | None = None) -> ProfileForm:
    return ProfileForm(data, initial=model_to_dict(user, fields=ProfileForm.base_fields))


def _redirect_with_notice(request: HttpRequest, fact: str, *, consequence: str = "") -> HttpResponse:
    add_notice(request, Notice(fact=fact, consequence=consequence))
    return redirect("me")
