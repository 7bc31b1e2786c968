"""Plans and facts of an account as values, and the state of its cycles."""

from dataclasses import dataclass
from enum import StrEnum

from botmeter.billing.cycle_facts import CycleFacts
from botmeter.billing.plan_terms import AccountCycle, PlanTerm


class CycleState(StrEnum):
    """State of a cycle's statement. `preliminary`: it ended before its plan was set, so only people close it."""

    OPEN = "open"
    IN_GRACE = "in_grace"
    DUE = "due"
    PRELIMINARY = "preliminary"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPlans:
    """An account's plan terms and facts as of one moment.

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
