"""Alert: what it watches, and at which levels it fires."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final

from botmeter.domain.display_name import required_name_fault
from botmeter.domain.errors import Refused
from botmeter.domain.event import ID_BYTES_MAX
from botmeter.ledger.billing.budgets import BudgetScope

LEVELS_MAX: Final = 20
"""More than any vendor offers; each level is a row per cycle."""
LEVEL_END: Final = Decimal(10) ** 12
LEVEL_DECIMALS_MAX: Final = 9


class AlertKind(StrEnum):
    """Figure that an alert watches."""

    USAGE = "usage"
    SESSIONS = "sessions"
    MONEY = "money"
    FORECAST = "forecast"
    BUDGET = "budget"
    CAP = "cap"
    SPIKE = "spike"
    SILENT_SOURCE = "silent_source"
    QUARANTINE = "quarantine"
    METERING_DELAY = "metering_delay"
    PACKS_LAPSE = "packs_lapse"
    RECHARGES = "recharges"
    STATEMENT = "statement"


class LevelUnit(StrEnum):
    """Unit of an alert's levels."""

    PERCENT = "percent"
    SESSIONS = "sessions"
    MONEY = "money"
    TIMES = "times"
    HOURS = "hours"
    EVENTS = "events"
    SECONDS = "seconds"
    DAYS = "days"


class Target(StrEnum):
    """Limit with which a forecast is compared."""

    BUDGETS = "budgets"
    ALLOWANCE = "allowance"
    MONEY = "money"
    SESSIONS = "sessions"


class StatementMoment(StrEnum):
    """Moment of a statement: its cycle has ended, it is closed, it adjusts earlier cycles."""

    PRELIMINARY = "preliminary"
    CLOSED = "closed"
    ADJUSTED = "adjusted"


_UNITS: Final = {
    AlertKind.USAGE: LevelUnit.PERCENT,
    AlertKind.SESSIONS: LevelUnit.SESSIONS,
    AlertKind.MONEY: LevelUnit.MONEY,
    AlertKind.BUDGET: LevelUnit.PERCENT,
    AlertKind.CAP: LevelUnit.PERCENT,
    AlertKind.SPIKE: LevelUnit.TIMES,
    AlertKind.SILENT_SOURCE: LevelUnit.HOURS,
    AlertKind.QUARANTINE: LevelUnit.EVENTS,
    AlertKind.METERING_DELAY: LevelUnit.SECONDS,
    AlertKind.PACKS_LAPSE: LevelUnit.DAYS,
    AlertKind.RECHARGES: LevelUnit.PERCENT,
}
_TARGET_UNITS: Final = {
    Target.BUDGETS: LevelUnit.PERCENT,
    Target.ALLOWANCE: LevelUnit.PERCENT,
    Target.MONEY: LevelUnit.MONEY,
    Target.SESSIONS: LevelUnit.SESSIONS,
}
_WHOLE: Final = frozenset({LevelUnit.SESSIONS, LevelUnit.EVENTS, LevelUnit.SECONDS})
# A year of hours; more than any pack's life in days; a delay of a week.
_MOST: Final = {
    LevelUnit.PERCENT: Decimal(10_000),
    LevelUnit.TIMES: Decimal(1_000),
    LevelUnit.HOURS: Decimal(8_784),
    LevelUnit.DAYS: Decimal(36_525),
    LevelUnit.SECONDS: Decimal(604_800),
}
# Settling runs about once a second, so that less would always fire.
_LEAST: Final = {LevelUnit.SECONDS: Decimal(10), LevelUnit.TIMES: Decimal("1.1")}
SCOPED: Final = frozenset({AlertKind.SESSIONS, AlertKind.MONEY, AlertKind.SPIKE, AlertKind.BUDGET, AlertKind.FORECAST})
"""Kinds that can be of one bot, channel or cost centre."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Watched figure, and the levels at which it fires.

    Attributes:
        levels: Ascending, in `unit`; none for a statement.
        scope: None: the account; of budgets: each of them.
        name: Bot id, channel or cost centre; of a silent source its name, None: each source.
        least_sessions: Sessions of an hour below which no spike is seen.

    Raises:
        Refused: `alert_invalid`.
    """

    kind: AlertKind
    levels: tuple[Decimal, ...] = ()
    scope: BudgetScope | None = None
    name: str | None = None
    target: Target | None = None
    moments: frozenset[StatementMoment] = frozenset()
    least_sessions: int = 20

    def __post_init__(self) -> None:
        if fault := _fault(self):
            raise Refused("alert_invalid", f"The alert is not valid: {fault}.")

    @property
    def unit(self) -> LevelUnit | None:
        """Unit of the levels; None: a statement has none."""
        return _TARGET_UNITS[self.target] if self.target else _UNITS.get(self.kind)

    @property
    def is_falling(self) -> bool:
        """Levels are crossed from above: fewer days left are worse."""
        return self.kind is AlertKind.PACKS_LAPSE


