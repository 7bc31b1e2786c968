"""User's accounts, and creating one."""

from dataclasses import dataclass

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from botmeter.domain.errors import NotAllowed
from botmeter.people.accounts import create_account
from botmeter.people.audit import Action, record
from botmeter.people.members import may_create_accounts
from botmeter.people.models import User
from botmeter.people.rights import Role
from botmeter.web.access import for_person
from botmeter.web.form_errors import form_errors
from botmeter.web.layout import Frame
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.people.forms import FIELD_OF_CODE, NewAccountForm
from botmeter.web.pages.people.person import own_frame
from botmeter.web.rendering import rendered
from botmeter.web.server_state import server_state
from botmeter.web.titles import listed_title


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    """Account of the user."""

    title: str
    name: str
    role: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsPage:
    """User's accounts; `form` is None without permission."""

    frame: Frame
    accounts: tuple[OwnAccount, ...]
    form: BaseForm | None


@for_person
def accounts(request: HttpRequest, user: User) -> HttpResponse:
    """List the accounts; create one on POST."""
    may_create = may_create_accounts(user)
    if request.method != "POST":
        return _page(request, user, form=NewAccountForm() if may_create else None)
    if not may_create:
        raise NotAllowed(
            "account_not_yours_to_make", f"{user.email} owns no account. Only account owners can create accounts."
        )
    form = NewAccountForm(request.POST)
    if form.is_valid():
        name, title = form.cleaned_data["account_name"], form.cleaned_data["account_title"]
        with form_errors(form, fields=FIELD_OF_CODE):
            account = create_account(server_state(request).ledgers, name, title=title, owner=user)
            record(Action.ACCOUNT_CREATED, request=request, user=user, account=account.name, title=account.title)
            add_notice(request, Notice(fact=f"Account {account.title} created.", consequence="It is ready for events."))
            return redirect("report", account.name)
    return _page(request, user, form=form)


def _page(request: HttpRequest, user: User, *, form: BaseForm | None) -> HttpResponse:
    memberships = user.memberships.order_by("account").values_list("account", "role")
    page = AccountsPage(
        frame=own_frame(request, user, title="Accounts"),
        accounts=tuple(
            OwnAccount(
                title=listed_title(request, name),
                name=name,
                role=Role(role).label,
                href=reverse("report", args=(name,)),
            )
            for name, role in memberships
        ),
        form=form,
    )
    return rendered(request, "accounts.html", page=page)
