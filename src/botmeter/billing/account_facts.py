"""Account's plan terms and facts as rating takes them."""

import json
from decimal import Decimal

from botmeter.billing.cycle_facts import CycleFacts, OpeningBalance, OpeningPack, PackPurchase, PackRemoval
from botmeter.billing.plan import Plan
from botmeter.billing.plan_terms import PlanTerm
from botmeter.billing.plan_text import plan_from_mapping
from botmeter.ledger.billing.plan_terms import StoredOpeningBalance, StoredPlanTerm, opening_balances, plan_terms
from botmeter.ledger.billing.purchases import StoredPurchase, purchases, removals
from botmeter.ledger.readable import ReadableLedger
from botmeter.metering.policy import Policy
from botmeter.metering.policy_text import policy_from_mapping


def account_terms(ledger: ReadableLedger) -> tuple[PlanTerm, ...]:
    """Plans in force, in the order of their instants."""
    return tuple(map(term_of, plan_terms(ledger)))


def term_of(stored: StoredPlanTerm) -> PlanTerm:
    """Read a stored term."""
    plan = plan_from_mapping(json.loads(stored.definition, parse_float=Decimal))
    pinned = {label: policy_from_mapping(each) for label, each in json.loads(stored.policies).items()}
    return PlanTerm(plan=plan, from_us=stored.from_at, policies=_by_meter(plan, pinned))


def account_facts(ledger: ReadableLedger) -> CycleFacts:
    """Purchases, removals and opening balances in force."""
    return CycleFacts(
        purchases=tuple(map(_bought, purchases(ledger))),
        removals=tuple(
            PackRemoval(meter=each.removal.meter, packs=each.removal.packs, from_us=each.removal.from_at)
            for each in removals(ledger)
        ),
        openings=tuple(map(_opening, opening_balances(ledger))),
    )


def _bought(stored: StoredPurchase) -> PackPurchase:
    purchase = stored.purchase
    return PackPurchase(
        number=stored.number,
        meter=purchase.meter,
        how=purchase.how.value,
        packs=purchase.packs,
        pack_units=purchase.pack_units,
        pack_price=purchase.pack_price,
        from_us=purchase.from_at,
        expires_us=purchase.expires_at,
        cycle_start_us=purchase.cycle_start,
        opening_key=purchase.opening_key,
    )


def _opening(stored: StoredOpeningBalance) -> OpeningBalance:
    balance = stored.balance
    packs = (
        OpeningPack(units_left=pack.units_left, pack_units=pack.pack_units, expires_us=pack.expires_at)
        for pack in balance.packs
    )
    return OpeningBalance(
        meter=balance.meter, as_of_us=balance.as_of, allowance_used=balance.allowance_used, packs=tuple(packs)
    )


def _by_meter(plan: Plan, pinned: dict[str, Policy]) -> tuple[tuple[Policy, ...], ...]:
    # A plan names a policy with or without its version.
    by_name = {policy.name: policy for policy in pinned.values()}
    return tuple(
        tuple(pinned[name] if name in pinned else by_name[name] for name in meter.policies) for meter in plan.meters
    )
