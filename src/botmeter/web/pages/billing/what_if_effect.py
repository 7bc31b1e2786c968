"""A cycle under another plan or policy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from botmeter.billing.account_bill import Bill
from botmeter.billing.cycle import Cycle
from botmeter.billing.plan import Plan
from botmeter.billing.plan_actions import pinned_policy
from botmeter.billing.rated import RatedCycle
from botmeter.billing.what_if import even_sessions, under_plan
from botmeter.domain import text
from botmeter.domain.instant import now_us
from botmeter.metering.policy import Policy, in_force
from botmeter.reports.billed_sessions import billed_sessions
from botmeter.reports.query import RequestedDays, usage_query
from botmeter.reports.simulate import simulate
from botmeter.web.access import Visit
from botmeter.web.server_state import server_state

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A cycle under another plan, with a sentence on what it assumes."""

    rated: RatedCycle
    sessions: tuple[pa.Table, ...]
    note: str

    def has_sessions_of(self, bill: Bill) -> bool:
        """Return whether both plans count the same sessions, once each."""
        if len(self.sessions) != 1 or len(bill.sessions) != 1 or "session_id" not in self.sessions[0].column_names:
            return False
        return bool(self.sessions[0]["session_id"].equals(bill.sessions[0]["session_id"]))


def effect_of(visit: Visit, plan: Plan, *, cycle: Cycle, policy: Policy | None = None) -> Effect:
    """Rate a cycle under a plan."""
    with visit.reading() as ledger:
        tables, sentences = _tables(visit, ledger, plan=plan, cycle=cycle, policy=policy)
    effect = under_plan(plan, cycle=cycle, sessions=tables)
    if any(meter.pack for meter in plan.meters):
        packs = text.counted(effect.packs, "pack")
        sentences.append(f"With {packs} bought as the plan says, and nothing left of an earlier cycle.")
    return Effect(rated=effect.rated, sessions=tuple(tables), note=" ".join(sentences))


def _tables(
    visit: Visit, ledger: "ReadableLedger", *, plan: Plan, cycle: Cycle, policy: Policy | None
) -> tuple[list[pa.Table], list[str]]:
    own = in_force(ledger.schedule, at_us=min(cycle.end_us - 1, now_us())).policy
    tables, sentences = [], []
    for meter in plan.meters:
        pinned = [pinned_policy(ledger.schedule, each, at_us=cycle.start_us) for each in meter.policies]
        names = [policy] if policy else pinned
        others = [each for each in names if each != own]
        if not others:
            tables.append(billed_sessions(ledger, cycle.start_us, end_us=cycle.end_us))
            continue
        count = _simulated(visit, ledger, policies=others, cycle=cycle)
        tables.append(even_sessions(count, cycle))
        labels = " and ".join(each.label for each in others)
        sentences.append(f"{text.counted(count, 'session')} by {labels}, metered now and spread evenly over the cycle.")
    return tables, sentences


def _simulated(visit: Visit, ledger: "ReadableLedger", *, policies: Sequence[Policy], cycle: Cycle) -> int:
    days = RequestedDays(first_on=cycle.first_on, last_on=cycle.last_on, timezone=cycle.timezone)
    query = usage_query(ledger.account, now_us=now_us(), days=days)
    with server_state(visit.request).simulations.turn(visit.account) as check:
        simulation = simulate(ledger, query, policies=policies, check=check)
    return sum(outcome.session_count for outcome in simulation.outcomes)
