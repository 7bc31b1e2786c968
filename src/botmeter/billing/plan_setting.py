"""Plan as it is set: its first day as typed, and recharges of the past, all or nothing."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botmeter.billing.plan import Plan
from botmeter.billing.plan_actions import next_cycle_us, plan_start_us, set_plan
from botmeter.billing.recharge_replay import replay_recharges
from botmeter.domain.errors import Refused
from botmeter.domain.period import day_from_text
from botmeter.ledger.billing.plan_terms import plan_terms
from botmeter.metering.policy import in_force

if TYPE_CHECKING:
    from botmeter.ledger.ledger import Ledger

NEXT_CYCLE: Final = "next-cycle"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOrder:
    """Plan to set.

    Attributes:
        first: Day in the plan's zone, or `next-cycle`; None: the next cycle, for the first plan the present one.
        replays_recharge: Record recharges that past sessions would have made.
    """

    plan: Plan
    first: str | None = None
    replays_recharge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSet:
    """Plan that was set.

    Attributes:
        apart: Labels of its policies that are not the account's own.
    """

    number: int
    from_us: int
    own_policy: str
    apart: tuple[str, ...]
    recharge_count: int


def set_ordered_plan(
    ledger: "Ledger", order: PlanOrder, *, now_us: int, by: str | None = None, reason: str | None = None
) -> PlanSet:
    """Set a plan in one transaction.

    Raises:
        Conflict, Missing, Refused: As `set_plan`; `date_invalid`; `replay_not_first` if the account has a plan.
    """
    plan, earlier = order.plan, plan_terms(ledger)
    if order.replays_recharge and earlier:
        raise Refused(
            "replay_not_first", f"Recharges are replayed with the first plan, and {earlier[0].label} is set already."
        )
    if order.first == NEXT_CYCLE:
        from_us = next_cycle_us(ledger, plan, now_us=now_us)
    else:
        from_on = None if order.first is None else day_from_text(order.first)
        from_us = plan_start_us(ledger, plan, from_on=from_on, now_us=now_us)
    with ledger.transaction():
        term = set_plan(ledger, plan, from_us=from_us, now_us=now_us, by=by, reason=reason)
        recharge_count = replay_recharges(ledger, now_us=now_us) if order.replays_recharge else 0
        number = next(each.number for each in plan_terms(ledger) if each.from_at == from_us)
    own = in_force(ledger.schedule, at_us=from_us).policy
    apart = {policy.label for each in term.policies for policy in each if policy != own}
    return PlanSet(
        number=number,
        from_us=from_us,
        own_policy=own.label,
        apart=tuple(sorted(apart)),
        recharge_count=recharge_count,
    )
