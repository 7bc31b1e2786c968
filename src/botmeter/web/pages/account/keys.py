"""Admin → API keys: list, create, replace and revoke."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, cast

from django import forms
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.errors import Refused
from botmeter.domain.instant import present
from botmeter.people.audit import Action, record
from botmeter.people.keys import (
    NAME_LENGTH_MAX,
    KeyDraft,
    KeyState,
    NewKey,
    Scope,
    end_of_day,
    new_key,
    revoke_key,
    rotate_key,
    scopes_from_texts,
    state_of,
)
from botmeter.people.models import ApiKey
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.entry_page import add_problem
from botmeter.web.layout import Frame, frame
from botmeter.web.notices import Notice, add_notice, pop_notice
from botmeter.web.rendering import rendered

_for_key_admins = for_member(Right.MANAGE_KEYS, posts=Right.MANAGE_KEYS)
# After the year 9998, `date` may have no next day.
_DAY_LAST: Final = date(9998, 12, 31)

# Lifetime of a replaced key.
OLD_KEY_EXPIRY: Final = {
    "now": ("immediately", timedelta(0)),
    "hour": ("in an hour", timedelta(hours=1)),
    "day": ("in a day", timedelta(days=1)),
    "week": ("in a week", timedelta(days=7)),
}


class KeyForm(forms.Form):
    """Options of a new key."""

    name = forms.CharField(
        label="Name",
        max_length=NAME_LENGTH_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="For example the program or server that uses it.",
    )
    scopes = forms.MultipleChoiceField(
        label="Scopes",
        choices=[(scope.value, scope.sentence.rstrip(".")) for scope in Scope],
        initial=[Scope.REPORTS_READ.value],
        widget=forms.CheckboxSelectMultiple,
    )
    last_on = forms.DateField(
        label="Expires after",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Last day in UTC. Leave empty for a key that does not expire.",
    )

    def clean_last_on(self) -> date | None:
        chosen: date | None = self.cleaned_data["last_on"]
        if chosen is not None and chosen > _DAY_LAST:
            raise forms.ValidationError(f"The latest day is {text.day_text(_DAY_LAST)}.")
        return chosen


class ReplaceForm(forms.Form):
    """The key to replace."""

    key = forms.ModelChoiceField(label="Key", queryset=ApiKey.objects.none(), empty_label=None)
    lives_on = forms.ChoiceField(
        label="Old key expires",
        choices=[(value, label) for value, (label, _) in OLD_KEY_EXPIRY.items()],
        initial="day",
        help_text="Time to update your programs.",
    )

    def __init__(self, *args: Any, account: str) -> None:
        super().__init__(*args)
        works = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=present()))
        chosen = cast("forms.ModelChoiceField[ApiKey]", self.fields["key"])
        chosen.queryset = ApiKey.objects.filter(works, account=account).order_by("name", "pk")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLine:
    """A key; `revoke_href` is empty unless active."""

    name: str
    start: str
    scopes: tuple[str, ...]
    made: str
    used: str
    state: tuple[str, str]
    ends: str
    revoke_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysPage:
    """The account's keys; `replace` is None if none is active."""

    frame: Frame
    notice: Notice | None
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
    if visit.request.method != "POST":
        return _page(visit)
    form = KeyForm(visit.request.POST)
    if form.is_valid():
        try:
            return _create(visit, _draft(form.cleaned_data))
        except Refused as problem:
            add_problem(form, problem, fields={"key_name_invalid": "name", "key_expiry_past": "last_on"})
    return _page(visit, form=form)


@_for_key_admins
def key_replacement(visit: Visit) -> HttpResponse:
    """Replace a key."""
    if visit.request.method != "POST":
        return HttpResponseRedirect(_keys(visit))
    form = ReplaceForm(visit.request.POST, account=visit.account)
    if not form.is_valid():
        return _page(visit, replace=form)
    _replace(visit, form.cleaned_data["key"], expiry=form.cleaned_data["lives_on"])
    return HttpResponseRedirect(_keys(visit))


