"""Form of an alert, with the fields of its kind."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, cast
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError

from botmeter.billing.alerts.alert import (
    SCOPED,
    Alert,
    AlertKind,
    LevelUnit,
    StatementMoment,
    Target,
    level_text,
    levels_from_text,
)
from botmeter.domain.display_name import DISPLAY_NAME_CHARACTERS_MAX
from botmeter.domain.errors import Refused
from botmeter.domain.event import ID_BYTES_MAX
from botmeter.ledger.billing.budgets import BudgetScope
from botmeter.people.notifications.alert_models import AlertRule
from botmeter.people.notifications.alert_rules import AlertDraft, alert_of
from botmeter.web.access import Visit
from botmeter.web.alert_words import KIND_LABELS, MOMENT_LABELS, SCOPE_LABELS, TARGET_LABELS
from botmeter.web.form_errors import form_errors
from botmeter.web.pages.notifications.recipient_field import (
    addresses_in,
    check_addresses,
    entry_of,
    key_of,
    may_write_emails,
    recipient_candidates,
)

DEFAULT_LEVELS: Final = {
    AlertKind.USAGE: "50, 80, 100",
    AlertKind.BUDGET: "80, 100",
    AlertKind.FORECAST: "100",
    AlertKind.CAP: "80, 100",
    AlertKind.SPIKE: "3",
    AlertKind.SILENT_SOURCE: "24",
    AlertKind.QUARANTINE: "1, 100",
    AlertKind.METERING_DELAY: "60",
    AlertKind.PACKS_LAPSE: "14, 3",
    AlertKind.RECHARGES: "100",
}
_LEVEL_LABELS: Final = {
    LevelUnit.PERCENT: "Levels in percent",
    LevelUnit.SESSIONS: "Levels in sessions",
    LevelUnit.MONEY: "Levels in the plan's currency",
    LevelUnit.TIMES: "Times the usual sessions of the hour",
    LevelUnit.HOURS: "Hours without a delivery",
    LevelUnit.EVENTS: "Refused events of a day",
    LevelUnit.SECONDS: "Seconds until an event is metered",
    LevelUnit.DAYS: "Days before they lapse",
}
_FIELD_OF_CODE: Final = {"alert_name_invalid": "name", "alert_recipients_many": "to"}


class AlertForm(forms.Form):
    """Settings of one kind of alert, and its recipients."""

    form_token = forms.RegexField(regex=r"^[0-9a-f]{32}$", widget=forms.HiddenInput)
    name = forms.CharField(
        label="Name", max_length=DISPLAY_NAME_CHARACTERS_MAX, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    target = forms.ChoiceField(
        label="Compared with", choices=[(each.value, label) for each, label in TARGET_LABELS.items()]
    )
    levels = forms.CharField(
        label="Levels",
        max_length=400,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "text"}),
        help_text="One or more, separated by a comma and a space: 50, 80, 100. Each is sent once in its cycle.",
    )
    scope = forms.ChoiceField(
        label="For",
        required=False,
        choices=[("", "Whole account"), *((each.value, label) for each, label in SCOPE_LABELS.items())],
    )
    scope_name = forms.CharField(
        label="Bot ID, channel or cost centre", required=False, max_length=ID_BYTES_MAX, strip=False
    )
    source = forms.ChoiceField(label="Source", required=False)
    least_sessions = forms.IntegerField(
        label="Least sessions of the hour",
        min_value=1,
        max_value=10**9,
        initial=20,
        help_text="At night, two sessions instead of one are no spike.",
    )
    moments = forms.MultipleChoiceField(
        label="When",
        choices=[(each.value, label) for each, label in MOMENT_LABELS.items()],
        initial=[each.value for each in StatementMoment],
        widget=forms.CheckboxSelectMultiple,
    )
    to = forms.MultipleChoiceField(label="Recipients", required=False, widget=forms.CheckboxSelectMultiple)
    emails = forms.CharField(
        label="Other email addresses",
        required=False,
        max_length=2_000,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Separated by commas.",
    )

    draft: AlertDraft | None = None

    def __init__(
        self, sent: Any, *, visit: Visit, kind: AlertKind, sources: tuple[str, ...], rule: AlertRule | None
    ) -> None:
        initial = _initial(kind, visit) if rule is None else _stored(rule)
        super().__init__(sent, initial=initial)
        self.kind = kind
        for name in _unused(kind):
            del self.fields[name]
        if "source" in self.fields:
            self._choices("source", [("", "Every source"), *((name, name) for name in sources)])
        self._visit, self._known = visit, frozenset(filter(None, initial.get("emails", "").split(", ")))
        candidates = recipient_candidates(visit, initial["to"])
        self._choices("to", [(each.key, each.label) for each in candidates])
        if not may_write_emails(visit, self._known):
            del self.fields["emails"]
        unit = None if kind is AlertKind.FORECAST else _unit(kind)
        if unit is not None:
            self.fields["levels"].label = _LEVEL_LABELS[unit]
        elif "levels" in self.fields:
            self.fields["levels"].label = "Levels in percent, or as an amount"
        if kind in (AlertKind.BUDGET, AlertKind.FORECAST):
            cast("forms.ChoiceField", self.fields["scope"]).choices = [
                ("", "Whole account, and every budget"),
                *((each.value, label) for each, label in SCOPE_LABELS.items()),
            ]

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        cast("forms.ChoiceField", self.fields[name]).choices = choices

    def clean_emails(self) -> list[str]:
        addresses = addresses_in(self.cleaned_data["emails"])
        try:
            check_addresses(self._visit, addresses, known=self._known)
        except Refused as refused:
            raise ValidationError(refused.message) from None
        return addresses

    def clean(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return fields
        recipients = (
            *map(entry_of, fields["to"]),
            *({"email": address} for address in fields.get("emails", ())),
        )
        if not recipients:
            self.add_error("to", "Choose at least one recipient.")
            return fields
        with form_errors(self, fields=_FIELD_OF_CODE):
            alert = self._alert(fields)
            self.draft = AlertDraft(name=fields["name"], alert=alert, recipients=recipients)
        return fields

    def _alert(self, fields: Mapping[str, Any]) -> Alert:
        scope, target = fields.get("scope"), fields.get("target")
        return Alert(
            kind=self.kind,
            levels=levels_from_text(fields["levels"]) if "levels" in fields else (),
            scope=BudgetScope(scope) if scope else None,
            name=(fields["scope_name"] or None) if scope else fields.get("source") or None,
            target=Target(target) if target else None,
            moments=frozenset(map(StatementMoment, fields.get("moments", ()))),
            least_sessions=fields.get("least_sessions") or 20,
        )


def _unit(kind: AlertKind) -> LevelUnit | None:
    return None if kind is AlertKind.STATEMENT else Alert(kind=kind, levels=(Decimal(100),)).unit


def _unused(kind: AlertKind) -> list[str]:
    unused = []
    if kind is not AlertKind.FORECAST:
        unused.append("target")
    if kind is AlertKind.STATEMENT:
        unused.append("levels")
    else:
        unused.append("moments")
    if kind not in SCOPED:
        unused += ["scope", "scope_name"]
    if kind is not AlertKind.SILENT_SOURCE:
        unused.append("source")
    if kind is not AlertKind.SPIKE:
        unused.append("least_sessions")
    return unused


def _initial(kind: AlertKind, visit: Visit) -> dict[str, Any]:
    return {
        "form_token": uuid4().hex,
        "name": KIND_LABELS[kind],
        "levels": DEFAULT_LEVELS.get(kind, ""),
        "to": [f"user:{visit.user.pk}"],
    }


def _stored(rule: AlertRule) -> dict[str, Any]:
    alert = alert_of(rule)
    return {
        "form_token": rule.form_token,
        "name": rule.name,
        "target": alert.target and alert.target.value,
        "levels": ", ".join(map(level_text, alert.levels)),
        "scope": alert.scope.value if alert.scope else "",
        "scope_name": alert.name or "" if alert.scope else "",
        "source": "" if alert.scope else alert.name or "",
        "least_sessions": alert.least_sessions,
        "moments": [moment.value for moment in alert.moments],
        "to": [key_of(each) for each in rule.recipients if "email" not in each],
        "emails": ", ".join(each["email"] for each in rule.recipients if "email" in each),
    }
