"""Epochs of alerts: within one, each level fires once."""

from botmeter.billing.cycle import Cycle
from botmeter.billing.cycle_facts import CycleFacts
from botmeter.billing.plan_terms import AccountCycle
from botmeter.domain.instant import text_to_the_second


def cycle_epoch(cycle: Cycle) -> str:
    """Epoch that begins with a cycle."""
    return text_to_the_second(cycle.start_us)


def grant_epoch(account_cycle: AccountCycle, facts: CycleFacts, *, now_us: int) -> str:
    """Epoch that begins with a cycle, a change of plan or a manual purchase; what a plan buys by itself begins none."""
    cycle = account_cycle.cycle
    parts = [cycle_epoch(cycle)]
    begun = [term.from_us for term in account_cycle.terms if cycle.start_us < term.from_us <= now_us]
    if begun:
        parts.append(f"plan {text_to_the_second(begun[-1])}")
    bought = [
        each.number
        for each in facts.purchases
        if each.how == "manual" and cycle.start_us <= each.from_us < cycle.end_us and each.from_us <= now_us
    ]
    if bought:
        # The number, as a purchase can be recorded later than it was made.
        parts.append(f"purchase {max(bought)}")
    return ", ".join(parts)
