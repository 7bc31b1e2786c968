"""Admin → API keys."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, cast

from django import forms
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.instant import present
from botmeter.people import keys as api_keys
from botmeter.people.access_state import AccessState, state_of
from botmeter.people.audit import Action
from botmeter.people.models import ApiKey
from botmeter.people.public_address import server_address
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.confirmation import Confirmation, account_confirmation, is_confirmed
from botmeter.web.form_errors import form_errors
from botmeter.web.layout import Frame, frame
from botmeter.web.notices import COPY_NOW, Notice, add_notice
from botmeter.web.rendering import rendered

_for_key_admins = for_member(Right.MANAGE_KEYS, posts=Right.MANAGE_KEYS)
# After the year 9998, `date` may have no next day.
_DAY_LAST: Final = date(9998, 12, 31)

# Lifetime of a replaced key.
_OLD_KEY_EXPIRY: Final = {
    "now": ("immediately", timedelta(0)),
    "hour": ("in an hour", timedelta(hours=1)),
    "day": ("in a day", timedelta(days=1)),
    "week": ("in a week", timedelta(days=7)),
}


class KeyForm(forms.Form):
    """Options of a new key."""

    name = forms.CharField(
        label="Name",
        max_length=api_keys.NAME_LENGTH_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="For example the program or server that uses it.",
    )
    scopes = forms.MultipleChoiceField(
        label="Scopes",
        choices=[(scope.value, scope.sentence.rstrip(".")) for scope in api_keys.ACCOUNT_SCOPES],
        initial=[api_keys.Scope.REPORTS_READ.value],
        widget=forms.CheckboxSelectMultiple,
    )
    last_on = forms.DateField(
        label="Expires after",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Last day in UTC. Leave empty for a key that does not expire.",
    )

    def clean_last_on(self) -> date | None:
        last_on: date | None = self.cleaned_data["last_on"]
        if last_on is not None and last_on > _DAY_LAST:
            raise forms.ValidationError(f"The latest day is {text.day_text(_DAY_LAST)}.")
        return last_on

    def draft(self) -> api_keys.KeyDraft:
        values, last_on = self.cleaned_data, self.cleaned_data["last_on"]
        return api_keys.KeyDraft(
            name=values["name"],
            scopes=api_keys.scopes_from_texts(values["scopes"]),
            expires_at=None if last_on is None else api_keys.end_of_day(last_on),
        )


class ReplaceForm(forms.Form):
    """Key to replace."""

    key = forms.ModelChoiceField(label="Key", queryset=ApiKey.objects.none(), empty_label=None)
    lives_on = forms.ChoiceField(
        label="Old key expires",
        choices=[(value, label) for value, (label, _) in _OLD_KEY_EXPIRY.items()],
        initial="day",
        help_text="Time to update your programs.",
    )

    def __init__(self, *args: Any, account: str) -> None:
        super().__init__(*args)
        is_active = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=present()))
        field = cast("forms.ModelChoiceField[ApiKey]", self.fields["key"])
        field.queryset = ApiKey.objects.filter(is_active, account=account).order_by("name", "pk")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLine:
    """Key; `revoke_href` asks first, and is empty unless active."""

    name: str
    start: str
    scopes: tuple[str, ...]
    created: str
    last_used: str
    state: AccessState
    ends: str
    revoke_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysPage:
    """Account's keys; `replace` is None if none is active."""

    frame: Frame
    keys: tuple[KeyLine, ...]
    form: forms.Form
    replace: forms.Form | None
    href: str
    replace_href: str
    docs_href: str
    curl: str


@_for_key_admins
def keys(visit: Visit) -> HttpResponse:
    """Show the keys; create one on POST."""
    form = KeyForm(visit.request.POST if visit.request.method == "POST" else None)
    if form.is_valid():
        with form_errors(form, fields={"key_name_invalid": "name", "key_expiry_past": "last_on"}):
            new = api_keys.new_key(visit.account, form.draft(), created_by=visit.user)
            return _created(visit, new, fact=f"Key {new.key.name} created.")
    return _page(visit, form=form)


