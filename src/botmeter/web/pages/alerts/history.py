"""History of crossed levels."""

from dataclasses import dataclass
from decimal import Decimal

from botmeter.billing.alerts.alert import LevelUnit
from botmeter.domain import text
from botmeter.domain.instant import us_from_datetime
from botmeter.people.notifications.alert_models import AlertCrossing, AlertRule
from botmeter.people.notifications.alert_rules import CrossingState, crossings_of
from botmeter.web.alert_titles import words_of
from botmeter.web.alert_words import level_label

HISTORY_MAX = 50
"""The newest ones; each notification is on its own page, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossingLine:
    """Crossed level; `is_sent` unless a higher one was sent."""

    at: str
    name: str
    level: str
    is_sent: bool
    title: str


def crossing_lines(account: str, *, rule: AlertRule | None = None) -> tuple[CrossingLine, ...]:
    """Newest crossings of an account, or of one alert."""
    return tuple(map(crossing_line, crossings_of(account, limit=HISTORY_MAX, rule=rule)))


def crossing_line(row: AlertCrossing) -> CrossingLine:
    """Describe a crossing."""
    is_sent = row.state == CrossingState.FIRED
    unit, currency = row.detail.get("unit"), row.detail.get("currency", "")
    return CrossingLine(
        at=f"{text.instant_text(us_from_datetime(row.crossed_at), seconds=False)}",
        name=row.rule.name,
        level=level_label(Decimal(row.level), LevelUnit(unit), currency=currency) if unit else row.level.capitalize(),
        is_sent=is_sent,
        title=words_of(row.detail)[0] if is_sent else "",
    )