def level_text(level: Decimal) -> str:
    """Level as keys have it, without trailing zeros."""
    text = f"{level:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def alert_as_json(alert: Alert) -> dict[str, Any]:
    """Options to store; those of the default are left out."""
    options: dict[str, Any] = {"levels": [level_text(level) for level in alert.levels]}
    for key, value in (("scope", alert.scope), ("name", alert.name), ("target", alert.target)):
        if value is not None:
            options[key] = str(value)
    if alert.moments:
        options["moments"] = sorted(map(str, alert.moments))
    if alert.kind is AlertKind.SPIKE:
        options["least_sessions"] = alert.least_sessions
    return options


def alert_from_json(kind: str, options: Mapping[str, Any]) -> Alert:
    """Read stored options."""
    scope, target = options.get("scope"), options.get("target")
    return Alert(
        kind=AlertKind(kind),
        levels=tuple(map(Decimal, options.get("levels", ()))),
        scope=None if scope is None else BudgetScope(scope),
        name=options.get("name"),
        target=None if target is None else Target(target),
        moments=frozenset(map(StatementMoment, options.get("moments", ()))),
        least_sessions=options.get("least_sessions", 20),
    )


def levels_from_text(text: str) -> tuple[Decimal, ...]:
    """Levels as typed, `50, 80, 100`: ascending, each once.

    Raises:
        Refused: `alert_invalid`, also for `1,500`, which can be one level or two.
    """
    levels = set()
    for word in text.replace(";", " ").split():
        try:
            levels.add(Decimal(word.rstrip(",")))
        except InvalidOperation:
            raise Refused(
                "alert_invalid", f"{word[:40]!r} is not a level. Separate numbers by a comma and a space: 50, 80, 100."
            ) from None
    return tuple(sorted(levels))


def _fault(alert: Alert) -> str | None:
    return _levels_fault(alert) or _scope_fault(alert) or _target_fault(alert)


def _levels_fault(alert: Alert) -> str | None:
    if alert.kind is AlertKind.STATEMENT:
        if alert.levels:
            return "an alert on statements has no levels"
        return None if alert.moments else "it names no moment of a statement: preliminary, closed or adjusted"
    if alert.moments:
        return f"an alert on {alert.kind} names no moments of a statement"
    if not alert.levels:
        return "it has no level"
    if len(alert.levels) > LEVELS_MAX:
        return f"it has {len(alert.levels)} levels, and the limit is {LEVELS_MAX}"
    if list(alert.levels) != sorted(set(alert.levels)):
        return "its levels are not in ascending order, each once"
    return next((fault for level in alert.levels if (fault := _level_fault(alert, level))), None)


def _level_fault(alert: Alert, level: Decimal) -> str | None:
    unit = alert.unit
    if unit is None:
        return None
    if not level.is_finite() or level <= 0:
        return f"its level is {level}; use a number above 0"
    least, most = _LEAST.get(unit, Decimal(0)), _MOST.get(unit, LEVEL_END)
    if level < least:
        return f"its level is {level} {unit}; the least is {least}"
    if level > most:
        return f"its level is {level} {unit}; the limit is {most:,}"
    if unit in _WHOLE and level != level.to_integral_value():
        return f"its level is {level} {unit}; use a whole number"
    exponent = level.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > LEVEL_DECIMALS_MAX:
        return f"its level {level} has {-exponent} decimals, and the limit is {LEVEL_DECIMALS_MAX}"
    return None


def _scope_fault(alert: Alert) -> str | None:
    if alert.scope is None:
        if alert.name is not None and alert.kind is not AlertKind.SILENT_SOURCE:
            return f"it names {alert.name[:40]!r}, but not whether that is a bot, a channel or a cost centre"
        return "the source has no name" if alert.name == "" else None
    if alert.scope is BudgetScope.ACCOUNT:
        return "an alert of the account has no scope"
    if alert.kind not in SCOPED or alert.target is Target.ALLOWANCE:
        return f"{alert.kind.replace('_', ' ')} is of the account, and can't be of one {_scope_word(alert.scope)}"
    if not alert.name:
        return f"it names no {_scope_word(alert.scope)}"
    if alert.scope is BudgetScope.COST_CENTRE:
        fault = required_name_fault(alert.name)
        return fault and f"the cost centre's name is not valid: {fault}"
    size = len(alert.name.encode())
    return f"its name has {size} bytes, and the limit is {ID_BYTES_MAX}" if size > ID_BYTES_MAX else None


def _scope_word(scope: BudgetScope) -> str:
    return scope.value.replace("_", " ")


def _target_fault(alert: Alert) -> str | None:
    if alert.kind is AlertKind.FORECAST:
        return None if alert.target else "it does not say what the forecast is compared with"
    if alert.target:
        return f"only a forecast is compared with {alert.target}"
    if alert.kind is AlertKind.SPIKE and not 1 <= alert.least_sessions <= 10**9:
        return f"its least number of sessions is {alert.least_sessions}; use 1 or more"
    return None
