"""Caps and recharge limits of a plan."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from botmeter.billing.account_bill import Bill
from botmeter.billing.rated import Funding

_HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapUse:
    """Amount of a meter beyond its grants, its cap, and the sessions that this has stopped."""

    used: Decimal
    limit: Decimal
    stopped: int

    @property
    def percent(self) -> Decimal:
        """At least 100 once a session is stopped."""
        used = _HUNDRED * self.used / self.limit if self.limit else _HUNDRED
        return max(used, _HUNDRED) if self.stopped else used


@dataclass(frozen=True, slots=True, kw_only=True)
class RechargeUse:
    """Packs that a meter has recharged in a cycle, and their limit."""

    meter: int
    packs: int
    most: int
    is_at_most: bool

    @property
    def percent(self) -> Decimal:
        """100 once no further recharge fits."""
        return _HUNDRED if self.is_at_most else _HUNDRED * self.packs / self.most


def closest_cap(bill: Bill) -> CapUse | None:
    """Use of the cap closest to being reached; None: there is none."""
    uses = (
        CapUse(used=meter.beyond_amount, limit=rule.beyond.cap, stopped=meter.counts()[Funding.STOPPED])
        for rule, meter in zip(bill.rated.plan.meters, bill.rated.meters, strict=False)
        if rule.beyond.cap is not None
    )
    return max(uses, key=lambda use: use.percent, default=None)


def closest_recharges(bill: Bill) -> RechargeUse | None:
    """Recharges of the meter closest to its limit; None: none has one."""
    return max(recharge_uses(bill), key=lambda use: use.percent, default=None)


def recharge_uses(bill: Bill) -> Iterator[RechargeUse]:
    """Recharges of each meter that limits them."""
    cycle = bill.account_cycle.cycle
    for number, meter in enumerate(bill.rated.plan.meters):
        recharge = meter.recharge
        if recharge is not None and recharge.most_per_cycle:
            bought = bill.facts.purchases_in(number, start_us=cycle.start_us, end_us=cycle.end_us)
            packs, most = sum(each.packs for each in bought if each.how == "recharge"), recharge.most_per_cycle
            yield RechargeUse(meter=number, packs=packs, most=most, is_at_most=packs + recharge.packs > most)
