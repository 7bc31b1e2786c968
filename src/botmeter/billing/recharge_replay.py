"""Recharges that a first plan would have made: sessions settled before it was set never buy by themselves."""

from dataclasses import replace

from botmeter.billing.account_bill import account_plans
from botmeter.billing.account_plans import CycleState
from botmeter.billing.cycle_facts import PackPurchase
from botmeter.billing.cycle_sessions import cycle_sessions
from botmeter.billing.due_packs import packs_due
from botmeter.billing.due_purchases import record_purchases
from botmeter.billing.plan_terms import AccountCycle, timeline
from botmeter.billing.rated import NOTHING_CARRIED
from botmeter.billing.rating import rate_cycle
from botmeter.billing.recharge import recharges_due
from botmeter.ledger.ledger import Ledger


def replay_recharges(ledger: Ledger, *, now_us: int) -> int:
    """Record the packs that begun cycles would have bought, in one transaction; return the number of recharges."""
    plans = account_plans(ledger)
    if plans is None:
        return 0
    facts, carried = plans.facts, NOTHING_CARRIED
    previous: AccountCycle | None = None
    made: list[PackPurchase] = []
    for each in timeline(plans.terms, now_us + 1):
        sessions = cycle_sessions(ledger, each)
        if plans.state(each, now_us=now_us) is not CycleState.CLOSED:
            starting = packs_due(each, previous, facts=facts)
            facts = replace(facts, purchases=(*facts.purchases, *starting))
            recharged = recharges_due(each, sessions, facts=facts, carried=carried)
            facts = replace(facts, purchases=(*facts.purchases, *recharged))
            made += [*starting, *recharged]
        _, carried = rate_cycle(each, sessions, facts=facts, carried=carried)
        previous = each
    record_purchases(ledger, tuple(made), now_us=now_us)
    return sum(purchase.how == "recharge" for purchase in made)
