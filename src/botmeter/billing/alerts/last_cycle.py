"""Levels that an alert would have reached in the cycle before."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from botmeter.billing.account_bill import Bill, account_plans
from botmeter.billing.alerts.account_figures import AccountFigures
from botmeter.billing.alerts.alert import Alert, AlertKind
from botmeter.billing.alerts.crossings import crossed_levels
from botmeter.billing.alerts.readings import readings
from botmeter.billing.bill_cache import BillCache
from botmeter.billing.cycle import Cycle
from botmeter.billing.plan_terms import account_cycle_at
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.settle import Backlog

_RISING: Final = frozenset({AlertKind.USAGE, AlertKind.SESSIONS, AlertKind.MONEY, AlertKind.CAP, AlertKind.RECHARGES})
"""Kinds whose figure at the end of a cycle says which levels it has reached."""
_OF_AMOUNT: Final = frozenset({AlertKind.MONEY, AlertKind.CAP})
_NOTHING: Final = Backlog(event_count=0, oldest_received_us=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastCycle:
    """Cycle before, and the levels reached in it, ascending."""

    cycle: Cycle
    levels: tuple[Decimal, ...]


def last_cycle(alert: Alert, ledger: ReadableLedger, *, now_us: int, cache: BillCache) -> LastCycle | None:
    """Levels that an alert would have reached; None: no cycle before, or its end doesn't say which."""
    plans = account_plans(ledger, cache=cache)
    if alert.kind not in _RISING or plans is None or now_us < plans.terms[0].from_us:
        return None
    start_us = account_cycle_at(plans.terms, now_us).cycle.start_us
    if start_us <= plans.terms[0].from_us:
        return None
    figures = AccountFigures(ledger, now_us=start_us - 1, cache=cache, backlog=_NOTHING)
    if figures.bill is None or _falls(alert.kind, figures.bill):
        return None
    reached = {level for each in readings(alert, figures, since_us=0) for level in crossed_levels(alert, each)}
    levels = tuple(sorted(map(Decimal, reached)))
    return LastCycle(cycle=figures.bill.account_cycle.cycle, levels=levels)


def _falls(kind: AlertKind, bill: Bill) -> bool:
    """Test for a figure that can have been higher within the cycle than at its end."""
    cycle = bill.account_cycle.cycle
    if len(bill.account_cycle.terms) > 1:
        return True
    if kind in _OF_AMOUNT:
        # A further session can make all of them cheaper.
        return any(meter.beyond.kind == "volume" for meter in bill.rated.plan.meters)
    grants = [use.grant for meter in bill.rated.meters for use in meter.grants]
    return kind is AlertKind.USAGE and any(
        each.start_us > cycle.start_us or (each.expires_us is not None and each.expires_us < cycle.end_us)
        for each in grants
    )
