"""Recharges while live events are settled.

Only a session that starts after all that were settled before it buys: what comes late, or with a file, never does. As
long as enough is left, a settling reads numbers of facts and counts, and no session.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from botmeter.billing.account_bill import account_plans, carried_into, new_bill_cache
from botmeter.billing.account_facts import account_facts
from botmeter.billing.account_plans import AccountPlans
from botmeter.billing.beyond import ZERO
from botmeter.billing.cycle_facts import CycleFacts
from botmeter.billing.cycle_sessions import cycle_sessions
from botmeter.billing.due_purchases import record_due_packs, record_purchases
from botmeter.billing.plan import Meter
from botmeter.billing.plan_terms import AccountCycle, account_cycle_at
from botmeter.billing.rated import RatedCycle
from botmeter.billing.rating import rate_cycle
from botmeter.billing.recharge import recharges_due
from botmeter.domain.instant import DAY_US, NEVER_US
from botmeter.ledger.billing.closed_statements import last_numbers
from botmeter.ledger.billing.plan_terms import StoredPlanTerm, plan_terms
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.settle import latest_session_us, plan_session_count
from botmeter.reports.billed_sessions import session_count

PULLED_RECENT_US: Final = DAY_US
"""Older sessions of a pull never buy, since the first pull of a platform has its history, in order."""
_CYCLE_US_MAX: Final = 366 * DAY_US


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """State of an account when its open cycle was last rated.

    Attributes:
        spare: By meter with a recharge, the units left above its limit, and the units of a session.
    """

    facts: tuple[object, ...]
    account_cycle: AccountCycle
    spare: tuple[tuple[Decimal, Decimal], ...]
    session_count: int
    until_us: int


class RechargeWatch:
    """Buys packs for the accounts of a server; one thread at a time settles an account."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._cache = new_bill_cache()

    def settled_us(self, ledger: Ledger, *, now_us: int, recent_us: int = _CYCLE_US_MAX) -> int | None:
        """Latest start of what is settled now, for `buy` after the next settling; None: no plan recharges.

        Args:
            recent_us: Sessions that start longer ago don't buy, in any order.
        """
        if not any('"recharge"' in term.definition for term in plan_terms(ledger)):
            return None
        known = self._known.get(ledger.account.name)
        # Sessions of earlier cycles buy nothing anyway, and reading their starts takes time.
        earliest_us = max(now_us - recent_us, known.account_cycle.cycle.start_us - 1 if known else 0)
        return latest_session_us(ledger.connection, earliest_us, now_us=now_us) or earliest_us

    def buy(self, ledger: Ledger, *, settled_us: int, now_us: int) -> int:
        latest_us = latest_session_us(ledger.connection, settled_us, now_us=now_us)
        if latest_us is None or latest_us <= settled_us or self._is_enough(ledger, now_us=now_us):
            return 0
        plans = account_plans(ledger)
        if plans is None or now_us < plans.terms[0].from_us:
            return 0
        return self._rated(ledger, record_due_packs(ledger, plans, now_us=now_us), settled_us=settled_us, now_us=now_us)

    def _is_enough(self, ledger: Ledger, *, now_us: int) -> bool:
        known = self._known.get(ledger.account.name)
        if known is None or now_us >= known.until_us or known.facts != _facts(ledger, plan_terms(ledger)):
            return False
        more = _session_count(ledger, known.account_cycle) - known.session_count
        return all(spare >= weight * max(0, more) for spare, weight in known.spare)

    def _rated(self, ledger: Ledger, plans: AccountPlans, *, settled_us: int, now_us: int) -> int:
        account_cycle = account_cycle_at(plans.terms, now_us)
        carried = carried_into(ledger, account_cycle, plans=plans, cache=self._cache)
        sessions, facts = cycle_sessions(ledger, account_cycle, cache=self._cache), plans.facts
        due = recharges_due(account_cycle, sessions, facts=facts, carried=carried, after_us=settled_us)
        # A session dated ahead of the clock buys nothing yet.
        due = tuple(purchase for purchase in due if purchase.from_us <= now_us)
        if due:
            record_purchases(ledger, due, now_us=now_us)
            facts = account_facts(ledger)
        rated, _carried = rate_cycle(account_cycle, sessions, facts=facts, carried=carried, now_us=now_us)
        self._known[ledger.account.name] = _Known(
            facts=_facts(ledger, plan_terms(ledger)),
            account_cycle=account_cycle,
            spare=_spare(account_cycle, rated, facts=facts, now_us=now_us),
            session_count=_session_count(ledger, account_cycle),
            until_us=_until_us(account_cycle, rated, now_us=now_us),
        )
        return len(due)


def _facts(ledger: Ledger, terms: list[StoredPlanTerm]) -> tuple[object, ...]:
    numbers = last_numbers(ledger)
    return *terms, *(number for name, number in numbers.items() if name != "appends")


def _session_count(ledger: Ledger, account_cycle: AccountCycle) -> int:
    start_us, end_us = account_cycle.cycle.start_us, account_cycle.cycle.end_us
    apart = plan_session_count(ledger.connection, start_us, end_us=end_us)
    return session_count(ledger, start_us, end_us=end_us) + apart


def _spare(
    account_cycle: AccountCycle, rated: RatedCycle, *, facts: CycleFacts, now_us: int
) -> tuple[tuple[Decimal, Decimal], ...]:
    meters = _term_meters(account_cycle, now_us)
    spare = []
    for number, (meter, of_meter) in enumerate(zip(meters, rated.meters, strict=False)):
        recharge = meter.recharge
        if recharge is None or _is_at_most(account_cycle, meter, facts=facts, number=number):
            continue
        usable = (use.left for use in of_meter.grants if use.grant.start_us <= now_us)
        spare.append((sum(usable, ZERO) - recharge.below, meter.weight))
    return tuple(spare)


def _is_at_most(account_cycle: AccountCycle, meter: Meter, *, facts: CycleFacts, number: int) -> bool:
    cycle, recharge = account_cycle.cycle, meter.recharge
    if recharge is None or recharge.most_per_cycle is None:
        return False
    bought = facts.purchases_in(number, start_us=cycle.start_us, end_us=cycle.end_us)
    recharged = sum(each.packs for each in bought if each.how == "recharge")
    return recharged + recharge.packs > recharge.most_per_cycle


def _term_meters(account_cycle: AccountCycle, now_us: int) -> tuple[Meter, ...]:
    begun = [term for term in account_cycle.terms if term.from_us <= now_us]
    return (begun or account_cycle.terms)[-1].plan.meters


def _until_us(account_cycle: AccountCycle, rated: RatedCycle, *, now_us: int) -> int:
    grants = [use.grant for meter in rated.meters for use in meter.grants]
    changes = [
        account_cycle.cycle.end_us,
        *(term.from_us for term in account_cycle.terms),
        *(grant.expires_us or NEVER_US for grant in grants),
        *(grant.start_us for grant in grants),
    ]
    return min(at_us for at_us in [*changes, NEVER_US] if at_us > now_us)