@_for_key_admins
def key_replacement(visit: Visit) -> HttpResponse:
    """Replace a key."""
    if visit.request.method != "POST":
        return redirect("keys", visit.account)
    form = ReplaceForm(visit.request.POST, account=visit.account)
    if not form.is_valid():
        return _page(visit, form=KeyForm(), replace=form)
    old: ApiKey = form.cleaned_data["key"]
    label, lasting = _OLD_KEY_EXPIRY[form.cleaned_data["lives_on"]]
    if not lasting and not is_confirmed(visit.request):
        question = f"Replace {old.name} immediately?"
        return _ask(visit, question=question, effect=_refused_effect(old), button="Replace key")
    return _created(
        visit,
        api_keys.rotate_key(old, lives_on=lasting, created_by=visit.user),
        fact=f"New key {old.name} created. The old key expires {label}.",
        instead_of=old.start,
        old_lives_on=label,
    )


@_for_key_admins
def key_revocation(visit: Visit, *, key: int) -> HttpResponse:
    """Revoke a key, once confirmed."""
    revoked = get_object_or_404(ApiKey, pk=key, account=visit.account)
    if not is_confirmed(visit.request):
        effect = f"{_refused_effect(revoked)} A revoked key can't be restored."
        return _ask(visit, question=f"Revoke {revoked.name}?", effect=effect, button="Revoke key")
    if api_keys.revoke_key(revoked):
        visit.record(Action.KEY_REVOKED, name=revoked.name, key=f"{revoked.start}…")
    add_notice(visit.request, Notice(fact=f"Key {revoked.name} revoked.", consequence="It can no longer be used."))
    return redirect("keys", visit.account)


def _refused_effect(key: ApiKey) -> str:
    used = f"last used {text.moment_text(key.last_used_at)}" if key.last_used_at else "never used"
    return f"Programs that send the key {key.start}… ({used}) are refused from now on."


def _ask(visit: Visit, *, question: str, effect: str, button: str) -> HttpResponse:
    cancel_href = reverse("keys", args=(visit.account,))
    confirmation = Confirmation(question=question, effect=effect, button=button, cancel_href=cancel_href)
    return account_confirmation(visit, confirmation, section="keys")


def _created(visit: Visit, new: api_keys.NewKey, *, fact: str, **details: str) -> HttpResponse:
    key = new.key
    visit.record(Action.KEY_CREATED, name=key.name, key=f"{key.start}…", scopes=key.scopes, **details)
    add_notice(visit.request, Notice(fact=fact, consequence=COPY_NOW, secrets=(new.secret,)))
    return redirect("keys", visit.account)


def _page(visit: Visit, *, form: KeyForm, replace: ReplaceForm | None = None) -> HttpResponse:
    stored = ApiKey.objects.select_related("created_by").filter(account=visit.account).order_by("-created_at", "-pk")
    lines = tuple(_line(visit, each) for each in stored)
    report = f"{server_address(visit.request)}/api/v1/accounts/{visit.account}/reports/session-usage"
    page = KeysPage(
        frame=frame(visit, title="API keys", current="keys"),
        keys=lines,
        form=form,
        replace=(replace or ReplaceForm(account=visit.account)) if any(line.revoke_href for line in lines) else None,
        href=reverse("keys", args=(visit.account,)),
        replace_href=reverse("key-replace", args=(visit.account,)),
        docs_href=reverse("api-reference"),
        curl=f'curl -H "Authorization: Bearer bm_…" \\\n  {report}',
    )
    return rendered(visit.request, "keys.html", page=page)


def _line(visit: Visit, key: ApiKey) -> KeyLine:
    state = state_of(key)
    by = key.created_by or "command line"
    return KeyLine(
        name=key.name,
        start=f"{key.start}…",
        scopes=tuple(key.scopes),
        created=f"{text.day_text(key.created_at.date())} by {by}",
        last_used="Never" if key.last_used_at is None else text.moment_text(key.last_used_at),
        state=state,
        ends=_ends(key, state),
        revoke_href=reverse("key-revoke", args=(visit.account, key.pk)) if state is AccessState.WORKS else "",
    )


def _ends(key: ApiKey, state: AccessState) -> str:
    ends_at = key.revoked_at or key.expires_at
    if ends_at is None:
        return ""
    moment = text.moment_text(ends_at)
    return f"until {moment}" if state is AccessState.WORKS else moment
