"""Packs that people buy by hand: after the month before, and when few sessions are left."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from botmeter.billing.plan import Meter
from botmeter.billing.plan_terms import AccountCycle
from botmeter.demo import finance
from botmeter.demo.clock import HOUR_US
from botmeter.demo.columns import day_of_number
from botmeter.demo.retailer import campaigns
from botmeter.domain.instant import DAY_US, MICROSECONDS_PER_SECOND

_SATURDAY: Final = 5
# Campaigns for which a pack is bought in advance; in summer the recharge is enough.
_UPLIFT_LEAST: Final = 1.35
_MINUTE_US: Final = 60 * MICROSECONDS_PER_SECOND
# A sixth of a pack: sessions of a day and a half, so that a weekend can use them up.
_LEFT_LEAST: Final = 6
_TOP_UP_DAYS: Final = 7
_FIRST_HOUR, _OFFICE_MINUTES = 9, 8 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class PackNeed:
    """Packs of a purchase by hand, and its instant (µs UTC)."""

    packs: int
    at_us: int
    reason: str


def orders_by_hand(
    account_cycle: AccountCycle, daily: Sequence[int], *, before: int | None, seed: int
) -> list[PackNeed]:
    """Purchases of a cycle, ascending.

    Args:
        daily: Sessions by day so far.
        before: Sessions of the cycle before, if any.
    """
    cycle, meter = account_cycle.cycle, account_cycle.plan.meters[0]
    first_day = cycle.start_us // DAY_US
    chance = np.random.default_rng([seed, first_day])
    at_us = _office_us(first_day + int(chance.integers(1, 6)), chance)
    packs = _packs_in_advance(account_cycle, meter, before=sum(daily) if before is None else before)
    reason = finance.CAMPAIGN_REASON if meter.recharge else finance.MONTH_REASON
    orders = [PackNeed(packs=packs, at_us=at_us, reason=reason)] if packs else []
    if meter.recharge is not None or meter.pack is None or meter.allowance is None:
        return orders
    left = meter.allowance.sessions + packs * meter.pack.sessions
    for day, count in enumerate(daily, start=first_day):
        left -= count
        if left < meter.pack.sessions // _LEFT_LEAST:
            packs = max(1, _TOP_UP_DAYS * count // meter.pack.sessions)
            orders.append(PackNeed(packs=packs, at_us=_office_us(day + 1, chance), reason=finance.TOP_UP_REASON))
            left += packs * meter.pack.sessions
    return [each for each in orders if each.at_us < cycle.end_us]


def _packs_in_advance(account_cycle: AccountCycle, meter: Meter, *, before: int) -> int:
    if meter.recharge is not None:
        first_on = account_cycle.cycle.first_on
        starting = [each for each in campaigns(first_on.year) if each.first_on.month == first_on.month]
        return int(any(each.uplift >= _UPLIFT_LEAST for each in starting))
    if meter.pack is None or meter.allowance is None:
        return 0
    return max(0, before - meter.allowance.sessions) // meter.pack.sessions


def _office_us(day: int, chance: np.random.Generator) -> int:
    """Minute of a working day: this one or, at a weekend, Monday."""
    weekday = day_of_number(day).weekday()
    working_day = day if weekday < _SATURDAY else day + 7 - weekday
    minute = int(chance.integers(_OFFICE_MINUTES))
    return working_day * DAY_US + _FIRST_HOUR * HOUR_US + minute * _MINUTE_US
