"""Admin → Settings."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.instant import now_us as present_us
from botmeter.domain.time_zone import is_timezone
from botmeter.ledger.settings import set_available_from, set_title
from botmeter.people.audit import Action
from botmeter.people.models import AccountPreference
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.day_field import DayField
from botmeter.web.form_errors import form_errors
from botmeter.web.lake_state import LakeState, lake_state
from botmeter.web.layout import Frame, frame
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.account.policy_text import PolicyTerm, policy_terms
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.zones import zones_offered

_FIELD_OF_CODE: Final = {"title_invalid": "title", "events_before_available_from": "available_from"}


class AccountForm(forms.Form):
    """Settings of an account."""

    title = forms.CharField(label="Account name", max_length=100)
    available_from = DayField(
        label="Data start date", help_text="In UTC. Earlier events are quarantined and not counted."
    )
    timezone = forms.CharField(
        label="Reporting time zone",
        max_length=64,
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false"}),
        help_text="For example UTC or Asia/Kolkata. Charges are always in UTC.",
    )

    viewers_see_money = forms.BooleanField(
        label="Viewers see costs",
        required=False,
        help_text="Opens Admin → Billing to them, without its actions. Other roles always see costs.",
    )

    def set_by_lake(self) -> None:
        """Disable what the lake's creation has set."""
        start = self.fields["available_from"]
        start.disabled = True
        start.help_text = "In UTC. Set when the lake was created. Earlier events are quarantined and not counted."

    def clean_timezone(self) -> str:
        name = str(self.cleaned_data["timezone"]).strip()
        if not is_timezone(name):
            raise ValidationError(f"{name[:40]!r} is not in the IANA time zone database.")
        return name


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsPage:
    """Account's settings; `name` is its permanent ID, `lake` None if the ledger has its events."""

    frame: Frame
    name: str
    form: AccountForm
    zones: tuple[str, ...]
    policy: PolicyTerm
    schedule: tuple[PolicyTerm, ...]
    policy_href: str
    deletion_href: str
    lake: LakeState | None


@for_member(Right.CHANGE_SETTINGS, posts=Right.CHANGE_SETTINGS)
def settings(visit: Visit) -> HttpResponse:
    """Show the settings; save them on POST."""
    with visit.reading() as ledger:
        account, lake = ledger.account, lake_state(ledger, zone=preferred_zone(visit.account))
    initial = {
        "title": account.title,
        "available_from": account.available_from,
        "timezone": preferred_zone(visit.account),
        "viewers_see_money": _viewers_see_money(visit.account),
    }
    form = AccountForm(visit.request.POST if visit.request.method == "POST" else None, initial=initial)
    if lake is not None:
        form.set_by_lake()
    if form.is_valid():
        with form_errors(form, fields=_FIELD_OF_CODE):
            add_notice(visit.request, _save(visit, form))
            return redirect("settings", visit.account)
    return _page(visit, form=form, lake=lake)


def _viewers_see_money(account: str) -> bool:
    return AccountPreference.objects.filter(account=account, viewers_see_money=True).exists()


def _save(visit: Visit, form: AccountForm) -> Notice:
    by, now_us, after, sentences = visit.user.email, present_us(), form.cleaned_data, []
    with visit.writing() as ledger:
        if "available_from" in form.changed_data:
            quarantined = set_available_from(ledger, after["available_from"], now_us=now_us, by=by)
            sentences.append(_recorded_change(visit, form, field="available_from"))
            if quarantined:
                sentences.append(f"{text.counted(quarantined, 'event')} can be retried under Admin → Quarantine.")
        if "title" in form.changed_data:
            set_title(ledger, after["title"], now_us=now_us, by=by)
            sentences.append(_recorded_change(visit, form, field="title"))
    for field in ("timezone", "viewers_see_money"):
        if field in form.changed_data:
            AccountPreference.objects.update_or_create(account=visit.account, defaults={field: after[field]})
            sentences.append(_recorded_change(visit, form, field=field))
    return Notice(fact="Saved." if sentences else "No changes.", consequence=" ".join(sentences))


def _recorded_change(visit: Visit, form: AccountForm, *, field: str) -> str:
    before, after = form.initial[field], form.cleaned_data[field]
    setting = "zone" if field == "timezone" else field
    visit.record(Action.SETTING_CHANGED, setting=setting, before=str(before), after=str(after))
    return f"{form.fields[field].label}: {_value_text(after)}."


def _value_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return text.day_text(value) if isinstance(value, date) else str(value)


def _page(visit: Visit, *, form: AccountForm, lake: LakeState | None) -> HttpResponse:
    with visit.reading() as ledger:
        schedule = policy_terms(ledger.schedule, now_us=present_us())
    page = SettingsPage(
        frame=frame(visit, title="Settings", current="settings"),
        name=visit.account,
        form=form,
        zones=zones_offered(),
        policy=next(term for term in schedule if term.is_in_force),
        schedule=schedule,
        policy_href=reverse("settings-policy", args=(visit.account,)),
        deletion_href=reverse("account-deletion", args=(visit.account,)),
        lake=lake,
    )
    return rendered(visit.request, "settings.html", page=page)
