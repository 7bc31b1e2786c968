"""Facts that a notification of a crossed level says: used, left, expected, the day, and what drives it."""

from datetime import date
from decimal import Decimal
from typing import Any, Final

from botmeter.billing.account_bill import Bill
from botmeter.billing.alerts.account_figures import AccountFigures
from botmeter.billing.alerts.alert import Alert, AlertKind, Target, level_text
from botmeter.billing.alerts.crossings import Reading
from botmeter.billing.alerts.drivers import bot_name, driver_of
from botmeter.billing.alerts.hours import hour_counts
from botmeter.billing.alerts.plan_limits import closest_cap, closest_recharges
from botmeter.billing.alerts.readings import lapsing_packs, own_budget, used_up
from botmeter.billing.alerts.statements import closed_since
from botmeter.domain.instant import text_to_the_second, us_from_text
from botmeter.domain.period import day_of_us
from botmeter.ledger.billing.budgets import Budget, BudgetScope, BudgetUnit, StoredBudget

# A value has at most these decimals; a share of a third has no end.
_DECIMALS: Final = Decimal("0.001")

Facts = dict[str, Any]


def crossing_facts(alert: Alert, reading: Reading, *, figures: AccountFigures, level: str) -> Facts:
    """Facts of a crossed level, as JSON: decimals are strings, days in ISO, instants in RFC 3339.

    Returns:
        kind, level, unit, value, subject, as_of; where there is a plan currency and `cycle`; where they are known used,
        limit, left and expected with their `amount_unit`, `on` (a day) and `driver`.
    """
    facts: Facts = {
        "kind": str(alert.kind),
        "level": level,
        "unit": None if alert.unit is None else str(alert.unit),
        "value": None if reading.value is None else level_text(reading.value.quantize(_DECIMALS)),
        "subject": reading.subject,
        "scope": None if alert.scope is None else {"scope": str(alert.scope), "name": alert.name},
        "target": None if alert.target is None else str(alert.target),
        "as_of": text_to_the_second(figures.now_us),
    }
    if figures.bill is not None:
        facts |= {"currency": figures.bill.rated.plan.currency, "cycle": _cycle(figures, figures.bill)}
    facts |= _of_kind(alert, reading, figures=figures)
    named = facts.get("budget") or facts["scope"] or {}
    if named.get("scope") == BudgetScope.BOT:
        facts["bot_name"] = bot_name(figures, named["name"])
    driver = driver_of(alert, figures)
    return facts if driver is None else {**facts, "driver": driver.as_json()}


def _of_kind(alert: Alert, reading: Reading, *, figures: AccountFigures) -> Facts:
    bill = figures.bill
    if alert.kind is AlertKind.SPIKE:
        counts = hour_counts(alert, figures)
        return {"used": str(counts.count), "usual": level_text(counts.usual.quantize(Decimal("0.1")))}
    if alert.kind is AlertKind.STATEMENT:
        return _statement(figures, reading)
    if bill is None:
        return {"used": str(reading.value), "amount_unit": "sessions"} if alert.kind is AlertKind.SESSIONS else {}
    if alert.kind is AlertKind.USAGE or alert.target is Target.ALLOWANCE:
        return _usage(figures, bill)
    if alert.kind is AlertKind.BUDGET or alert.target is Target.BUDGETS:
        return _budget(figures, next(each for each in figures.budgets if str(each.number) == reading.subject))
    return _of_plan(alert, reading, figures=figures, bill=bill)


def _of_plan(alert: Alert, reading: Reading, *, figures: AccountFigures, bill: Bill) -> Facts:
    match alert.kind:
        case AlertKind.SESSIONS | AlertKind.MONEY | AlertKind.FORECAST:
            return _own(alert, figures, level=alert.levels[-1])
        case AlertKind.CAP:
            return _cap(figures, bill)
        case AlertKind.PACKS_LAPSE:
            return _lapse(bill, reading, now_us=figures.now_us)
        case AlertKind.RECHARGES:
            return _recharges(bill)
        case _:
            return {}


