"""Plans and facts of an account, and its cycles' states."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from botmeter.billing.cycle_facts import CycleFacts
from botmeter.billing.plan_terms import AccountCycle, PlanTerm, account_cycle_at
from botmeter.domain.errors import Missing
from botmeter.domain.period import Period
from botmeter.domain.text import day_text


class CycleState(StrEnum):
    """State of a cycle's statement. `preliminary`: it ended before its plan was set, so only people close it."""

    OPEN = "open"
    IN_GRACE = "in_grace"
    DUE = "due"
    PRELIMINARY = "preliminary"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPlans:
    """Account's plan terms and facts as of one moment.

    Attributes:
        closed: Start of each closed cycle and its end (µs UTC).
    """

    terms: tuple[PlanTerm, ...]
    recorded_us: tuple[int, ...]
    facts: CycleFacts
    grace_us: int
    closed: dict[int, int]

    def state(self, account_cycle: AccountCycle, *, now_us: int) -> CycleState:
        cycle = account_cycle.cycle
        if cycle.start_us in self.closed:
            return CycleState.CLOSED
        if now_us < cycle.end_us:
            return CycleState.OPEN
        first_set_us = min(self.recorded_us[self.terms.index(term)] for term in account_cycle.terms)
        if first_set_us >= cycle.end_us:
            return CycleState.PRELIMINARY
        return CycleState.DUE if now_us >= cycle.end_us + self.grace_us else CycleState.IN_GRACE


def cycle_of_day(plans: AccountPlans, on: date, *, now_us: int) -> AccountCycle:
    """Cycle of a day in the plan's zone.

    Raises:
        Missing: `cycle_unknown` before the first plan, or in the future.
    """
    day = Period(first_on=on, last_on=on, timezone=plans.terms[-1].plan.cycle.timezone)
    at_us = max(day.start_us, plans.terms[0].from_us)
    found = account_cycle_at(plans.terms, at_us)
    if found.cycle.start_us > now_us or not found.cycle.first_on <= on <= found.cycle.last_on:
        raise Missing("cycle_unknown", f"The account has no cycle that began on {day_text(on)}.")
    return found
