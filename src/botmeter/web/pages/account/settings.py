"""Admin → Settings: name, data start date, time zone, policy."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.errors import Refused
from botmeter.domain.instant import now_us as present_us
from botmeter.domain.period import is_timezone
from botmeter.ledger.settings import set_available_from, set_title
from botmeter.people.audit import Action, record
from botmeter.people.models import AccountPreference
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.entry_page import add_problem
from botmeter.web.layout import Frame, frame
from botmeter.web.notices import Notice, add_notice, pop_notice
from botmeter.web.pages.account.policy_text import PolicyTerm, policy_terms
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.zones import zones_offered

_FIELD_OF_CODE: Final = {"title_invalid": "title", "events_before_available_from": "available_from"}


class AccountForm(forms.Form):
    """Settings of an account."""

    title = forms.CharField(label="Account name", max_length=100)
    available_from = forms.DateField(
        label="Data start date",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        help_text="In UTC. Earlier events are quarantined and not counted.",
    )
    timezone = forms.CharField(
        label="Reporting time zone",
        max_length=64,
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false"}),
        help_text="For example UTC or Asia/Kolkata. Charges are always in UTC.",
    )

    def clean_timezone(self) -> str:
        name = str(self.cleaned_data["timezone"]).strip()
        if not is_timezone(name):
            raise ValidationError(f"{name[:40]!r} is not in the IANA time zone database.")
        return name


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsPage:
    """The account's settings; `name` is its permanent ID."""

    frame: Frame
    notice: Notice | None
    name: str
    form: AccountForm
    zones: tuple[str, ...]
    policy: PolicyTerm
    schedule: tuple[PolicyTerm, ...]
    policy_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settings:
    title: str
    available_from: date
    timezone: str


@for_member(Right.CHANGE_SETTINGS, posts=Right.CHANGE_SETTINGS)
def settings(visit: Visit) -> HttpResponse:
    """Show the settings; save them on POST."""
    before = _current(visit)
    initial = {"title": before.title, "available_from": before.available_from, "timezone": before.timezone}
    form = AccountForm(visit.request.POST if visit.request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            notice = _save(visit, before, after=_Settings(**form.cleaned_data))
        except Refused as problem:
            if problem.code not in _FIELD_OF_CODE:
                raise
            add_problem(form, problem, fields=_FIELD_OF_CODE)
        else:
            add_notice(visit.request, notice)
            return HttpResponseRedirect(reverse("settings", args=(visit.account,)))
    return _page(visit, form=form)


def _current(visit: Visit) -> _Settings:
    with visit.reading() as ledger:
        return _Settings(
            title=ledger.account.title,
            available_from=ledger.account.available_from,
            timezone=preferred_zone(visit.account),
        )


def _save(visit: Visit, before: _Settings, *, after: _Settings) -> Notice:
    by, now_us, sentences = visit.user.email, present_us(), []
    with visit.writing() as ledger:
        if after.available_from != before.available_from:
            waiting = set_available_from(ledger, after.available_from, now_us=now_us, by=by)
            sentences.append(f"Data start date: {text.day_text(after.available_from)}.")
            if waiting:
                sentences.append(
                    f"{text.counted(waiting, 'event')} in quarantine can be retried: "
                    f"botmeter quarantine retry --account {visit.account}."
                )
            _note(visit, "available_from", pair=(before.available_from, after.available_from))
        if after.title != before.title:
            set_title(ledger, after.title, now_us=now_us, by=by)
            sentences.append(f"Account name: {after.title}.")
            _note(visit, "title", pair=(before.title, after.title))
    if after.timezone != before.timezone:
        AccountPreference.objects.update_or_create(account=visit.account, defaults={"timezone": after.timezone})
        sentences.append(f"Reporting time zone: {after.timezone}.")
        _note(visit, "zone", pair=(before.timezone, after.timezone))
    return Notice(fact="Saved." if sentences else "No changes.", consequence=" ".join(sentences))


def _note(visit: Visit, setting: str, *, pair: tuple[object, object]) -> None:
    before, after = map(str, pair)
    detail: dict[str, Any] = {"setting": setting, "before": before, "after": after}
    record(Action.SETTING_CHANGED, request=visit.request, user=visit.user, account=visit.account, **detail)


def _page(visit: Visit, *, form: AccountForm) -> HttpResponse:
    with visit.reading() as ledger:
        schedule = policy_terms(ledger.schedule, now_us=present_us())
    page = SettingsPage(
        frame=frame(visit, title="Settings", current="settings"),
        notice=pop_notice(visit.request),
        name=visit.account,
        form=form,
        zones=zones_offered(),
        policy=next(term for term in schedule if term.is_in_force),
        schedule=schedule,
        policy_href=reverse("settings-policy", args=(visit.account,)),
    )
    return rendered(visit.request, "settings.html", page=page)
