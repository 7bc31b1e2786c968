"""Secret links: first start, sign-in, invitation.

Only the button uses one up, as mail scanners open links; the demo's link signs in at once.
"""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.people.accounts import create_account, own
from botmeter.people.audit import Action, record
from botmeter.people.links import link_unusable, open_first_start, open_link, use_up
from botmeter.people.login import begin_login
from botmeter.people.members import join
from botmeter.people.models import Link, User
from botmeter.people.rights import Role
from botmeter.web import components
from botmeter.web.entry_page import entry_page, for_entry
from botmeter.web.form_errors import form_errors
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.people.forms import FIELD_OF_CODE, FirstStartForm, FirstStartWithAccountForm, JoinForm
from botmeter.web.server_state import server_state
from botmeter.web.titles import account_title


@for_entry
def first_start(request: HttpRequest, *, secret: str) -> HttpResponse:
    """Create the first user as owner of all accounts."""
    link = open_first_start(secret)
    ledgers = server_state(request).ledgers
    names = SharedFolder(ledgers).accounts()
    kind = FirstStartForm if names else FirstStartWithAccountForm
    form = kind(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with form_errors(form, fields=FIELD_OF_CODE):
            user = _first_user(link, form.cleaned_data, names=names, ledgers=ledgers)
            record(Action.MEMBER_JOINED, request=request, user=user, by="first start")
            return begin_login(request, user, next_path=reverse("home"), method="first start")
    return entry_page(
        request,
        "Welcome to Botmeter",
        sentence="Create the first user. You can invite others later.",
        form=form,
        submit="Create user",
    )


@for_entry
def by_link(request: HttpRequest, *, secret: str) -> HttpResponse:
    """Sign in by link."""
    link, user = user_link(secret, Link.Purpose.SIGN_IN)
    if link.is_reusable or request.method == "POST":
        use_up(link)
        return begin_login(request, user, next_path=reverse("home"), method="link")
    return entry_page(
        request,
        "Sign in with link",
        sentence=f"This link signs you in as {user.email} and works once.",
        submit="Sign in",
    )


@for_entry
def invitation(request: HttpRequest, *, secret: str) -> HttpResponse:
    """Accept an invitation, signed in or as a new user."""
    link = open_link(secret, purpose=Link.Purpose.INVITATION)
    if request.user.is_authenticated:
        return _accept(request, link, user=request.user)
    if User.objects.filter(email=link.email).exists():
        # Never a new password for an existing user: the inviter may hold the link.
        return _invitation_page(
            request,
            link,
            sentence=f"A user {link.email} already exists.",
            links=(components.Link(label="Sign in to accept", href=f"{reverse('sign-in')}?next={request.path}"),),
        )
    form = JoinForm(request.POST if request.method == "POST" else None, user=User(email=link.email))
    if form.is_valid():
        user = User.objects.unsaved_user(
            link.email, name=form.cleaned_data["name"], password=form.cleaned_data["password"]
        )
        with transaction.atomic():
            user.save()
            _join(request, link, user=user)
        return begin_login(request, user, next_path=reverse("report", args=(link.account,)), method="invitation")
    return _invitation_page(request, link, sentence=f"You will sign in as {link.email}.", form=form, submit="Join")


def _accept(request: HttpRequest, link: Link, *, user: User) -> HttpResponse:
    if request.method == "POST":
        _join(request, link, user=user)
        add_notice(request, Notice(fact=f"You joined {account_title(request, link.account)}."))
        return redirect("report", link.account)
    return _invitation_page(request, link, sentence=f"You are signed in as {user.email}.", submit="Join")


def _join(request: HttpRequest, link: Link, *, user: User) -> None:
    membership = join(link, user)
    record(
        Action.MEMBER_JOINED,
        request=request,
        user=user,
        account=link.account,
        role=membership.role,
        invited_as=link.email,
        invited_by=link.created_by.email if link.created_by else "",
    )


def _first_user(link: Link, values: dict[str, str], *, names: list[str], ledgers: OpenLedgers) -> User:
    with transaction.atomic():
        use_up(link)
        user = _completed_user(values["email"], name=values["name"], password=values["password"])
        for name in names:
            own(name, user)
        if not names:
            create_account(ledgers, values["account_name"], title=values["account_title"], owner=user)
    return user


def _completed_user(email: str, *, name: str, password: str) -> User:
    user = User.objects.filter(email=email).first()
    if user is None:
        return User.objects.create_user(email, name=name, password=password)
    user.name = name
    user.set_password(password)
    user.save()
    return user


def user_link(secret: str, purpose: Link.Purpose) -> tuple[Link, User]:
    """Usable link and its active user."""
    link = open_link(secret, purpose=purpose)
    if link.user is None or not link.user.is_active:
        raise link_unusable()
    return link, link.user


def _invitation_page(request: HttpRequest, link: Link, *, sentence: str, **more: Any) -> HttpResponse:
    inviter = str(link.created_by) if link.created_by else "An owner"
    role = Role(link.role).label.lower()
    export = "You can export underlying data." if link.may_export else "You can't export underlying data."
    terms = f"{inviter} invites you as {'an' if role[0] in 'ao' else 'a'} {role}. {export}"
    return entry_page(request, f"Join {account_title(request, link.account)}", sentence=f"{terms} {sentence}", **more)
