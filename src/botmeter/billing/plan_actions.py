"""Changes of an account's plans and packs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from botmeter.billing.account_bill import account_plans
from botmeter.billing.account_facts import account_facts, account_terms, term_of
from botmeter.billing.cycle import Cycle, cycle_at
from botmeter.billing.cycle_facts import CycleFacts
from botmeter.billing.due_packs import expiry_of, packs_due
from botmeter.billing.due_purchases import record_due_packs
from botmeter.billing.plan import Pack, Plan
from botmeter.billing.plan_terms import PlanTerm, account_cycle_at, checked_terms, timeline
from botmeter.billing.plan_text import plan_as_json
from botmeter.domain.errors import Conflict, Missing, Refused
from botmeter.domain.instant import text_to_the_second
from botmeter.domain.period import Period, day_of_us
from botmeter.domain.text import counted
from botmeter.ledger.billing.closed_statements import closed_spans
from botmeter.ledger.billing.plan_terms import PlanChange, StoredPlanTerm, add_plan_term, plan_terms, withdraw_plan_term
from botmeter.ledger.billing.purchases import Purchase, Removal, StoredPurchaseNumber, add_purchase, add_removal
from botmeter.metering.policy import Policy, Schedule, in_force
from botmeter.metering.policy_text import policy_as_mapping
from botmeter.metering.preset import preset

if TYPE_CHECKING:
    from botmeter.ledger.ledger import Ledger
    from botmeter.ledger.readable import ReadableLedger


def plan_start_us(ledger: "ReadableLedger", plan: Plan, *, from_on: date | None, now_us: int) -> int:
    """Instant from which a plan would be in force: midnight of a day in its zone.

    Args:
        from_on: None: the next cycle; for the first plan, the present cycle by its anchor, else the present month.
    """
    if from_on is not None:
        return midnight_us(from_on, plan.cycle.timezone)
    terms = account_terms(ledger)
    is_first = not terms or now_us < terms[0].from_us
    return _own_cycle(plan, now_us).start_us if is_first else account_cycle_at(terms, now_us).cycle.end_us


def next_cycle_us(ledger: "ReadableLedger", plan: Plan, *, now_us: int) -> int:
    """Start of the next cycle; without a plan in force, of this one's own."""
    terms = account_terms(ledger)
    is_first = not terms or now_us < terms[0].from_us
    return (_own_cycle(plan, now_us) if is_first else account_cycle_at(terms, now_us).cycle).end_us


def _own_cycle(plan: Plan, now_us: int) -> Cycle:
    anchor = plan.cycle.anchor or day_of_us(now_us, timezone=plan.cycle.timezone).replace(day=1)
    return cycle_at(plan.cycle, anchor, at_us=now_us)


def midnight_us(on: date, zone: str) -> int:
    """First instant of a day in a zone."""
    return Period(first_on=on, last_on=on, timezone=zone).start_us


def set_plan(
    ledger: "Ledger", plan: Plan, *, from_us: int, now_us: int, by: str | None = None, reason: str | None = None
) -> PlanTerm:
    """Put a plan in force from an instant, with its meters' policies as of now.

    Raises:
        Conflict: `plan_instant_taken`, `plan_currency_changed`, or `statement_closed` before the end of a closed cycle.
        Missing: `policy_unknown` for a policy that a meter names.
        Refused: `plan_day_invalid` before 1970.
    """
    if from_us < 0:
        at = text_to_the_second(from_us)
        raise Refused("plan_day_invalid", f"Plan {plan.label} can't begin at {at}. The earliest day is 1970-01-01.")
    policies = tuple(
        tuple(pinned_policy(ledger.schedule, name, at_us=from_us) for name in meter.policies) for meter in plan.meters
    )
    term = PlanTerm(plan=plan, from_us=from_us, policies=policies)
    checked_terms([*account_terms(ledger), term])
    check_after_closed(ledger, f"Plan {plan.label} can't begin at", at_us=from_us)
    change = PlanChange(
        from_at=from_us,
        label=plan.label,
        definition=plan_as_json(plan),
        policies=_as_json({policy for each in policies for policy in each}),
    )
    with ledger.transaction():
        add_plan_term(ledger, change, now_us=now_us, by=by, reason=reason)
        _record_due(ledger, now_us=now_us)
    return term


def withdraw_plan(
    ledger: "Ledger", number: int | None, *, reason: str, now_us: int, by: str | None = None
) -> StoredPlanTerm:
    """Withdraw a plan from which nothing has followed yet; None: the only one to come. Return its term.

    Raises:
        Missing: `plan_term_unknown`.
        Conflict: As `withdraw_plan_term`; `plan_currency_changed` if a later plan would then begin within a cycle.
    """
    stored = plan_terms(ledger)
    coming = [each for each in stored if each.from_at > now_us]
    if number is None and len(coming) != 1:
        numbers = [each.number for each in coming or stored]
        subject = f"{len(coming)} plans begin" if coming else "No plan begins"
        raise Missing(
            "plan_term_unknown",
            f"{subject} later in account {ledger.account.name}. Name the number of the one to withdraw"
            + (f": {', '.join(map(str, numbers))}." if numbers else "."),
        )
    chosen = coming[0].number if number is None else number
    checked_terms([term_of(each) for each in stored if each.number != chosen])
    return withdraw_plan_term(ledger, chosen, reason=reason, now_us=now_us, by=by)


