"""Printed lines of a rated cycle."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from botmeter.billing.beyond import ZERO
from botmeter.billing.cycle_facts import PackPurchase
from botmeter.billing.plan import Beyond, Meter, Plan, Tier
from botmeter.billing.plan_terms import AccountCycle
from botmeter.billing.rated import BeyondCharge, Line, RatedMeter
from botmeter.domain.money import exact, rounded


def lines_of(
    account_cycle: AccountCycle, meters: Sequence[RatedMeter], *, purchases: Sequence[Sequence[PackPurchase]]
) -> tuple[Line, ...]:
    """Lines for all that the plan may charge, with 0 too; `purchases` are the cycle's, by meter."""
    lines = [*_fee(account_cycle)]
    for number, (meter, bought) in enumerate(zip(meters, purchases, strict=True)):
        lines += _purchases(account_cycle, number, purchases=bought)
        lines += _beyond(account_cycle, number, charges=meter.beyond)
    lines += _minimum(account_cycle, sum((line.amount for line in lines), ZERO))
    return tuple(lines)


def _fee(account_cycle: AccountCycle) -> Iterator[Line]:
    plan = account_cycle.plan
    if plan.fee:
        amount = _prorated(account_cycle, plan.fee)
        label = f"Fee{_days(account_cycle)}"
        price = None if account_cycle.prorated < 1 else plan.fee
        yield Line(kind="fee", label=label, quantity=Decimal(1), unit="cycle", unit_price=price, amount=amount)


def _minimum(account_cycle: AccountCycle, charged: Decimal) -> Iterator[Line]:
    plan = account_cycle.plan
    if plan.minimum:
        least = _prorated(account_cycle, plan.minimum)
        top_up = max(ZERO, least - charged)
        label = f"Top-up to the minimum of {least} {plan.currency}{_days(account_cycle)}"
        yield Line(kind="minimum", label=label, quantity=Decimal(1), unit="cycle", unit_price=None, amount=top_up)


def _prorated(account_cycle: AccountCycle, amount: Decimal) -> Decimal:
    share = account_cycle.prorated
    with exact(may_round=True):
        return rounded(amount * share.numerator / share.denominator, account_cycle.plan.currency)


def _days(account_cycle: AccountCycle) -> str:
    if account_cycle.prorated == 1:
        return ""
    return f" for {account_cycle.cycle.day_count} of {account_cycle.whole.day_count} days"


def _purchases(account_cycle: AccountCycle, number: int, *, purchases: Sequence[PackPurchase]) -> Iterator[Line]:
    plan = account_cycle.plan
    packs: dict[tuple[Decimal, Decimal], int] = {}
    if number < len(plan.meters) and (pack := plan.meters[number].pack):
        packs[Decimal(pack.sessions), pack.price] = 0
    for each in purchases:
        terms = each.pack_units, each.pack_price
        packs[terms] = packs.get(terms, 0) + each.packs
    for (units, price), count in packs.items():
        yield Line(
            kind="purchase",
            label=f"Packs of {units:,f} {_noun(plan, number)}{_meter_name(plan, number)}",
            quantity=Decimal(count),
            unit="packs",
            unit_price=price,
            amount=rounded(count * price, plan.currency),
            meter=number,
            pack_units=units,
        )


def _beyond(account_cycle: AccountCycle, number: int, *, charges: Sequence[BeyondCharge]) -> Iterator[Line]:
    # Charges of two terms with the same words and price stand on one line.
    plan = account_cycle.plan
    summed: dict[tuple[str, int | None, str, Decimal], Decimal] = {}
    is_additional = any(_has_grants(term.plan, number) for term in account_cycle.terms)
    in_force = plan.meters[number].beyond if number < len(plan.meters) else None
    for charge in charges:
        if charge.quantity or charge.rule == in_force:
            label = _label(charge, noun=_noun(plan, number), is_additional=is_additional)
            key = label, charge.tier, charge.unit, charge.unit_price
            summed[key] = summed.get(key, ZERO) + charge.quantity
    for (label, tier, unit, price), quantity in summed.items():
        yield Line(
            kind="beyond",
            label=f"{label}{_meter_name(plan, number)}",
            quantity=quantity,
            unit=_noun(plan, number) if unit == "units" else unit,
            unit_price=price,
            amount=rounded(quantity * price, plan.currency),
            meter=number,
            tier=tier,
        )


def _label(charge: BeyondCharge, *, noun: str, is_additional: bool) -> str:
    name = f"additional {noun}" if is_additional else noun
    if charge.unit == "packages":
        return f"Packages of {charge.rule.sessions:,} {name}"
    if charge.unit == "tier":
        return "Flat price" if charge.tier is None else f"Flat price of {name} {_range(charge.rule, charge.tier)}"
    return name.capitalize() if charge.tier is None else f"{name.capitalize()} {_range(charge.rule, charge.tier)}"


def _range(rule: Beyond, tier: int) -> str:
    first = (rule.tiers[tier - 2].up_to or 0) + 1 if tier > 1 else 1
    last = _end(rule.tiers, tier)
    return f"from {first:,}" if last is None else f"{first:,}–{last:,}"


def _end(tiers: Sequence[Tier], tier: int) -> int | None:
    return tiers[tier - 1].up_to if tier < len(tiers) else None


def _has_grants(plan: Plan, number: int) -> bool:
    meter = plan.meters[number] if number < len(plan.meters) else Meter()
    return meter.allowance is not None or meter.pack is not None


def _noun(plan: Plan, number: int) -> str:
    # With a weight, allowance, packs and tiers count units.
    weight = plan.meters[number].weight if number < len(plan.meters) else Decimal(1)
    return "sessions" if weight == 1 else "units"


def _meter_name(plan: Plan, number: int) -> str:
    if len(plan.meters) < 2 or number >= len(plan.meters):
        return ""
    policies = plan.meters[number].policies
    return f" ({', '.join(policies) or f'meter {number + 1}'})"
