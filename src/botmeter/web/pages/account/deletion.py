"""Admin → Settings → Delete account."""

from dataclasses import dataclass

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect

from botmeter.domain.text import counted
from botmeter.ledger.open_ledgers import SharedFolder
from botmeter.people.account_deletion import delete_account
from botmeter.people.audit import Action, record
from botmeter.people.models import Membership
from botmeter.people.pending_audit import remove_pending
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.form_errors import form_errors
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import Notice, add_notice
from botmeter.web.rendering import rendered
from botmeter.web.server_state import server_state


class DeletionForm(forms.Form):
    """Confirmation by the account's ID."""

    name = forms.CharField(
        label="Account ID",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, sent: QueryDict | None, *, account: str) -> None:
        super().__init__(sent)
        self._account = account
        self.fields["name"].help_text = f"Type {account} to confirm."

    def clean_name(self) -> str:
        if self.cleaned_data["name"] != self._account:
            raise ValidationError(f"{self.cleaned_data['name'][:40]!r} is not this account's ID, {self._account}.")
        return self._account


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionPage:
    """Form that deletes the account."""

    frame: Frame
    name: str
    title: str
    members: str
    form: DeletionForm
    is_in_lake: bool


@for_member(Right.CHANGE_SETTINGS, posts=Right.CHANGE_SETTINGS)
def account_deletion(visit: Visit) -> HttpResponse:
    """Say what is deleted; delete it on POST."""
    form = DeletionForm(visit.request.POST if visit.request.method == "POST" else None, account=visit.account)
    if form.is_valid():
        with form_errors(form, fields={"ledger_busy": "name"}):
            return _deleted(visit)
    with visit.reading() as ledger:
        title, is_in_lake = ledger.account.title, ledger.lake is not None
    page = DeletionPage(
        frame=frame(visit, title="Delete account", current="settings", crumbs=section_links(visit.account, "settings")),
        name=visit.account,
        title=title,
        members=counted(Membership.objects.filter(account=visit.account).count(), "user"),
        form=form,
        is_in_lake=is_in_lake,
    )
    return rendered(visit.request, "account_deletion.html", page=page)


def _deleted(visit: Visit) -> HttpResponse:
    folder = SharedFolder(server_state(visit.request).ledgers)
    delete_account(folder, visit.account)
    remove_pending(folder.path, visit.account)
    # In the log of the user's other accounts; the account's own is deleted.
    record(Action.ACCOUNT_DELETED, request=visit.request, user=visit.user, name=visit.account)
    add_notice(visit.request, Notice(fact=f"Account {visit.account} was deleted."))
    return redirect("accounts")
