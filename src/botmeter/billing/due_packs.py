"""Packs of a cycle's start, and when packs lapse."""

from collections.abc import Iterator
from decimal import Decimal

from botmeter.billing.cycle_facts import CycleFacts, PackPurchase, PurchaseHow
from botmeter.billing.plan import Pack, Plan
from botmeter.billing.plan_terms import AccountCycle


def expiry_of(pack: Pack, account_cycle: AccountCycle, *, at_us: int) -> int | None:
    """Expiry of packs bought at an instant (µs UTC); None: never."""
    if pack.lapses == "never":
        return None
    if pack.lapses == "cycle_end":
        return account_cycle.cycle.end_us
    return at_us + (pack.lapses_after_us or 0)


def packs_due(
    account_cycle: AccountCycle, previous: AccountCycle | None, *, facts: CycleFacts
) -> tuple[PackPurchase, ...]:
    """Recurring and least purchases at the start of a cycle, without recorded ones.

    Packs of the cycle before recur but for recharged ones; what is removed from this cycle on does not.
    """
    return tuple(
        purchase
        for number in range(len(account_cycle.terms[0].plan.meters))
        for purchase in _meter_packs_due(account_cycle, previous, facts=facts, meter=number)
    )


def _meter_packs_due(
    account_cycle: AccountCycle, previous: AccountCycle | None, *, facts: CycleFacts, meter: int
) -> Iterator[PackPurchase]:
    cycle, pack = account_cycle.cycle, account_cycle.terms[0].plan.meters[meter].pack
    if pack is None:
        return
    recorded = {
        each.how: each for each in facts.purchases if (each.meter, each.cycle_start_us) == (meter, cycle.start_us)
    }
    recurring = _recurring_packs(account_cycle, previous, facts=facts, meter=meter)
    by_how: dict[PurchaseHow, int] = {"recurring": recurring, "least": max(0, pack.least_per_cycle - recurring)}
    for how, packs in by_how.items():
        if packs and how not in recorded:
            yield PackPurchase(
                meter=meter,
                how=how,
                packs=packs,
                pack_units=Decimal(pack.sessions),
                pack_price=pack.price,
                from_us=cycle.start_us,
                expires_us=expiry_of(pack, account_cycle, at_us=cycle.start_us),
                cycle_start_us=cycle.start_us,
            )


def _recurring_packs(
    account_cycle: AccountCycle, previous: AccountCycle | None, *, facts: CycleFacts, meter: int
) -> int:
    if previous is None or not (_recurs(previous.plan, meter) and _recurs(account_cycle.terms[0].plan, meter)):
        return 0
    before, start_us = previous.cycle, account_cycle.cycle.start_us
    bought = facts.purchases_in(meter, start_us=before.start_us, end_us=before.end_us)
    removed = (each for each in facts.removals if each.meter == meter and before.start_us < each.from_us <= start_us)
    return max(0, sum(each.packs for each in bought if each.how != "recharge") - sum(each.packs for each in removed))


def _recurs(plan: Plan, meter: int) -> bool:
    pack = plan.meters[meter].pack if meter < len(plan.meters) else None
    return pack is not None and pack.recurring
