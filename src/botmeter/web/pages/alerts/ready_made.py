"""Ready-made alerts of an account with a plan."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import uuid4

from django.urls import reverse

from botmeter.billing.alerts.alert import Alert, AlertKind, Target
from botmeter.people.models import User
from botmeter.people.notifications.alert_models import AlertRule
from botmeter.people.notifications.alert_rules import AlertDraft, add_rule, rules_of
from botmeter.people.rights import Right
from botmeter.web.access import Visit
from botmeter.web.alert_words import alert_label

READY_MADE: Final = (
    ("Allowance and packs", Alert(kind=AlertKind.USAGE, levels=(Decimal(80), Decimal(100)))),
    ("Budgets", Alert(kind=AlertKind.BUDGET, levels=(Decimal(80), Decimal(100)))),
    ("Forecast over budget", Alert(kind=AlertKind.FORECAST, levels=(Decimal(100),), target=Target.BUDGETS)),
)
"""Name and alert, each by the levels that vendors and customers name most often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsOffer:
    """Ready-made alerts as a form, for an account without any."""

    action: str
    form_token: str
    labels: tuple[str, ...]


def alerts_offer(visit: Visit, *, has_plan: bool) -> AlertsOffer | None:
    """Offer the set to those who may add it."""
    if not has_plan or not visit.may(Right.MANAGE_NOTIFICATIONS) or rules_of(visit.account):
        return None
    return AlertsOffer(
        action=reverse("alerts", args=(visit.account,)),
        form_token=uuid4().hex,
        labels=tuple(alert_label(alert) for _name, alert in READY_MADE),
    )


def add_ready_made(account: str, *, form_token: str, by: User) -> Iterator[AlertRule]:
    """Add the alerts, which tell one user; yield the new ones."""
    for number, (name, alert) in enumerate(READY_MADE):
        draft = AlertDraft(name=name, alert=alert, recipients=({"user": by.pk},))
        rule, is_new = add_rule(account, draft, form_token=f"{form_token}-{number}", by=by)
        if is_new:
            yield rule
