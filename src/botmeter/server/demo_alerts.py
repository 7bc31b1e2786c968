"""Demo account's alerts, and their crossings since the cycle before."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np

from botmeter.billing.account_bill import Bill, account_plans, bill_of, new_bill_cache
from botmeter.billing.alerts.account_figures import AccountFigures
from botmeter.billing.alerts.alert import Alert, AlertKind, StatementMoment, Target
from botmeter.billing.alerts.crossings import new_crossings
from botmeter.billing.alerts.detail import crossing_facts
from botmeter.billing.alerts.readings import readings
from botmeter.billing.cost_forecast import rated_until
from botmeter.billing.plan_terms import account_cycle_at
from botmeter.domain.instant import DAY_US, MICROSECONDS_PER_SECOND
from botmeter.ledger.settle import Backlog

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger
    from botmeter.people.models import User
    from botmeter.people.notifications.alert_models import AlertRule

ALERTS: Final = (
    ("Allowance and packs", Alert(kind=AlertKind.USAGE, levels=(Decimal(50), Decimal(80), Decimal(100)))),
    ("Budgets", Alert(kind=AlertKind.BUDGET, levels=(Decimal(80), Decimal(100)))),
    ("Forecast over budget", Alert(kind=AlertKind.FORECAST, levels=(Decimal(100),), target=Target.BUDGETS)),
    ("Statements", Alert(kind=AlertKind.STATEMENT, moments=frozenset(StatementMoment))),
    ("Silent sources", Alert(kind=AlertKind.SILENT_SOURCE, levels=(Decimal(48),))),
)
_NOTHING_WAITS: Final = Backlog(event_count=0, oldest_received_us=None)


def add_demo_alerts(ledger: "ReadableLedger", *, owner: "User", now_us: int) -> None:
    """Add the alerts, which tell the owner, and the levels that they would have crossed on each day."""
    from botmeter.people.notifications.alert_rules import AlertDraft, add_rule

    for name, alert in ALERTS:
        draft = AlertDraft(name=name, alert=alert, recipients=({"user": owner.pk},))
        rule, is_new = add_rule(ledger.account.name, draft, form_token=f"demo {name}", by=owner)
        if is_new:
            _add_history(ledger, rule, alert=alert, now_us=now_us)


def _add_history(ledger: "ReadableLedger", rule: "AlertRule", *, alert: Alert, now_us: int) -> None:
    from botmeter.people.notifications.alert_models import AlertCrossing
    from botmeter.people.notifications.alert_rules import CrossingState

    known: dict[str, set[str]] = {}
    rows = []
    for figures in _days(ledger, now_us=now_us):
        for reading in readings(alert, figures, since_us=figures.now_us - DAY_US):
            levels = known.setdefault(reading.epoch, set())
            crossings = new_crossings(alert, reading, known=levels)
            at = datetime.fromtimestamp(figures.now_us / MICROSECONDS_PER_SECOND, tz=UTC)
            for level, state in (
                *((level, CrossingState.SUPERSEDED) for level in crossings.superseded),
                *([(crossings.fired, CrossingState.FIRED)] if crossings.fired else []),
            ):
                levels.add(level)
                is_fired = state is CrossingState.FIRED
                facts = crossing_facts(alert, reading, figures=figures, level=level) if is_fired else {}
                rows.append(
                    AlertCrossing(
                        rule=rule,
                        account=rule.account,
                        rule_version=rule.version,
                        epoch=reading.epoch,
                        level=level,
                        state=state.value,
                        detail={"name": rule.name, "rule": rule.pk, **facts},
                        crossed_at=at,
                    )
                )
    AlertCrossing.objects.bulk_create(rows)


def _days(ledger: "ReadableLedger", *, now_us: int) -> Iterator[AccountFigures]:
    cache = new_bill_cache()
    plans = account_plans(ledger, cache=cache)
    if plans is None:
        return
    present = account_cycle_at(plans.terms, now_us)
    start_us = max(plans.terms[0].from_us, account_cycle_at(plans.terms, present.cycle.start_us - 1).cycle.start_us)
    for at_us in range(start_us + DAY_US // 2, now_us, DAY_US):
        whole = bill_of(ledger, account_cycle_at(plans.terms, at_us), plans=plans, now_us=at_us, cache=cache)
        figures = AccountFigures(ledger, now_us=at_us, cache=cache, backlog=_NOTHING_WAITS)
        figures.bill = _until(whole, at_us)
        yield figures


def _until(bill: Bill, at_us: int) -> Bill:
    tables = tuple(
        table.slice(0, int(np.searchsorted(table["started_at"].to_numpy(), at_us))) for table in bill.sessions
    )
    return replace(bill, rated=rated_until(bill, at_us, carried=bill.carried_in), sessions=tables)
