"""Drivers of a figure: the bot, channel or code with the largest increase."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.billing.alerts.account_figures import AccountFigures
from botmeter.billing.alerts.alert import Alert, AlertKind
from botmeter.billing.alerts.hours import hours_of
from botmeter.billing.cycle_sessions import cycle_sessions
from botmeter.billing.plan_terms import account_cycle_at
from botmeter.billing.session_scopes import named_sessions, names_of
from botmeter.domain.period import day_of_us, day_start_us
from botmeter.ledger.billing.budgets import BudgetScope
from botmeter.ledger.billing.cost_centres import cost_centres
from botmeter.ledger.quarantine import quarantine_counts
from botmeter.reports.bot_names import bot_names
from botmeter.reports.snapshot import Snapshot

_WITHOUT: Final = frozenset({AlertKind.SILENT_SOURCE, AlertKind.METERING_DELAY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """Part of a figure that has grown most.

    Attributes:
        dimension: `bot`, `channel` or `code` (of refused events).
        label: Latest name of the bot.
        before: Until the same time of the cycle before, or usually in that hour; None: nothing to compare with.
    """

    dimension: str
    name: str
    label: str
    count: int
    before: float | int | None

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def driver_of(alert: Alert, figures: AccountFigures) -> Driver | None:
    """Find what drives an alert's figure; None: nothing."""
    if alert.kind in _WITHOUT:
        return None
    if alert.kind is AlertKind.QUARANTINE:
        counts = quarantine_counts(figures.ledger, from_us=day_start_us(day_of_us(figures.now_us)))
        code, count = next(iter(counts.items()), ("", 0))
        return Driver(dimension="code", name=code, label=code, count=count, before=None) if code else None
    # Within one bot, it is a channel that grows.
    scope = BudgetScope.CHANNEL if alert.scope is BudgetScope.BOT else BudgetScope.BOT
    now, before = _compared(alert, figures, scope=scope)
    known = {name: count for name, count in now.items() if name is not None}
    if not known:
        return None
    name = max(known, key=lambda each: (known[each] - (before or {}).get(each, 0), known[each], each))
    return Driver(
        dimension=str(scope),
        name=name,
        label=bot_name(figures, name) if scope is BudgetScope.BOT else name,
        count=int(known[name]),
        before=None if before is None else round(before.get(name, 0), 1),
    )


def bot_name(figures: AccountFigures, bot_id: str) -> str:
    """Latest name of a bot."""
    with figures.ledger.read_transaction() as connection:
        return bot_names(Snapshot(connection=connection, touchpoints=[], footprints=[]))[bot_id]


Counts = Mapping[str | None, float]


def _compared(alert: Alert, figures: AccountFigures, *, scope: BudgetScope) -> tuple[Counts, Counts | None]:
    centres = cost_centres(figures.ledger)

    def counts(sessions: pa.Table) -> dict[str | None, float]:
        if alert.scope is not None:
            is_own = named_sessions(sessions, alert.scope, name=alert.name or "", centres=centres)
            sessions = sessions.filter(pa.array(is_own))
        names = pc.cast(names_of(sessions, scope, centres=centres), pa.string())
        return {each["values"].as_py(): each["counts"].as_py() for each in pc.value_counts(names)}

    if alert.kind is AlertKind.SPIKE:
        present, *earlier = map(counts, hours_of(figures))
        return present, {name: sum(each.get(name, 0) for each in earlier) / len(earlier) for name in present}
    spans = [*_cycles(figures)]
    return (counts(spans[0]), counts(spans[1]) if len(spans) > 1 else None) if spans else ({}, None)


def _cycles(figures: AccountFigures) -> Iterator[pa.Table]:
    bill, plans = figures.bill, figures.plans
    if bill is None or plans is None:
        return
    yield max(bill.sessions, key=len)
    start_us = bill.account_cycle.cycle.start_us
    if start_us == plans.terms[0].from_us:
        return
    before = account_cycle_at(plans.terms, start_us - 1)
    rows = max(cycle_sessions(figures.ledger, before, cache=figures.cache), key=len)
    end_us = before.cycle.start_us + figures.now_us - start_us
    yield rows.slice(0, int(np.searchsorted(rows["started_at"].to_numpy(), end_us)))