def pinned_policy(schedule: Schedule, name: str, *, at_us: int) -> Policy:
    """Policy of that name or label: the account's own, else a preset.

    Raises:
        Missing: `policy_unknown`.
    """
    present = in_force(schedule, at_us=at_us).policy
    for policy in (present, *(each.policy for each in reversed(schedule))):
        if name in (policy.name, policy.label):
            return policy
    bare, _, version = name.partition("@")
    policy = preset(bare).policy
    if version not in ("", str(policy.version)):
        raise Missing("policy_unknown", f"Unknown policy {name[:70]!r}. The preset is {policy.label}.")
    return policy


@dataclass(frozen=True, slots=True, kw_only=True)
class PackOrder:
    """Packs of a meter that were bought at an instant (µs UTC)."""

    packs: int
    meter: int = 0
    at_us: int


def buy_packs(
    ledger: "Ledger", order: PackOrder, *, now_us: int, by: str | None = None, reason: str | None = None
) -> StoredPurchaseNumber:
    """Record bought packs, at the size and price of the plan in force then.

    Raises:
        Conflict: `statement_closed`.
        Missing: `plan_missing`.
        Refused: `purchase_in_future`, `meter_unknown`, `plan_without_packs`, `purchase_invalid`.
    """
    if order.at_us > now_us:
        at = text_to_the_second(order.at_us)
        raise Refused(
            "purchase_in_future", f"The purchase is dated {at}, which is in the future. Record it once it is made."
        )
    purchase = purchase_at(account_terms(ledger), packs=order.packs, meter=order.meter, at_us=order.at_us)
    check_after_closed(ledger, "A purchase can't be dated", at_us=order.at_us)
    with ledger.transaction():
        made = add_purchase(ledger, purchase, now_us=now_us, by=by, reason=reason)
        _record_due(ledger, now_us=now_us)
    return made


def purchase_at(terms: Sequence[PlanTerm], *, packs: int, meter: int, at_us: int) -> Purchase:
    """Packs of a meter at the size, price and lapse of the plan in force at an instant.

    Raises:
        Missing: `plan_missing`.
        Refused: `meter_unknown`, `plan_without_packs`, `purchase_invalid`.
    """
    pack = pack_at(terms, meter=meter, at_us=at_us)
    return Purchase(
        meter=meter,
        packs=packs,
        pack_units=Decimal(pack.sessions),
        pack_price=pack.price,
        from_at=at_us,
        expires_at=expiry_of(pack, account_cycle_at(terms, at_us), at_us=at_us),
    )


def remove_packs(
    ledger: "Ledger", *, packs: int, meter: int = 0, now_us: int, by: str | None = None, reason: str | None = None
) -> int:
    """Stop buying recurring packs from the next cycle on; return that cycle's start (µs UTC).

    Raises:
        Missing: `plan_missing`.
        Refused: `meter_unknown`, `plan_without_packs`, `removal_invalid`; `packs_not_recurring` for more than recur.
    """
    terms = account_terms(ledger)
    pack_at(terms, meter=meter, at_us=now_us)
    from_us = account_cycle_at(terms, now_us).cycle.end_us
    recurring = recurring_packs(terms, account_facts(ledger), meter=meter, until_us=from_us + 1)
    if packs > recurring:
        at = text_to_the_second(from_us)
        raise Refused(
            "packs_not_recurring",
            f"{counted(packs, 'pack')} can't be removed: {recurring:,} would be bought again at {at}.",
        )
    add_removal(ledger, Removal(meter=meter, from_at=from_us, packs=packs), now_us=now_us, by=by, reason=reason)
    return from_us


def recurring_packs(terms: Sequence[PlanTerm], facts: CycleFacts, *, meter: int, until_us: int) -> int:
    """Recurring packs at the start of the last cycle that begins before an instant, recorded or not."""
    previous, bought = None, 0
    for each in timeline(terms, until_us):
        facts = replace(facts, purchases=(*facts.purchases, *packs_due(each, previous, facts=facts)))
        start_us = each.cycle.start_us
        starting = facts.purchases_in(meter, start_us=start_us, end_us=start_us + 1)
        bought = sum(purchase.packs for purchase in starting if purchase.how == "recurring")
        previous = each
    return bought


def pack_at(terms: Sequence[PlanTerm], *, meter: int, at_us: int) -> Pack:
    """Pack of a meter of the plan in force at an instant.

    Raises:
        Missing: `plan_missing`.
        Refused: `meter_unknown`, `plan_without_packs`.
    """
    return plan_at(terms, at_us=at_us).pack(meter)


def plan_at(terms: Sequence[PlanTerm], *, at_us: int) -> Plan:
    """Plan in force at an instant.

    Raises:
        Missing: `plan_missing`.
    """
    account_cycle_at(terms, at_us)
    return next(term.plan for term in reversed(terms) if term.from_us <= at_us)


def check_after_closed(ledger: "ReadableLedger", subject: str, *, at_us: int) -> None:
    """Refuse an instant in a closed cycle.

    Raises:
        Conflict: `statement_closed`.
    """
    closed_end_us = max((end_us for _, end_us in closed_spans(ledger)), default=at_us)
    if at_us < closed_end_us:
        raise Conflict(
            "statement_closed",
            f"{subject} {text_to_the_second(at_us)}: statements are closed up to {text_to_the_second(closed_end_us)}. "
            "Choose that instant or a later one.",
        )


def _record_due(ledger: "Ledger", *, now_us: int) -> None:
    # The closing job does it too; at once, the next question has all packs, also those that recur from a past purchase.
    plans = account_plans(ledger)
    if plans is not None:
        record_due_packs(ledger, plans, now_us=now_us)


def _as_json(policies: set[Policy]) -> str:
    definitions = {
        policy.label: {"name": policy.name, "version": policy.version, **policy_as_mapping(policy)}
        for policy in policies
    }
    return json.dumps(definitions, sort_keys=True)
