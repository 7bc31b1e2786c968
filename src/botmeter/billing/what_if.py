"""Same sessions under another plan, in a cycle that begins with nothing bought.

Packs are bought as the plan says: at least the least per cycle, by its recharge, or else the fewest that fund all
sessions which would be stopped without them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa

from botmeter.billing.beyond import whole_up
from botmeter.billing.cycle import Cycle
from botmeter.billing.cycle_facts import NO_FACTS, CycleFacts, PackPurchase
from botmeter.billing.due_packs import expiry_of, packs_due
from botmeter.billing.plan import Meter, Plan
from botmeter.billing.plan_terms import AccountCycle, PlanTerm
from botmeter.billing.rated import Carried, CarriedMeter, Funding, RatedCycle, RatedMeter
from botmeter.billing.rating import rate_cycle
from botmeter.billing.recharge import recharges_due

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """Cycle under a plan, and the number of packs bought for it."""

    rated: RatedCycle
    packs: int


def under_plan(plan: Plan, *, cycle: Cycle, sessions: Sequence[pa.Table], is_first: bool = False) -> WhatIf:
    """Rate a cycle under one plan.

    Args:
        sessions: By meter, as `billed_sessions` gives them.
        is_first: An allowance per account counts.
    """
    term = PlanTerm(plan=plan, from_us=cycle.start_us)
    account_cycle = AccountCycle(cycle=cycle, whole=cycle, anchor=cycle.first_on, terms=(term,))
    carried = Carried(meters=tuple(CarriedMeter(is_granted=not is_first) for _ in plan.meters))
    bought = list(packs_due(account_cycle, None, facts=NO_FACTS))
    bought += recharges_due(account_cycle, sessions, facts=CycleFacts(purchases=tuple(bought)), carried=carried)
    rated, _ = rate_cycle(account_cycle, sessions, facts=CycleFacts(purchases=tuple(bought)), carried=carried)
    missing = [
        _missing(meter, each, meter=number, account_cycle=account_cycle, sessions=sessions)
        for number, (meter, each) in enumerate(zip(plan.meters, rated.meters, strict=True))
    ]
    if more := [each for each in missing if each is not None]:
        bought += more
        rated, _ = rate_cycle(account_cycle, sessions, facts=CycleFacts(purchases=tuple(bought)), carried=carried)
    return WhatIf(rated=rated, packs=sum(each.packs for each in bought))


@dataclass(frozen=True, slots=True, kw_only=True)
class KindDifference:
    """Amounts of one kind of line, or of the tax, under both plans."""

    kind: str
    before: Decimal
    after: Decimal


def kind_differences(own: RatedCycle, other: RatedCycle) -> tuple[KindDifference, ...]:
    """Kinds of lines whose amounts differ, in the order in which lines are printed; they add up to the totals."""
    kinds = ("fee", "purchase", "beyond", "minimum", "tax")
    found = (KindDifference(kind=kind, before=_amount(own, kind), after=_amount(other, kind)) for kind in kinds)
    return tuple(each for each in found if each.before != each.after)


def _amount(rated: RatedCycle, kind: str) -> Decimal:
    return rated.tax if kind == "tax" else sum((line.amount for line in rated.lines if line.kind == kind), _ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingMove:
    """Sessions that another plan funds otherwise."""

    before: Funding
    after: Funding
    session_count: int


def funding_moves(own: RatedMeter, other: RatedMeter) -> tuple[FundingMove, ...]:
    """Sessions by their funding under both plans where it differs, most first; both rate the same sessions."""
    pairs = own.funding.astype(np.int64) * len(Funding) + other.funding
    counts = np.bincount(pairs, minlength=len(Funding) ** 2).reshape(len(Funding), len(Funding))
    moves = (
        FundingMove(before=before, after=after, session_count=int(counts[before, after]))
        for before in Funding
        for after in Funding
        if before is not after and counts[before, after]
    )
    return tuple(sorted(moves, key=lambda each: -each.session_count))


def _missing(
    rule: Meter, rated: RatedMeter, *, meter: int, account_cycle: AccountCycle, sessions: Sequence[pa.Table]
) -> PackPurchase | None:
    stopped = np.flatnonzero(rated.funding == Funding.STOPPED)
    if rule.pack is None or rule.recharge is not None or rule.beyond.kind != "stop" or not len(stopped):
        return None
    at_us = sessions[meter]["started_at"][int(stopped[0])].as_py()
    return PackPurchase(
        meter=meter,
        packs=whole_up(len(stopped) * rule.weight, Decimal(rule.pack.sessions)),
        pack_units=Decimal(rule.pack.sessions),
        pack_price=rule.pack.price,
        from_us=at_us,
        expires_us=expiry_of(rule.pack, account_cycle, at_us=at_us),
    )


def even_sessions(count: int, cycle: Cycle) -> pa.Table:
    """Sessions spread evenly over a cycle, for a count whose instants are not known."""
    starts = np.linspace(cycle.start_us, cycle.end_us, num=count, endpoint=False, dtype=np.int64)
    return pa.table(
        {
            "started_at": pa.array(starts),
            "charge": pa.array(np.zeros(count, np.uint8)),
            "preview": pa.array(np.zeros(count, np.bool_)),
        }
    )
