"""The same sessions under another plan, in a cycle that begins with nothing bought.

Packs are bought as the plan says: at least the least per cycle, by its recharge, or else the fewest that fund all
sessions which would be stopped without them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

import pyarrow as pa

from botmeter.billing.cycle import Cycle
from botmeter.billing.cycle_facts import CycleFacts, PackPurchase
from botmeter.billing.plan import Meter, Pack, Plan
from botmeter.billing.plan_terms import AccountCycle, PlanTerm
from botmeter.billing.rated import Carried, CarriedMeter, Funding, RatedCycle, RatedMeter
from botmeter.billing.rating import rate_cycle

_CHARGEABLE = (Funding.ALLOWANCE, Funding.PACK, Funding.BEYOND, Funding.STOPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """A cycle under a plan; `packs` are those bought for it, by meter."""

    rated: RatedCycle
    packs: tuple[int, ...]


def under_plan(plan: Plan, *, cycle: Cycle, sessions: Sequence[pa.Table], is_first: bool = False) -> WhatIf:
    """Rate a cycle under one plan.

    Args:
        sessions: By meter, as `billed_sessions` gives them.
        is_first: An allowance per account counts.
    """
    term = PlanTerm(plan=plan, from_us=cycle.start_us)
    account_cycle = AccountCycle(cycle=cycle, whole=cycle, anchor=cycle.first_on, terms=(term,))
    granted = Carried(meters=tuple(CarriedMeter(is_granted=not is_first) for _ in plan.meters))
    alone, _ = rate_cycle(account_cycle, sessions, carried=granted)
    packs = tuple(_packs(meter, rated) for meter, rated in zip(plan.meters, alone.meters, strict=True))
    bought = tuple(
        _purchase(meter.pack, count, meter=number, cycle=cycle)
        for number, (meter, count) in enumerate(zip(plan.meters, packs, strict=True))
        if meter.pack is not None and count
    )
    rated, _ = rate_cycle(account_cycle, sessions, facts=CycleFacts(purchases=bought), carried=granted)
    return WhatIf(rated=rated, packs=packs)


def fewest_packs(units: Decimal, pack: Pack) -> int:
    """Packs that hold a number of units."""
    return int(max(units / pack.sessions, Decimal(0)).to_integral_value(rounding=ROUND_CEILING))


def _packs(meter: Meter, rated: RatedMeter) -> int:
    pack, recharge = meter.pack, meter.recharge
    if pack is None:
        return 0
    counts = rated.counts()
    charged = sum(counts[kind] for kind in _CHARGEABLE)
    included = sum((use.grant.units for use in rated.grants), Decimal(0))
    missing = charged * meter.weight - included
    least = pack.least_per_cycle
    if recharge is None:
        return max(least, fewest_packs(missing, pack) if meter.beyond.kind == "stop" else 0)
    if not charged:
        return least
    # Each session can trigger one recharge.
    size = replace(pack, sessions=pack.sessions * recharge.packs)
    times = min(fewest_packs(missing + recharge.below - least * pack.sessions, size), charged)
    most = recharge.most_per_cycle
    return least + recharge.packs * (times if most is None else min(times, most))


def _purchase(pack: Pack, count: int, *, meter: int, cycle: Cycle) -> PackPurchase:
    return PackPurchase(
        number=meter + 1,
        meter=meter,
        packs=count,
        pack_units=Decimal(pack.sessions),
        pack_price=pack.price,
        from_us=cycle.start_us,
        expires_us=cycle.end_us if pack.lapses == "cycle_end" else None,
    )
