"""Two years of billing of the demo account."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa

from botmeter.billing.closing import close_due
from botmeter.billing.cycle import cycle_first_on
from botmeter.billing.cycle_facts import CycleFacts, PackPurchase
from botmeter.billing.plan_actions import PackOrder, buy_packs, purchase_at, set_plan
from botmeter.billing.plan_terms import AccountCycle, PlanTerm, timeline
from botmeter.billing.rated import NOTHING_CARRIED
from botmeter.billing.recharge import recharges_due
from botmeter.demo import finance
from botmeter.demo.contract import contract, first_plan
from botmeter.demo.pack_orders import PackNeed, orders_by_hand
from botmeter.demo.retailer import FIRST_ON
from botmeter.demo.spending import corrections, cost_centres, set_budgets
from botmeter.domain.instant import DAY_US, MICROSECONDS_PER_SECOND
from botmeter.domain.period import day_of_us, day_start_us
from botmeter.ledger.billing.plan_terms import plan_terms, set_grace_days
from botmeter.ledger.billing.purchases import Purchase, Purchasing, insert_purchases, reverse_purchase
from botmeter.ledger.ledger import Ledger
from botmeter.reports.billed_sessions import billed_sessions

CYCLES: Final = 24
"""Months that are over since the first plan."""
CONTRACT_CYCLE: Final = 12
_GRACE_DAYS: Final = 5
_MISTAKE_CYCLE: Final = 3
_MINUTE_US: Final = 60 * MICROSECONDS_PER_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    at_us: int
    act: Callable[[Ledger], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Month:
    account_cycle: AccountCycle
    sessions: pa.Table

    @property
    def start_us(self) -> int:
        return self.account_cycle.cycle.start_us

    def daily(self, now_us: int) -> list[int]:
        last_us = min(now_us, self.account_cycle.cycle.end_us - 1)
        days = (self.sessions["started_at"].to_numpy() - self.start_us) // DAY_US
        counts: list[int] = np.bincount(days, minlength=(last_us - self.start_us) // DAY_US + 1).tolist()
        return counts


def add_billing(ledger: Ledger, *, seed: int, now_us: int) -> bool:
    """Bill the months up to now; False for an account that has or had a plan, which stays as it is."""
    anchor_on = day_of_us(now_us).replace(day=1)
    plan = first_plan()
    first_on = cycle_first_on(plan.cycle, anchor_on, number=-CYCLES)
    if first_on < FIRST_ON or plan_terms(ledger, with_withdrawn=True):
        return False
    months = _months(ledger, PlanTerm(plan=plan, from_us=day_start_us(first_on)), now_us=now_us)
    for step in sorted(_steps(months, seed=seed, now_us=now_us), key=lambda each: each.at_us):
        if step.at_us <= now_us:
            step.act(ledger)
    return True


def _months(ledger: Ledger, first: PlanTerm, *, now_us: int) -> list[_Month]:
    sessions = billed_sessions(ledger, first.from_us, end_us=now_us + 1)
    cycles = [each.cycle for each in timeline([first], now_us + 1)]
    edges = np.searchsorted(sessions["started_at"].to_numpy(), [*(each.start_us for each in cycles), now_us + 1])
    tables = [sessions.slice(start, end - start) for start, end in pairwise(edges.tolist())]
    # The contract is signed in the last month before it, so that one doesn't count.
    known = tables[: CONTRACT_CYCLE - 1]
    mean = sum(len(table) for table in known) // len(known)
    signed = PlanTerm(plan=contract(mean), from_us=cycles[CONTRACT_CYCLE].start_us)
    return [
        _Month(account_cycle=each, sessions=table)
        for each, table in zip(timeline([first, signed], now_us + 1), tables, strict=True)
    ]


def _steps(months: list[_Month], *, seed: int, now_us: int) -> Iterator[_Step]:
    yield from _plan_steps(months)
    before: int | None = None
    beyond: list[int] = []
    for number, month in enumerate(months):
        needs = orders_by_hand(month.account_cycle, month.daily(now_us), before=before, seed=seed)
        needs = [each for each in needs if each.at_us <= now_us]
        before = len(month.sessions)
        if number == _MISTAKE_CYCLE:
            at_us = (needs[0].at_us if needs else month.start_us + 3 * DAY_US + DAY_US // 2) - 11 * _MINUTE_US
            yield _Step(at_us=at_us, act=partial(_buy_by_mistake, at_us=at_us))
        end_us = month.account_cycle.cycle.end_us
        purchases = _purchases(month, needs)
        beyond.append(_beyond(month, purchases))
        yield _Step(at_us=min(end_us, now_us), act=partial(_record, purchases=purchases))
        closed_us = end_us + _GRACE_DAYS * DAY_US + _MINUTE_US
        yield _Step(at_us=closed_us, act=partial(close_due, now_us=closed_us))
    yield from _spending_steps(months, corrected=_corrected(beyond))


def _plan_steps(months: list[_Month]) -> Iterator[_Step]:
    first, second = months[0], months[CONTRACT_CYCLE]
    for month, days, reason in ((first, 4, None), (second, 9, finance.CONTRACT_REASON)):
        at_us, plan = month.start_us - days * DAY_US + DAY_US // 2, month.account_cycle.plan
        act = partial(set_plan, plan=plan, from_us=month.start_us, now_us=at_us, by=finance.OWNER, reason=reason)
        yield _Step(at_us=at_us, act=act)
    at_us = first.start_us - 3 * DAY_US
    yield _Step(at_us=at_us, act=partial(set_grace_days, days=_GRACE_DAYS, now_us=at_us, by=finance.OWNER))


def _purchases(month: _Month, needs: list[PackNeed]) -> list[tuple[Purchase, str | None]]:
    terms = month.account_cycle.terms
    by_hand = [(purchase_at(terms, packs=each.packs, meter=0, at_us=each.at_us), each.reason) for each in needs]
    bought = [
        PackPurchase(
            packs=each.packs,
            pack_units=each.pack_units,
            pack_price=each.pack_price,
            from_us=each.from_at,
            expires_us=each.expires_at,
        )
        for each, _ in by_hand
    ]
    recharges = recharges_due(
        month.account_cycle, [month.sessions], facts=CycleFacts(purchases=bought), carried=NOTHING_CARRIED
    )
    recharged = [
        replace(
            purchase_at(terms, packs=each.packs, meter=0, at_us=each.from_us),
            how=Purchasing.RECHARGE,
            opening_key=each.opening_key,
        )
        for each in recharges
    ]
    return sorted([*by_hand, *((each, None) for each in recharged)], key=lambda each: each[0].from_at)


def _record(ledger: Ledger, *, purchases: list[tuple[Purchase, str | None]]) -> None:
    with ledger.transaction() as connection:
        for purchase, reason in purchases:
            by = None if reason is None else finance.BILLING_ADMIN
            insert_purchases(connection, [purchase], now_us=purchase.from_at, by=by, reason=reason)


def _buy_by_mistake(ledger: Ledger, *, at_us: int) -> None:
    by = finance.BILLING_ADMIN
    order = PackOrder(packs=10, at_us=at_us)
    number = buy_packs(ledger, order, now_us=at_us, by=by, reason=finance.MONTH_REASON).number
    reverse_purchase(ledger, number, reason=finance.MISTAKE_REASON, now_us=at_us + 9 * _MINUTE_US, by=by)


def _beyond(month: _Month, purchases: list[tuple[Purchase, str | None]]) -> int:
    allowance = month.account_cycle.plan.meters[0].allowance
    packs = sum(int(each.packs * each.pack_units) for each, _ in purchases)
    return len(month.sessions) - packs - (allowance.sessions if allowance else 0)


def _corrected(beyond: list[int]) -> int:
    followed = range(CONTRACT_CYCLE, CYCLES - 2)
    return max((number for number in followed if beyond[number] >= len(finance.CORRECTIONS)), default=followed[-1])


def _spending_steps(months: list[_Month], *, corrected: int) -> Iterator[_Step]:
    # After the statement of the month and before the next one, which adjusts it.
    at_us = months[corrected + 1].start_us + (_GRACE_DAYS + 9) * DAY_US + DAY_US // 2
    yield _Step(at_us=at_us, act=partial(corrections, sessions=months[corrected].sessions, now_us=at_us))
    at_us = months[-3].start_us + (_GRACE_DAYS + 2) * DAY_US + DAY_US // 2
    yield _Step(at_us=at_us, act=partial(set_budgets, sessions=months[-4].sessions, now_us=at_us))
    yield from (_Step(at_us=at_us, act=act) for at_us, act in cost_centres(months[0].start_us, months[-9].start_us))
