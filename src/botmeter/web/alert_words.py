"""Alerts in words, for pages and notifications."""

from decimal import Decimal
from typing import Final

from botmeter.billing.alerts.alert import Alert, AlertKind, LevelUnit, StatementMoment, Target
from botmeter.domain.money_text import money_text, units_text
from botmeter.domain.text import THIN, counted
from botmeter.ledger.billing.budgets import BudgetScope

KIND_LABELS: Final = {
    AlertKind.USAGE: "Allowance and packs used",
    AlertKind.FORECAST: "Forecast",
    AlertKind.BUDGET: "Budget used",
    AlertKind.MONEY: "Cost of the cycle",
    AlertKind.SESSIONS: "Sessions of the cycle",
    AlertKind.CAP: "Cap of the plan",
    AlertKind.PACKS_LAPSE: "Packs that lapse",
    AlertKind.RECHARGES: "Recharges",
    AlertKind.STATEMENT: "Statement",
    AlertKind.SPIKE: "Spike",
    AlertKind.SILENT_SOURCE: "Silent source",
    AlertKind.QUARANTINE: "Quarantine",
    AlertKind.METERING_DELAY: "Metering delay",
}
"""Names of kinds, those of money first."""
TARGET_LABELS: Final = {
    Target.BUDGETS: "Budgets",
    Target.ALLOWANCE: "Allowance and packs",
    Target.MONEY: "An amount of money",
    Target.SESSIONS: "A number of sessions",
}
SCOPE_LABELS: Final = {
    BudgetScope.BOT: "Bot",
    BudgetScope.CHANNEL: "Channel",
    BudgetScope.COST_CENTRE: "Cost centre",
}
MOMENT_LABELS: Final = {
    StatementMoment.PRELIMINARY: "The cycle has ended, and its statement is preliminary",
    StatementMoment.CLOSED: "The statement is closed",
    StatementMoment.ADJUSTED: "A closed statement adjusts earlier cycles",
}
_FORECASTS: Final = {
    Target.BUDGETS: "Forecast over budget",
    Target.ALLOWANCE: "Forecast over allowance and packs",
    Target.MONEY: "Forecast of the cost",
    Target.SESSIONS: "Forecast of the sessions",
}
_NOUNS: Final = {
    LevelUnit.SESSIONS: "session",
    LevelUnit.HOURS: "hour",
    LevelUnit.EVENTS: "event",
    LevelUnit.SECONDS: "second",
    LevelUnit.DAYS: "day",
}


def level_label(level: Decimal, unit: LevelUnit, *, currency: str = "") -> str:
    """Format a level: `80 %`, `$500.00`, `3 times`."""
    match unit:
        case LevelUnit.PERCENT:
            return f"{units_text(level)}{THIN}%"
        case LevelUnit.MONEY:
            return money_text(level, currency) if currency else units_text(level)
        case LevelUnit.TIMES:
            return f"{units_text(level)} times"
        case _:
            noun = _NOUNS[unit]
            return counted(int(level), noun) if level == int(level) else f"{units_text(level)} {noun}s"


def scope_label(scope: BudgetScope | None, name: str | None) -> str:
    """Name what a figure is of: `Bot orders`; empty for the account."""
    label = SCOPE_LABELS.get(scope) if scope is not None else None
    return "" if label is None else f"{label} {name}"


def alert_label(alert: Alert, *, currency: str = "") -> str:
    """Describe an alert: `Allowance and packs used: 50 %, 80 %`."""
    subject = KIND_LABELS[alert.kind]
    if alert.target is not None:
        subject = _FORECASTS[alert.target]
    if of := scope_label(alert.scope, alert.name) or alert.name:
        subject = f"{subject}, {of[:1].lower()}{of[1:]}" if alert.scope else f"{subject} {of}"
    return f"{subject}: {levels_label(alert, currency=currency)}"


def levels_label(alert: Alert, *, currency: str = "") -> str:
    """List the levels, or a statement's moments."""
    if alert.unit is None:
        return ", ".join(str(moment) for moment in StatementMoment if moment in alert.moments)
    return ", ".join(level_label(level, alert.unit, currency=currency) for level in alert.levels)
