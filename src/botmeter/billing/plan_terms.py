"""Plan terms: an account's plans from their instants, and the cycles that follow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import pairwise, takewhile

from botmeter.billing.cycle import Cycle, cycle_at
from botmeter.billing.plan import CycleRule, Plan
from botmeter.domain.errors import Conflict, Missing
from botmeter.domain.instant import text_to_the_second
from botmeter.domain.period import day_of_us
from botmeter.metering.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTerm:
    """Plan in force from an instant (µs UTC) until the next term.

    Attributes:
        policies: By meter, the policies pinned when the plan was set; none: the account's own.
    """

    plan: Plan
    from_us: int
    policies: tuple[tuple[Policy, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCycle:
    """Cycle of an account, and the terms in force within it.

    Attributes:
        whole: By the anchor; longer where a plan begins within it or a changed anchor ends it early.
        anchor: First day of some cycle, from which months within a longer cycle are counted too.
    """

    cycle: Cycle
    whole: Cycle
    anchor: date
    terms: tuple[PlanTerm, ...]

    @property
    def plan(self) -> Plan:
        return self.terms[-1].plan

    @property
    def prorated(self) -> Fraction:
        """Share of fee, minimum and allowance that counts, by days; 1 unless the plan prorates."""
        days = Fraction(self.cycle.day_count, self.whole.day_count)
        return min(days, Fraction(1)) if self.plan.cycle.prorate else Fraction(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Anchored:
    term: PlanTerm
    anchor: date

    def cycle_at(self, at_us: int) -> Cycle:
        return cycle_at(self.term.plan.cycle, self.anchor, at_us=at_us)


def timeline(terms: Sequence[PlanTerm], until_us: int) -> tuple[AccountCycle, ...]:
    """Cycles that begin before an instant; each begins where the one before ends.

    A term that moves the bounds of the cycle in which it begins ends that cycle at its own instant.
    """
    return tuple(takewhile(lambda each: each.cycle.start_us < until_us, _cycles(terms)))


def account_cycle_at(terms: Sequence[PlanTerm], at_us: int) -> AccountCycle:
    """Cycle that contains an instant (µs UTC).

    Raises:
        Missing: `plan_missing` before the first term.
    """
    if not terms or at_us < terms[0].from_us:
        raise Missing("plan_missing", f"The account has no plan at {text_to_the_second(at_us)}. Set one first.")
    return next(each for each in _cycles(terms) if at_us < each.cycle.end_us)


def checked_terms(terms: Sequence[PlanTerm]) -> tuple[PlanTerm, ...]:
    """Terms in the order of their instants.

    Raises:
        Conflict: `plan_instant_taken` for two plans from one instant; `plan_currency_changed` within a cycle.
    """
    ordered = tuple(sorted(terms, key=lambda term: term.from_us))
    for before, after in pairwise(ordered):
        if before.from_us == after.from_us:
            raise Conflict(
                "plan_instant_taken",
                f"Plan {before.plan.label} begins at {text_to_the_second(before.from_us)} already, so "
                f"{after.plan.label} can't begin then. Withdraw it first, or choose another day.",
            )
    for each in timeline(ordered, ordered[-1].from_us + 1) if ordered else ():
        for before, after in pairwise(each.terms):
            if before.plan.currency != after.plan.currency:
                raise Conflict(
                    "plan_currency_changed",
                    f"Plan {after.plan.label} is in {after.plan.currency}, and the cycle in which it would begin is in "
                    f"{before.plan.currency}. A new currency begins with a new cycle: here on "
                    f"{day_of_us(each.whole.end_us, timezone=each.whole.timezone)}.",
                )
    return ordered


def _cycles(terms: Sequence[PlanTerm]) -> Iterator[AccountCycle]:
    anchored = _anchored(terms)
    position = 0
    start_us = anchored[0].term.from_us if anchored else 0
    while anchored:
        whole = anchored[position].cycle_at(start_us)
        end_us, first = whole.end_us, position
        while position + 1 < len(anchored) and anchored[position + 1].term.from_us < end_us:
            following = anchored[position + 1]
            moved = following.cycle_at(following.term.from_us)
            if (moved.start_us, moved.end_us) != (whole.start_us, whole.end_us):
                end_us = following.term.from_us
                break
            position, whole = position + 1, moved
        within = tuple(each.term for each in anchored[first : position + 1])
        cycle, anchor = replace(whole, start_us=start_us, end_us=end_us), anchored[position].anchor
        yield AccountCycle(cycle=cycle, whole=whole, anchor=anchor, terms=within)
        start_us = end_us
        if position + 1 < len(anchored) and anchored[position + 1].term.from_us == start_us:
            position += 1


def _anchored(terms: Sequence[PlanTerm]) -> list[_Anchored]:
    # A plan without an anchor goes on with the cycles of the one before, if theirs are of its kind.
    anchored: list[_Anchored] = []
    for term in terms:
        rule = term.plan.cycle
        anchor = rule.anchor
        if anchor is None and anchored and _kind(anchored[-1].term.plan.cycle) == _kind(rule):
            anchor = anchored[-1].anchor
        begins_on = day_of_us(term.from_us, timezone=rule.timezone)
        anchored.append(_Anchored(term=term, anchor=anchor or begins_on))
    return anchored


def _kind(rule: CycleRule) -> tuple[str, str]:
    return rule.every, rule.timezone