def _cycle(figures: AccountFigures, bill: Bill) -> Facts:
    cycle, ahead = bill.account_cycle.cycle, figures.forecast
    facts: Facts = {
        "first_day": cycle.first_on.isoformat(),
        "last_day": cycle.last_on.isoformat(),
        "timezone": cycle.timezone,
        "sessions": max((len(meter.funding) for meter in bill.rated.meters), default=0),
        "total": str(bill.rated.total),
    }
    if use := used_up(bill, now_us=figures.now_us):
        facts["left"] = level_text(use.left)
    if ahead is not None:
        facts["expected_sessions"] = ahead.end.expected_count
        if rated := figures.rated_at(ahead.end.expected_count):
            facts["expected_total"] = str(rated.total)
    return facts


def _usage(figures: AccountFigures, bill: Bill) -> Facts:
    use, ahead = used_up(bill, now_us=figures.now_us), figures.forecast
    if use is None:
        return {}
    facts = _amounts("units", used=use.used, limit=use.granted, left=use.left)
    if ahead is None:
        return facts
    more = max(0, ahead.end.expected_count - ahead.counted_count)
    last = ahead.counted_count + int((use.left - use.beyond) // use.weight)
    return facts | {"expected": level_text(use.used + more * use.weight), **_on(ahead.crossing(last).expected_on)}


def _budget(figures: AccountFigures, stored: StoredBudget) -> Facts:
    budget = stored.budget
    named = {"scope": str(budget.scope), "name": budget.name, "per": str(budget.per), "is_brake": budget.is_brake}
    return {"budget": named, **_of_budget(figures, budget)}


def _own(alert: Alert, figures: AccountFigures, *, level: Decimal) -> Facts:
    is_money = AlertKind.MONEY in (alert.kind, alert.target and str(alert.target))
    budget = own_budget(alert, BudgetUnit.MONEY if is_money else BudgetUnit.SESSIONS)
    return _of_budget(figures, Budget(scope=budget.scope, name=budget.name, unit=budget.unit, amount=level))


def _of_budget(figures: AccountFigures, budget: Budget) -> Facts:
    used, expected = figures.used(budget), figures.expected(budget)
    left = max(budget.amount - used, Decimal(0))
    facts = _amounts(str(budget.unit), used=used, limit=budget.amount, left=left)
    if expected is not None:
        facts |= {"expected": _text(str(budget.unit), expected)}
    reached_on = _today(figures) if used >= budget.amount else figures.reached_on(budget)
    return facts | _on(reached_on)


def _cap(figures: AccountFigures, bill: Bill) -> Facts:
    use = closest_cap(bill)
    if use is None:
        return {}
    facts = _amounts("money", used=use.used, limit=use.limit, left=max(use.limit - use.used, Decimal(0)))
    return facts | {"stopped": use.stopped, **_on(_today(figures) if use.stopped else None)}


def _lapse(bill: Bill, reading: Reading, *, now_us: int) -> Facts:
    expires_us = us_from_text(reading.subject)
    left = dict(lapsing_packs(bill, now_us=now_us)).get(expires_us, Decimal(0))
    on = day_of_us(expires_us - 1, timezone=bill.account_cycle.cycle.timezone)
    return {"left": level_text(left), "amount_unit": "units", **_on(on)}


def _recharges(bill: Bill) -> Facts:
    use = closest_recharges(bill)
    if use is None:
        return {}
    used, limit = Decimal(use.packs), Decimal(use.most)
    return _amounts("packs", used=used, limit=limit, left=max(limit - used, Decimal(0)))


def _statement(figures: AccountFigures, reading: Reading) -> Facts:
    start_us = us_from_text(reading.subject)
    zone = figures.bill.account_cycle.cycle.timezone if figures.bill else "UTC"
    facts = {"statement_day": day_of_us(start_us, timezone=zone).isoformat()}
    closed = [each for each in closed_since(figures.ledger, start_us) if each.cycle_start == start_us]
    return {**facts, "number": closed[-1].number} if closed else facts


def _amounts(unit: str, *, used: Decimal, limit: Decimal, left: Decimal) -> Facts:
    amounts = {"used": used, "limit": limit, "left": left}
    return {"amount_unit": unit, **{name: _text(unit, amount) for name, amount in amounts.items()}}


def _text(unit: str, amount: Decimal) -> str:
    # Money keeps the decimals of its currency.
    return str(amount) if unit == "money" else level_text(amount)


def _on(on: date | None) -> Facts:
    return {} if on is None else {"on": on.isoformat()}


def _today(figures: AccountFigures) -> date | None:
    return None if figures.days is None else figures.days.today_on
