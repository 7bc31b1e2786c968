"""The ready-made set of alerts of an account with a plan."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from botmeter.billing.alerts.alert import Alert, AlertKind, Target
from botmeter.people.models import User
from botmeter.people.notifications.alert_models import AlertRule
from botmeter.people.notifications.alert_rules import AlertDraft, add_rule

READY_MADE: Final = (
    ("Allowance and packs", Alert(kind=AlertKind.USAGE, levels=(Decimal(80), Decimal(100)))),
    ("Budgets", Alert(kind=AlertKind.BUDGET, levels=(Decimal(80), Decimal(100)))),
    ("Forecast over budget", Alert(kind=AlertKind.FORECAST, levels=(Decimal(100),), target=Target.BUDGETS)),
)
"""Name and alert, each by the levels that vendors and customers name most often."""


def add_ready_made(account: str, *, form_token: str, by: User) -> Iterator[AlertRule]:
    """Add the alerts that tell one user; yield the new ones."""
    for number, (name, alert) in enumerate(READY_MADE):
        draft = AlertDraft(name=name, alert=alert, recipients=({"user": by.pk},))
        rule, is_new = add_rule(account, draft, form_token=f"{form_token}-{number}", by=by)
        if is_new:
            yield rule
