"""Display values of an account's policies."""

from dataclasses import dataclass

from botmeter.domain import text
from botmeter.domain.period import day_of_us
from botmeter.metering.policy import ALWAYS_US, Schedule, in_force
from botmeter.metering.policy_text import policy_as_toml
from botmeter.reports.policy_sentence import policy_sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTerm:
    """Policy of the schedule; `state` is `In force`, `Scheduled` or `Ended`."""

    label: str
    since: str
    state: str
    is_in_force: bool
    sentence: str
    definition: str


def policy_terms(schedule: Schedule, *, now_us: int) -> tuple[PolicyTerm, ...]:
    """Policies, earliest first."""
    current = in_force(schedule, at_us=now_us)
    return tuple(
        PolicyTerm(
            label=term.policy.label,
            since="the beginning" if term.from_us == ALWAYS_US else text.day_text(day_of_us(term.from_us)),
            state="In force" if term is current else "Ended" if term.from_us <= now_us else "Scheduled",
            is_in_force=term is current,
            sentence=policy_sentence(term.policy),
            definition=policy_as_toml(term.policy) or "# every key at its default\n",
        )
        for term in schedule
    )
