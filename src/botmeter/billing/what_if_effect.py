"""Cycle under another plan or policy."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import pyarrow as pa

from botmeter.billing.account_bill import Bill
from botmeter.billing.cycle import Cycle
from botmeter.billing.plan import Plan
from botmeter.billing.plan_actions import pinned_policy
from botmeter.billing.rated import RatedCycle
from botmeter.billing.what_if import even_sessions, under_plan
from botmeter.domain import text
from botmeter.ledger.readable import ReadableLedger
from botmeter.metering.policy import Policy, in_force
from botmeter.reports.billed_sessions import billed_sessions
from botmeter.reports.query import RequestedDays, usage_query
from botmeter.reports.simulate import simulate

Turn = Callable[[], AbstractContextManager[Callable[[], None]]]
"""Turn to simulate, with a function that ends a simulation that takes too long."""


def unlimited() -> AbstractContextManager[Callable[[], None]]:
    """Turn of a command, which may take its time."""
    return nullcontext(lambda: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Cycle under another plan, with a sentence on what it assumes."""

    rated: RatedCycle
    sessions: tuple[pa.Table, ...]
    packs: int
    note: str

    def has_sessions_of(self, bill: Bill) -> bool:
        """Return whether both plans count the same sessions, once each."""
        if len(self.sessions) != 1 or len(bill.sessions) != 1 or "session_id" not in self.sessions[0].column_names:
            return False
        return bool(self.sessions[0]["session_id"].equals(bill.sessions[0]["session_id"]))


def effect_of(
    ledger: ReadableLedger,
    plan: Plan,
    *,
    cycle: Cycle,
    now_us: int,
    policy: Policy | None = None,
    turn: Turn = unlimited,
) -> Effect:
    """Rate a cycle under a plan, with sessions by its policies or by one, which may have to be simulated."""
    own = in_force(ledger.schedule, at_us=min(cycle.end_us - 1, now_us)).policy
    tables, sentences = [], []
    for meter in plan.meters:
        pinned = [pinned_policy(ledger.schedule, each, at_us=cycle.start_us) for each in meter.policies]
        others = [each for each in ([policy] if policy else pinned) if each != own]
        if not others:
            tables.append(billed_sessions(ledger, cycle.start_us, end_us=cycle.end_us))
            continue
        with turn() as check:
            count = _simulated(ledger, others, cycle=cycle, now_us=now_us, check=check)
        tables.append(even_sessions(count, cycle))
        labels = " and ".join(each.label for each in others)
        sentences.append(f"{text.counted(count, 'session')} by {labels}, metered now and spread evenly over the cycle.")
    effect = under_plan(plan, cycle=cycle, sessions=tables)
    if any(meter.pack for meter in plan.meters):
        packs = text.counted(effect.packs, "pack")
        sentences.append(f"With {packs} bought as the plan says, and nothing left of an earlier cycle.")
    return Effect(rated=effect.rated, sessions=tuple(tables), packs=effect.packs, note=" ".join(sentences))


def _simulated(
    ledger: ReadableLedger, policies: Sequence[Policy], *, cycle: Cycle, now_us: int, check: Callable[[], None]
) -> int:
    days = RequestedDays(first_on=cycle.first_on, last_on=cycle.last_on, timezone=cycle.timezone)
    query = usage_query(ledger.account, now_us=now_us, days=days)
    simulation = simulate(ledger, query, policies=policies, check=check)
    return sum(outcome.session_count for outcome in simulation.outcomes)
