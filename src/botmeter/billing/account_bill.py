"""Bills of an account's cycles."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from botmeter.billing.account_facts import account_facts, account_terms
from botmeter.billing.account_plans import AccountPlans, CycleState
from botmeter.billing.bill_cache import BillCache
from botmeter.billing.cycle_facts import CycleFacts, PackPurchase
from botmeter.billing.cycle_sessions import cycle_sessions
from botmeter.billing.past_cycles import past_cycles
from botmeter.billing.plan_terms import AccountCycle, account_cycle_at, timeline
from botmeter.billing.rated import NOTHING_CARRIED, Carried, RatedCycle
from botmeter.billing.rating import rate_cycle
from botmeter.domain.errors import Missing
from botmeter.domain.instant import DAY_US, NEVER_US
from botmeter.ledger.billing.closed_statements import closed_spans
from botmeter.ledger.billing.plan_terms import grace_days, plan_terms
from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Rated cycle of an account.

    Attributes:
        sessions: Of each meter in rating order, as `billed_sessions` gives them.
        carried_in, carried: Grants of earlier cycles, and for later ones.
        closes_us: Closing by the server (µs UTC).
    """

    account_cycle: AccountCycle
    rated: RatedCycle
    sessions: tuple[pa.Table, ...]
    facts: CycleFacts
    carried_in: Carried
    carried: Carried
    state: CycleState
    closes_us: int


def new_bill_cache() -> BillCache:
    """Cache for a process that computes many bills."""
    return BillCache()


def account_plans(ledger: ReadableLedger, *, cache: BillCache | None = None) -> AccountPlans | None:
    """Plan terms and facts; None: no plan."""
    if cache is None:
        return _account_plans(ledger)
    # The version is read first, so that plans are at least as new.
    version = ledger.facts_version
    return cache.plans.find_or_make(ledger.account.name, lambda: _account_plans(ledger), version=version)


def _account_plans(ledger: ReadableLedger) -> AccountPlans | None:
    terms = account_terms(ledger)
    if not terms:
        return None
    return AccountPlans(
        terms=terms,
        recorded_us=tuple(each.recorded_at for each in plan_terms(ledger)),
        facts=account_facts(ledger),
        grace_us=grace_days(ledger) * DAY_US,
        closed=dict(closed_spans(ledger)),
    )


def plan_missing(account: str) -> Missing:
    """Refusal of what needs a plan."""
    return Missing("plan_missing", f"Account {account} has no plan. Set one first.")


def open_cycle_bill(ledger: ReadableLedger, now_us: int, *, cache: BillCache | None = None) -> Bill | None:
    """Bill of the cycle that contains an instant; None: there is no plan then."""
    plans = account_plans(ledger, cache=cache)
    if plans is None or now_us < plans.terms[0].from_us:
        return None
    return bill_of(ledger, account_cycle_at(plans.terms, now_us), plans=plans, now_us=now_us, cache=cache)


def bill_of(
    ledger: ReadableLedger,
    account_cycle: AccountCycle,
    *,
    plans: AccountPlans,
    now_us: int,
    cache: BillCache | None = None,
) -> Bill:
    """Read and rate a cycle."""
    carried = carried_into(ledger, account_cycle, plans=plans, cache=cache)
    sessions = cycle_sessions(ledger, account_cycle, cache=cache)
    rated, carried_on = rate_cycle(account_cycle, sessions, facts=plans.facts, carried=carried, now_us=now_us)
    return Bill(
        account_cycle=account_cycle,
        rated=rated,
        sessions=sessions,
        facts=plans.facts,
        carried_in=carried,
        carried=carried_on,
        state=plans.state(account_cycle, now_us=now_us),
        closes_us=account_cycle.cycle.end_us + plans.grace_us,
    )


def rated_cycles(
    ledger: ReadableLedger, cycles: Sequence[AccountCycle], *, plans: AccountPlans
) -> Iterator[tuple[AccountCycle, tuple[pa.Table, ...], RatedCycle]]:
    """Read and rate successive cycles, each with what the one before left."""
    carried = carried_into(ledger, cycles[0], plans=plans) if cycles else NOTHING_CARRIED
    for each in cycles:
        sessions = cycle_sessions(ledger, each)
        rated, carried = rate_cycle(each, sessions, facts=plans.facts, carried=carried)
        yield each, sessions, rated


def carried_into(
    ledger: ReadableLedger, account_cycle: AccountCycle, *, plans: AccountPlans, cache: BillCache | None = None
) -> Carried:
    """Grants that earlier cycles left for this one."""
    start_us = account_cycle.cycle.start_us
    if start_us == plans.terms[0].from_us:
        return NOTHING_CARRIED
    earlier = timeline(plans.terms, start_us)
    if not carries(plans) and not _outlives(plans.facts.purchases, earlier):
        return NOTHING_CARRIED
    *_, last = past_cycles(ledger, earlier, facts=plans.facts, cache=cache)
    return last.carried


def _outlives(purchases: Sequence[PackPurchase], cycles: Sequence[AccountCycle]) -> bool:
    ends_us = [each.cycle.end_us for each in cycles]
    within = [(each, bisect_right(ends_us, each.from_us)) for each in purchases]
    return any(at < len(ends_us) and (each.expires_us or NEVER_US) > ends_us[at] for each, at in within)


def carries(plans: AccountPlans) -> bool:
    """Test whether grants can outlive a cycle: packs that lapse later, an allowance per account, opening balances."""
    meters = [meter for term in plans.terms for meter in term.plan.meters]
    # Another anchor, length or zone ends a cycle early, before the packs that lapse with it.
    ends_early = len({term.plan.cycle for term in plans.terms}) > 1
    return (
        ends_early
        or bool(plans.facts.openings)
        or any(
            (meter.pack is not None and meter.pack.lapses != "cycle_end")
            or (meter.allowance is not None and meter.allowance.per == "account")
            for meter in meters
        )
    )
