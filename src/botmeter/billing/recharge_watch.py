"""Recharges while live events are settled.

Only a session that starts after all settled ones buys: late ones and files never do. Each settling notes
its sessions in the ledger until they have bought, so that a crash loses no purchase.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from botmeter.billing.account_bill import account_plans, carried_into
from botmeter.billing.account_facts import account_facts
from botmeter.billing.account_plans import AccountPlans, CycleState
from botmeter.billing.beyond import ZERO
from botmeter.billing.bill_cache import BillCache
from botmeter.billing.cycle_facts import CycleFacts, PackPurchase
from botmeter.billing.cycle_sessions import cycle_sessions
from botmeter.billing.due_purchases import record_due_packs, record_purchases
from botmeter.billing.plan import Meter
from botmeter.billing.plan_terms import AccountCycle, account_cycle_at, timeline
from botmeter.billing.rated import RatedCycle
from botmeter.billing.rating import rate_cycle
from botmeter.billing.recharge import recharges_due
from botmeter.domain.instant import NEVER_US
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.settle import RechargeSpan, end_recharge_spans, plan_session_count, recharge_spans
from botmeter.reports.billed_sessions import session_count


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """State of an account when its open cycle was last rated.

    Attributes:
        spare: By meter with a recharge, the units left above its limit, and the units of a session.
    """

    facts_version: int
    account_cycle: AccountCycle
    spare: tuple[tuple[Decimal, Decimal], ...]
    session_count: int
    until_us: int


class RechargeWatch:
    """Buys packs for the accounts of a server; one thread at a time settles an account."""

    def __init__(self, cache: BillCache | None = None) -> None:
        self._known: dict[str, _Known] = {}
        self._considered: dict[str, list[RechargeSpan]] = {}
        self._cache = cache or BillCache()

    def considered(self, account: str) -> list[RechargeSpan]:
        """Spans that need not buy again; the next settling forgets them."""
        return self._considered.get(account, [])

    def is_pending(self, ledger: ReadableLedger) -> bool:
        """Test for settled sessions that have not bought yet, as after a crash."""
        considered = self.considered(ledger.account.name)
        return any(span not in considered for span in recharge_spans(ledger.connection))

    def buy(self, ledger: Ledger, *, now_us: int) -> int:
        """Record the purchases of settled sessions; return their number."""
        name, spans = ledger.account.name, recharge_spans(ledger.connection)
        pending = [span for span in spans if span not in self.considered(name)]
        self._considered[name] = spans
        if not pending or self._is_enough(ledger, now_us=now_us):
            return 0
        plans = account_plans(ledger, cache=self._cache)
        if plans is None or now_us < plans.terms[0].from_us:
            return 0
        # Forgotten again if it fails.
        self._considered[name] = [span for span in spans if span not in pending]
        count = self._rated(ledger, record_due_packs(ledger, plans, now_us=now_us), spans=pending, now_us=now_us)
        self._considered[name] = spans
        return count

    def _is_enough(self, ledger: Ledger, *, now_us: int) -> bool:
        known = self._known.get(ledger.account.name)
        if known is None or now_us >= known.until_us or known.facts_version != ledger.facts_version:
            return False
        more = _session_count(ledger, known.account_cycle) - known.session_count
        return all(spare >= weight * max(0, more) for spare, weight in known.spare)

    def _rated(self, ledger: Ledger, plans: AccountPlans, *, spans: Sequence[RechargeSpan], now_us: int) -> int:
        account_cycle = account_cycle_at(plans.terms, now_us)
        due, plans = self._due(ledger, plans, spans=spans, now_us=now_us)
        if due:
            with ledger.facts_transaction() as connection:
                record_purchases(ledger, due, now_us=now_us)
                end_recharge_spans(connection, spans)
            plans = replace(plans, facts=account_facts(ledger))
        facts_version, facts, sessions = (
            ledger.facts_version,
            plans.facts,
            cycle_sessions(ledger, account_cycle, cache=self._cache),
        )
        carried = carried_into(ledger, account_cycle, plans=plans, cache=self._cache)
        rated, _carried = rate_cycle(account_cycle, sessions, facts=facts, carried=carried, now_us=now_us)
        self._known[ledger.account.name] = _Known(
            facts_version=facts_version,
            account_cycle=account_cycle,
            spare=_spare(account_cycle, rated, facts=facts, now_us=now_us),
            session_count=_session_count(ledger, account_cycle),
            until_us=_until_us(account_cycle, rated, now_us=now_us),
        )
        return len(due)

    def _due(
        self, ledger: Ledger, plans: AccountPlans, *, spans: Sequence[RechargeSpan], now_us: int
    ) -> tuple[tuple[PackPurchase, ...], AccountPlans]:
        """Purchases of the spans' sessions in open cycles, and the plans with them."""
        due: tuple[PackPurchase, ...] = ()
        for each in timeline(plans.terms, now_us + 1):
            of_cycle = [span for span in spans if _touches(span, each)]
            if not of_cycle or plans.state(each, now_us=now_us) is CycleState.CLOSED:
                continue
            # The cache knows recorded facts alone.
            carried = carried_into(ledger, each, plans=plans, cache=None if due else self._cache)
            sessions = cycle_sessions(ledger, each, cache=self._cache)
            for span in of_cycle:
                bought = recharges_due(each, sessions, facts=plans.facts, carried=carried, after_us=span.after_us)
                # What was imported or is dated later buys nothing.
                bought = tuple(purchase for purchase in bought if purchase.from_us <= span.until_us)
                due += bought
                plans = replace(plans, facts=replace(plans.facts, purchases=(*plans.facts.purchases, *bought)))
        return due, plans


def _touches(span: RechargeSpan, account_cycle: AccountCycle) -> bool:
    cycle = account_cycle.cycle
    return cycle.start_us <= span.until_us and span.after_us < cycle.end_us - 1


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
