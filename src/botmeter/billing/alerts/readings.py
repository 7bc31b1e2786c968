"""Readings: the figures that an alert watches, as of one moment."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, Protocol, assert_never

from botmeter.billing.account_bill import Bill
from botmeter.billing.account_plans import CycleState
from botmeter.billing.alerts.account_figures import AccountFigures, budget_epochs
from botmeter.billing.alerts.alert import Alert, AlertKind, StatementMoment, Target
from botmeter.billing.alerts.crossings import Reading
from botmeter.billing.alerts.epochs import cycle_epoch, grant_epoch
from botmeter.billing.alerts.grant_use import MeterUse, meter_uses
from botmeter.billing.alerts.hours import hour_counts
from botmeter.billing.alerts.plan_limits import closest_cap, closest_recharges
from botmeter.billing.alerts.statements import statement_moments
from botmeter.billing.plan_terms import timeline
from botmeter.domain.instant import DAY_US, MICROSECONDS_PER_SECOND, text_to_the_second
from botmeter.domain.period import Period, day_of_us, day_start_us, month_last_on
from botmeter.ledger.billing.budgets import Budget, BudgetScope, BudgetUnit, StoredBudget
from botmeter.ledger.deliveries import latest_delivery_by_source
from botmeter.ledger.quarantine import quarantine_counts
from botmeter.ledger.sources import removed_sources
from botmeter.reports.billed_sessions import session_count

_HUNDRED: Final = Decimal(100)
# A cycle in grace is one of the last: grace is at most a year.
_CYCLES_MAX: Final = 14
_HOUR_US: Final = 3_600 * MICROSECONDS_PER_SECOND
# Older silence is no news to a rule that begins today.
_SILENCE_US_MAX: Final = 30 * DAY_US


def readings(alert: Alert, figures: AccountFigures, *, since_us: int) -> tuple[Reading, ...]:
    """Read what an alert watches.

    Args:
        since_us: Earlier closings are not news (µs UTC).
    """
    if alert.kind is AlertKind.STATEMENT:
        return tuple(_statements(alert, figures, since_us=since_us))
    if alert.kind in _OF_ACCOUNT:
        return tuple(_OF_ACCOUNT[alert.kind](alert, figures))
    if figures.bill is not None:
        return tuple(_OF_BILL[alert.kind](alert, figures, bill=figures.bill))
    return tuple(_month_sessions(alert, figures)) if alert.kind is AlertKind.SESSIONS else ()


def own_budget(alert: Alert, unit: BudgetUnit) -> Budget:
    """Budget of 1 whose use an alert in sessions or money watches."""
    scope = alert.scope or BudgetScope.ACCOUNT
    return Budget(scope=scope, name=alert.name, unit=unit, amount=Decimal(1))


def watched_budgets(alert: Alert, figures: AccountFigures) -> Iterator[tuple[StoredBudget, str]]:
    """Budgets that an alert watches, each with the first day of its time."""
    for each, epoch in budget_epochs(figures):
        if alert.scope is None or (alert.scope, alert.name) == (each.budget.scope, each.budget.name):
            yield each, epoch


def _usage(_alert: Alert, figures: AccountFigures, *, bill: Bill) -> Iterator[Reading]:
    if use := used_up(bill, now_us=figures.now_us):
        epoch = grant_epoch(bill.account_cycle, bill.facts, now_us=figures.now_us)
        yield Reading(epoch=epoch, value=use.percent)


def _sessions(alert: Alert, figures: AccountFigures, *, bill: Bill) -> Iterator[Reading]:
    value = figures.used(own_budget(alert, BudgetUnit.SESSIONS))
    yield Reading(epoch=cycle_epoch(bill.account_cycle.cycle), value=value)


def _money(alert: Alert, figures: AccountFigures, *, bill: Bill) -> Iterator[Reading]:
    value = figures.used(own_budget(alert, BudgetUnit.MONEY))
    yield Reading(epoch=cycle_epoch(bill.account_cycle.cycle), value=value)


def _budgets(alert: Alert, figures: AccountFigures) -> Iterator[Reading]:
    for each, epoch in watched_budgets(alert, figures):
        value = _HUNDRED * figures.used(each.budget) / each.budget.amount
        yield Reading(epoch=f"{epoch}, budget {each.number}", value=value, subject=str(each.number))


def _cap(_alert: Alert, _figures: AccountFigures, *, bill: Bill) -> Iterator[Reading]:
    if use := closest_cap(bill):
        yield Reading(epoch=f"{cycle_epoch(bill.account_cycle.cycle)}, {bill.rated.plan.label}", value=use.percent)


def _recharges(_alert: Alert, _figures: AccountFigures, *, bill: Bill) -> Iterator[Reading]:
    if use := closest_recharges(bill):
        yield Reading(epoch=cycle_epoch(bill.account_cycle.cycle), value=use.percent)


def used_up(bill: Bill, *, now_us: int) -> MeterUse | None:
    """Use of the meter that has used most of its grants; None: none has any."""
    return max(meter_uses(bill, now_us=now_us), key=lambda use: use.percent, default=None)


def _forecast(alert: Alert, figures: AccountFigures, *, bill: Bill) -> Iterator[Reading]:
    if figures.forecast is None or alert.target is None:
        return
    epoch = cycle_epoch(bill.account_cycle.cycle)
    match alert.target:
        case Target.ALLOWANCE:
            use = used_up(bill, now_us=figures.now_us)
            if use is not None:
                more = figures.forecast.end.expected_count - figures.forecast.counted_count
                epoch = grant_epoch(bill.account_cycle, bill.facts, now_us=figures.now_us)
                yield Reading(epoch=epoch, value=use.percent_with(max(0, more)))
        case Target.BUDGETS:
            for each, first_day in watched_budgets(alert, figures):
                expected = figures.expected(each.budget)
                if expected is not None:
                    value = _HUNDRED * expected / each.budget.amount
                    yield Reading(epoch=f"{first_day}, budget {each.number}", value=value, subject=str(each.number))
        case Target.MONEY | Target.SESSIONS:
            unit = BudgetUnit.MONEY if alert.target is Target.MONEY else BudgetUnit.SESSIONS
            yield Reading(epoch=epoch, value=figures.expected(own_budget(alert, unit)) or Decimal(0))
        case _:
            assert_never(alert.target)


def _lapses(_alert: Alert, figures: AccountFigures, *, bill: Bill) -> Iterator[Reading]:
    for expires_us, _units in lapsing_packs(bill, now_us=figures.now_us):
        at = text_to_the_second(expires_us)
        yield Reading(epoch=f"packs until {at}", value=Decimal(expires_us - figures.now_us) / DAY_US, subject=at)


def lapsing_packs(bill: Bill, *, now_us: int) -> list[tuple[int, Decimal]]:
    """Expiry (µs UTC) of packs in force, and the units left of them, in order."""
    left: dict[int, Decimal] = {}
    for meter in bill.rated.meters:
        for use in meter.grants:
            at_us = use.grant.expires_us
            if use.grant.kind == "pack" and use.left and at_us is not None and use.grant.start_us <= now_us < at_us:
                left[at_us] = left.get(at_us, Decimal(0)) + use.left
    return sorted(left.items())


def _statements(alert: Alert, figures: AccountFigures, *, since_us: int) -> Iterator[Reading]:
    plans = figures.plans
    if plans is None:
        return
    moments: dict[int, list[StatementMoment]] = {}
    for each in timeline(plans.terms, figures.now_us)[-_CYCLES_MAX:]:
        if plans.state(each, now_us=figures.now_us) in (CycleState.IN_GRACE, CycleState.DUE):
            moments[each.cycle.start_us] = [StatementMoment.PRELIMINARY]
    for start_us, of_statement in statement_moments(figures.ledger, since_us=since_us, now_us=figures.now_us):
        moments.setdefault(start_us, []).extend(of_statement)
    for start_us, found in moments.items():
        reached = tuple(str(moment) for moment in StatementMoment if moment in found and moment in alert.moments)
        day = text_to_the_second(start_us)
        yield from _each_moment(reached, day)


def _each_moment(moments: Sequence[str], start: str) -> Iterator[Reading]:
    # Each is a fact of its own, none of them a higher level of another.
    for moment in moments:
        yield Reading(epoch=f"{start}, {moment}", moments=(moment,), subject=start)


def _silences(alert: Alert, figures: AccountFigures) -> Iterator[Reading]:
    most_us = int(alert.levels[-1] * _HOUR_US) + _SILENCE_US_MAX
    removed = removed_sources(figures.ledger)
    for name, latest in latest_delivery_by_source(figures.ledger).items():
        silent_us = figures.now_us - latest.received_at
        if alert.name in (None, name) and name not in removed and silent_us <= most_us:
            since = text_to_the_second(latest.received_at)
            yield Reading(epoch=f"{since}, {name}", value=Decimal(silent_us) / _HOUR_US, subject=name)


def _quarantine(_alert: Alert, figures: AccountFigures) -> Iterator[Reading]:
    today_on = day_of_us(figures.now_us)
    counts = quarantine_counts(figures.ledger, from_us=day_start_us(today_on))
    yield Reading(epoch=today_on.isoformat(), value=Decimal(sum(counts.values())))


def _delay(_alert: Alert, figures: AccountFigures) -> Iterator[Reading]:
    oldest_us = figures.backlog.oldest_received_us
    if oldest_us is not None:
        value = Decimal(max(0, figures.now_us - oldest_us)) / MICROSECONDS_PER_SECOND
        yield Reading(epoch=day_of_us(figures.now_us).isoformat(), value=value)


def _spike(alert: Alert, figures: AccountFigures) -> Iterator[Reading]:
    counts = hour_counts(alert, figures)
    if counts.count >= alert.least_sessions and counts.times is not None:
        yield Reading(epoch=day_of_us(figures.now_us).isoformat(), value=counts.times)


def _month_sessions(alert: Alert, figures: AccountFigures) -> Iterator[Reading]:
    # Without a plan there are no cycles, and no cost centres of their sessions.
    if alert.scope is not None:
        return
    first_on = day_of_us(figures.now_us).replace(day=1)
    month = Period(first_on=first_on, last_on=month_last_on(first_on))
    count = session_count(figures.ledger, month.start_us, end_us=month.end_us)
    yield Reading(epoch=first_on.isoformat(), value=Decimal(count))


_OF_ACCOUNT: Final[Mapping[AlertKind, Callable[[Alert, AccountFigures], Iterator[Reading]]]] = {
    AlertKind.SILENT_SOURCE: _silences,
    AlertKind.QUARANTINE: _quarantine,
    AlertKind.METERING_DELAY: _delay,
    AlertKind.SPIKE: _spike,
    AlertKind.BUDGET: _budgets,
}


class _BillReader(Protocol):
    def __call__(self, alert: Alert, figures: AccountFigures, /, *, bill: Bill) -> Iterator[Reading]: ...


_OF_BILL: Final[Mapping[AlertKind, _BillReader]] = {
    AlertKind.USAGE: _usage,
    AlertKind.SESSIONS: _sessions,
    AlertKind.MONEY: _money,
    AlertKind.FORECAST: _forecast,
    AlertKind.CAP: _cap,
    AlertKind.PACKS_LAPSE: _lapses,
    AlertKind.RECHARGES: _recharges,
}
