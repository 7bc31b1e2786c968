"""Price of a number of sessions under a plan."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

import numpy as np
import pyarrow as pa

from botmeter.billing.beyond import whole_up
from botmeter.billing.cycle import cycle_of
from botmeter.billing.cycle_facts import NO_FACTS, CycleFacts, PackPurchase
from botmeter.billing.due_packs import expiry_of, packs_due
from botmeter.billing.plan import MONTHS_OF, CycleRule, Plan
from botmeter.billing.plan_terms import AccountCycle, PlanTerm, account_cycle_at
from botmeter.billing.rated import NOTHING_CARRIED, Carried, CarriedMeter, Funding, RatedCycle
from botmeter.billing.rating import rate_cycle
from botmeter.billing.recharge import recharges_due
from botmeter.domain.errors import TooMuch

# 1.2 GB of memory; more than any plan known is for.
SESSIONS_MAX: Final = 50_000_000

# As many as one purchase of an account can have.
PACKS_BOUGHT_MAX: Final = 1_000_000

# A year that begins all cycles; the prices of a plan depend on the calendar in no other way.
_ANCHOR: Final = date(2026, 1, 1)


def price_of(
    plan: Plan, *, sessions: int, meter: int = 0, bought: int | None = None, first_cycle: bool = False
) -> RatedCycle:
    """Rate a cycle with sessions spread evenly: over its months, and within each.

    Args:
        plan: Its recharge is followed; with packs, and nothing beyond them, the fewest that fund all are bought.
        sessions: Charged sessions of one meter; the others have none.
        first_cycle: The allowance per account is granted in it.

    Raises:
        Refused: `meter_unknown`, `plan_without_packs`.
        TooMuch: `plan_price_too_much` for too many sessions or packs.
    """
    if not 0 <= sessions <= SESSIONS_MAX:
        raise TooMuch("plan_price_too_much", f"{sessions:,} sessions are outside 0 to {SESSIONS_MAX:,}.")
    rules = plan.meter(meter)
    if bought is not None:
        plan.pack(meter)
        if not 0 <= bought <= PACKS_BOUGHT_MAX:
            raise TooMuch("plan_price_too_much", f"{bought:,} packs are outside 0 to {PACKS_BOUGHT_MAX:,}.")
    pricing = _Pricing(plan, sessions=sessions, meter=meter, first_cycle=first_cycle)
    if rules.pack and bought is not None:
        return pricing.with_packs(bought)
    if rules.pack and rules.recharge:
        return pricing.with_recharge()
    if rules.pack and rules.beyond.kind == "stop":
        return pricing.with_fewest_packs()
    return pricing.rated(pricing.least)


class _Pricing:
    def __init__(self, plan: Plan, *, sessions: int, meter: int, first_cycle: bool) -> None:
        anchored = replace(plan, cycle=replace(plan.cycle, anchor=_ANCHOR))
        start_us = cycle_of(anchored.cycle, _ANCHOR, number=0).start_us
        self._cycle = account_cycle_at([PlanTerm(plan=anchored, from_us=start_us)], start_us)
        self._meter = meter
        self._rules = plan.meters[meter]
        starts = _starts(self._cycle, sessions)
        tables = [_sessions(starts if number == meter else starts[:0]) for number in range(len(plan.meters))]
        self._tables = tables
        granted = Carried(meters=tuple(CarriedMeter(is_granted=True) for _meter in plan.meters))
        self._carried = NOTHING_CARRIED if first_cycle else granted
        self.least = packs_due(self._cycle, None, facts=NO_FACTS)

    def rated(self, purchases: Sequence[PackPurchase]) -> RatedCycle:
        facts = CycleFacts(purchases=purchases)
        return rate_cycle(self._cycle, self._tables, facts=facts, carried=self._carried)[0]

    def with_packs(self, count: int, *, at_us: int | None = None) -> RatedCycle:
        more = max(0, count - sum(each.packs for each in self.least if each.meter == self._meter))
        pack = self._rules.pack
        if pack is None or not more:
            return self.rated(self.least)
        from_us = self._cycle.cycle.start_us if at_us is None else at_us
        purchase = PackPurchase(
            meter=self._meter,
            packs=more,
            pack_units=Decimal(pack.sessions),
            pack_price=pack.price,
            from_us=from_us,
            expires_us=expiry_of(pack, self._cycle, at_us=from_us),
        )
        return self.rated([*self.least, purchase])

    def with_recharge(self) -> RatedCycle:
        facts = CycleFacts(purchases=self.least)
        due = recharges_due(self._cycle, self._tables, facts=facts, carried=self._carried)
        return self.rated([*self.least, *due])

    def with_fewest_packs(self) -> RatedCycle:
        """Buy when the first session finds nothing, so that no allowance is forfeited before it is used."""
        rated, pack = self.rated(self.least), self._rules.pack
        stopped = np.flatnonzero(rated.meters[self._meter].funding == Funding.STOPPED)
        if pack is None or not len(stopped):
            return rated
        starts = self._tables[self._meter]["started_at"]
        at_us = starts[int(stopped[0])].as_py()
        most = whole_up(len(starts) * self._rules.weight, Decimal(pack.sessions))
        least = sum(each.packs for each in self.least if each.meter == self._meter)
        count = bisect_left(range(least + most), 1, lo=least, key=lambda packs: self._funds_all(packs, at_us))
        return self.with_packs(count, at_us=at_us)

    def _funds_all(self, count: int, at_us: int) -> bool:
        return not self.with_packs(count, at_us=at_us).meters[self._meter].counts()[Funding.STOPPED]


def _starts(account_cycle: AccountCycle, count: int) -> pa.Array:
    # Months have the same number of sessions, as a year's price for so many a month would have it.
    rule, months = account_cycle.plan.cycle, MONTHS_OF[account_cycle.plan.cycle.every]
    monthly = CycleRule(timezone=rule.timezone)
    bounds = [cycle_of(monthly, _ANCHOR, number=number).start_us for number in range(months + 1)]
    position = np.arange(count, dtype=np.int64) * months
    month, rest = position // max(count, 1), position % max(count, 1)
    start, end = np.array(bounds[:-1], np.int64)[month], np.array(bounds[1:], np.int64)[month]
    # Through seconds, since a product of microseconds and sessions is longer than 64 bits.
    seconds = (end - start) // 1_000_000
    return pa.array(start + rest * seconds // max(count, 1) * 1_000_000)


def _sessions(starts: pa.Array) -> pa.Table:
    count = len(starts)
    return pa.table(
        {
            "started_at": starts,
            "charge": pa.array(np.zeros(count, np.uint8)),
            "preview": pa.array(np.zeros(count, np.bool_)),
        }
    )
