"""Plans' own purchases, recorded before their cycle is closed."""

from dataclasses import replace

from botmeter.billing.account_facts import account_facts
from botmeter.billing.account_plans import AccountPlans, CycleState
from botmeter.billing.cycle_facts import CycleFacts, PackPurchase
from botmeter.billing.due_packs import packs_due
from botmeter.billing.plan_terms import AccountCycle, timeline
from botmeter.ledger.billing.purchases import Purchase, Purchasing, insert_purchases
from botmeter.ledger.ledger import Ledger


def record_due_packs(ledger: Ledger, plans: AccountPlans, *, now_us: int) -> AccountPlans:
    """Record packs of all begun, unclosed cycles; return the plans with them."""
    previous: AccountCycle | None = None
    for each in timeline(plans.terms, now_us + 1):
        # Those of the next cycle follow from those of this one.
        is_closed = plans.state(each, now_us=now_us) is CycleState.CLOSED
        if not is_closed and (due := packs_due(each, previous, facts=plans.facts)):
            plans = replace(plans, facts=_record(ledger, due, now_us=now_us))
        previous = each
    return plans


def has_due_packs(plans: AccountPlans, *, now_us: int) -> bool:
    """Test for a begun, unclosed cycle without the packs of its start."""
    cycles = timeline(plans.terms, now_us + 1)
    before = (None, *cycles)
    return any(
        packs_due(each, previous, facts=plans.facts)
        for previous, each in zip(before, cycles, strict=False)
        if plans.state(each, now_us=now_us) is not CycleState.CLOSED
    )


def record_purchases(ledger: Ledger, due: tuple[PackPurchase, ...], *, now_us: int) -> None:
    """Record purchases, unless their cycle or session has them already."""
    _record(ledger, due, now_us=now_us)


def _record(ledger: Ledger, due: tuple[PackPurchase, ...], *, now_us: int) -> CycleFacts:
    with ledger.facts_transaction() as connection:
        insert_purchases(connection, [_purchase(each) for each in due], now_us=now_us)
    return account_facts(ledger)


def _purchase(due: PackPurchase) -> Purchase:
    return Purchase(
        meter=due.meter,
        how=Purchasing(due.how),
        packs=due.packs,
        pack_units=due.pack_units,
        pack_price=due.pack_price,
        from_at=due.from_us,
        expires_at=due.expires_us,
        cycle_start=due.cycle_start_us,
        opening_key=due.opening_key,
    )