@_for_key_admins
def key_revocation(visit: Visit, *, key: int) -> HttpResponse:
    """Revoke a key."""
    found = ApiKey.objects.filter(pk=key, account=visit.account).first()
    if found is None or visit.request.method != "POST":
        raise Http404
    if revoke_key(found):
        _note(visit, found, action=Action.KEY_REVOKED)
    add_notice(visit.request, Notice(fact=f"Key {found.name} revoked.", consequence="It can no longer be used."))
    return HttpResponseRedirect(_keys(visit))


def _keys(visit: Visit) -> str:
    return reverse("keys", args=(visit.account,))


def _draft(values: dict[str, Any]) -> KeyDraft:
    last_on: date | None = values["last_on"]
    return KeyDraft(
        name=values["name"],
        scopes=scopes_from_texts(values["scopes"]),
        expires_at=None if last_on is None else end_of_day(last_on),
    )


def _create(visit: Visit, draft: KeyDraft) -> HttpResponse:
    made = new_key(visit.account, draft, created_by=visit.user)
    _note(visit, made.key, action=Action.KEY_CREATED, scopes=made.key.scopes)
    _show(visit, made, fact=f"Key {draft.name} created.")
    return HttpResponseRedirect(_keys(visit))


def _replace(visit: Visit, found: ApiKey, *, expiry: str) -> None:
    label, lasting = OLD_KEY_EXPIRY[expiry]
    made = rotate_key(found, lives_on=lasting, created_by=visit.user)
    _note(
        visit, made.key, action=Action.KEY_CREATED, scopes=made.key.scopes, instead_of=found.start, old_lives_on=label
    )
    _show(visit, made, fact=f"New key {found.name} created. The old key expires {label}.")


def _note(visit: Visit, key: ApiKey, *, action: Action, **detail: Any) -> None:
    details = {"name": key.name, "key": f"{key.start}…", **detail}
    record(action, request=visit.request, user=visit.user, account=visit.account, **details)


def _show(visit: Visit, made: NewKey, *, fact: str) -> None:
    consequence = "Copy it now. It is not shown again."
    add_notice(visit.request, Notice(fact=fact, consequence=consequence, secrets=(made.secret,)))


def _page(visit: Visit, *, form: forms.Form | None = None, replace: ReplaceForm | None = None) -> HttpResponse:
    found = ApiKey.objects.select_related("created_by").filter(account=visit.account).order_by("-created_at", "-pk")
    lines = tuple(_line(visit, each) for each in found)
    report = visit.request.build_absolute_uri(f"/api/v1/accounts/{visit.account}/reports/session-usage")
    page = KeysPage(
        frame=frame(visit, title="API keys", current="keys"),
        notice=pop_notice(visit.request),
        keys=lines,
        form=form or KeyForm(),
        replace=(replace or ReplaceForm(account=visit.account)) if any(line.revoke_href for line in lines) else None,
        href=_keys(visit),
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
        made=f"{text.day_text(key.created_at.date())} by {by}",
        used="Never" if key.last_used_at is None else text.moment_text(key.last_used_at),
        state=_STATES[state],
        ends=_ends(key, state),
        revoke_href=reverse("key-revoke", args=(visit.account, key.pk)) if state is KeyState.WORKS else "",
    )


def _ends(key: ApiKey, state: KeyState) -> str:
    match state:
        case KeyState.WORKS:
            return f"until {text.moment_text(key.expires_at)}" if key.expires_at else ""
        case KeyState.EXPIRED:
            return text.moment_text(key.expires_at) if key.expires_at else ""
        case KeyState.REVOKED:
            return text.moment_text(key.revoked_at) if key.revoked_at else ""


_STATES: Final = {
    KeyState.WORKS: ("Active", "ok"),
    KeyState.EXPIRED: ("Expired", ""),
    KeyState.REVOKED: ("Revoked", ""),
}
