"""Cycles by their anchor, and an account's cycles from its plan terms. Numbers are those of public bug reports."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from botmeter.billing.cycle import cycle_at, cycle_first_on, cycle_of
from botmeter.billing.plan import CycleRule, Every, Plan
from botmeter.billing.plan_terms import AccountCycle, PlanTerm, account_cycle_at, checked_terms, timeline
from botmeter.domain.errors import Conflict, Missing
from botmeter.domain.instant import us_from_text


def us(text: str) -> int:
    return us_from_text(f"{text}T00:00:00Z" if len(text) == 10 else text)


def plan(name: str = "a", *, rule: CycleRule | None = None, currency: str = "USD", fee: int = 0) -> Plan:
    return Plan(name=name, currency=currency, cycle=rule or CycleRule(), fee=Decimal(fee))


def term(from_: str, of: Plan) -> PlanTerm:
    return PlanTerm(plan=of, from_us=us(from_))


def bounds(cycles: Sequence[AccountCycle]) -> list[tuple[str, str]]:
    return [(str(each.cycle.first_on), str(each.cycle.last_on)) for each in cycles]


@pytest.mark.parametrize(
    ("every", "anchor", "first_days"),
    [
        # 1: an anchor on the 31st was lost after February.
        ("month", "2026-01-31", "2026-01-31 2026-02-28 2026-03-31 2026-04-30 2026-05-31"),
        ("month", "2028-01-30", "2028-01-30 2028-02-29 2028-03-30 2028-04-30"),
        ("month", "2027-01-29", "2027-01-29 2027-02-28 2027-03-29"),
        # 3: 31 May was followed by 1 July.
        ("month", "2026-05-31", "2026-05-31 2026-06-30 2026-07-31"),
        ("quarter", "2026-08-31", "2026-08-31 2026-11-30 2027-02-28 2027-05-31"),
        ("half_year", "2026-08-31", "2026-08-31 2027-02-28 2027-08-31"),
        ("year", "2028-02-29", "2028-02-29 2029-02-28 2030-02-28 2031-02-28 2032-02-29"),
    ],
)
def test_short_months_end_a_cycle_early_and_the_day_comes_back(every: Every, anchor: str, first_days: str) -> None:
    rule, anchored = CycleRule(every=every), date.fromisoformat(anchor)
    expected = [date.fromisoformat(day) for day in first_days.split()]
    assert [cycle_first_on(rule, anchored, number=number) for number in range(len(expected))] == expected
    cycle = cycle_of(rule, anchored, number=0)
    for number, first_on in enumerate(expected[1:], start=1):
        cycle = cycle_at(rule, anchored, at_us=cycle.end_us)
        assert (cycle.number, cycle.first_on) == (number, first_on), "the nth from the one before"


def test_the_cycle_before_the_next_is_the_same_cycle() -> None:
    """5: going back from 28 February gave 28 January."""
    rule, anchor = CycleRule(), date(2026, 1, 31)
    february = cycle_at(rule, anchor, at_us=us("2026-03-01"))
    assert cycle_at(rule, anchor, at_us=february.start_us - 1).first_on == date(2026, 1, 31)
    # 4: with an anchor on the 31st, 2 March was put into another cycle.
    assert (february.first_on, february.last_on) == (date(2026, 2, 28), date(2026, 3, 30))
    assert cycle_at(rule, anchor, at_us=us("2026-03-02")) == february


@pytest.mark.parametrize(
    ("timezone", "start", "end"),
    [
        # 6: a vendor resets on the 4th.
        ("UTC", "2026-03-04T00:00:00Z", "2026-04-04T00:00:00Z"),
        ("Pacific/Auckland", "2026-03-03T11:00:00Z", "2026-04-03T11:00:00Z"),
        ("Asia/Kolkata", "2026-03-03T18:30:00Z", "2026-04-03T18:30:00Z"),
        ("Pacific/Honolulu", "2026-03-04T10:00:00Z", "2026-04-04T10:00:00Z"),
        ("Europe/Berlin", "2026-03-03T23:00:00Z", "2026-04-03T22:00:00Z"),
    ],
)
def test_a_cycle_begins_at_midnight_in_its_zone(timezone: str, start: str, end: str) -> None:
    """24: the instant before a bound and the bound belong to one cycle each, in any zone."""
    terms = [term("2026-01-01", plan(rule=CycleRule(anchor=date(2026, 1, 4), timezone=timezone)))]
    inside = account_cycle_at(terms, us("2026-03-20"))
    assert (inside.cycle.start_us, inside.cycle.end_us) == (us(start), us(end))
    assert account_cycle_at(terms, inside.cycle.start_us) == account_cycle_at(terms, inside.cycle.end_us - 1) == inside
    assert account_cycle_at(terms, inside.cycle.start_us - 1).cycle.end_us == inside.cycle.start_us


def test_plans_changed_to_and_fro_within_a_cycle_leave_one_cycle() -> None:
    """17: each change gave a full allowance again."""
    small, large = plan("small", fee=10), plan("large", fee=50)
    terms = [term("2026-01-01", small), term("2026-02-10", large), term("2026-02-20", small), term("2026-03-01", large)]
    cycles = timeline(terms, us("2026-03-01") + 1)
    assert bounds(cycles) == [
        ("2026-01-01", "2026-01-31"),
        ("2026-02-01", "2026-02-28"),
        ("2026-03-01", "2026-03-31"),
    ]
    assert [[each.plan.name for each in cycle.terms] for cycle in cycles] == [
        ["small"],
        ["small", "large", "small"],
        ["large"],
    ]
    assert [cycle.plan.fee for cycle in cycles] == [10, 10, 50]


@pytest.mark.parametrize(
    ("rule", "after"),
    [
        (CycleRule(anchor=date(2026, 2, 15)), [("2026-02-15", "2026-03-14"), ("2026-03-15", "2026-04-14")]),
        (CycleRule(every="quarter"), [("2026-02-15", "2026-05-14")]),
        (CycleRule(timezone="Asia/Kolkata"), [("2026-02-15", "2026-03-14"), ("2026-03-15", "2026-04-14")]),
        # Its cycle has begun before the term: what is left of it is a cycle of its own.
        (CycleRule(anchor=date(2026, 1, 20)), [("2026-02-15", "2026-02-19"), ("2026-02-20", "2026-03-19")]),
    ],
)
def test_a_changed_anchor_ends_the_cycle_at_its_instant(rule: CycleRule, after: list[tuple[str, str]]) -> None:
    """19: an anchor that moved was charged for without a new cycle."""
    cycles = timeline([term("2026-01-01", plan()), term("2026-02-15", plan("b", rule=rule))], us("2026-04-01"))
    cut, first_of_new = cycles[1], cycles[2]
    assert cut.cycle.end_us == first_of_new.cycle.start_us == us("2026-02-15")
    assert (cut.plan.name, first_of_new.plan.name) == ("a", "b")
    assert bounds(cycles)[2 : 2 + len(after)] == after


def test_a_plan_without_an_anchor_keeps_the_cycles_of_the_one_before() -> None:
    anchored = plan(rule=CycleRule(anchor=date(2026, 1, 31)))
    cycles = timeline([term("2026-01-31", anchored), term("2026-02-28", plan("b"))], us("2026-04-01"))
    assert bounds(cycles) == [
        ("2026-01-31", "2026-02-27"),
        ("2026-02-28", "2026-03-30"),
        ("2026-03-31", "2026-04-29"),
    ]


def test_a_part_of_a_cycle_is_prorated_by_days_only_if_the_plan_says_so() -> None:
    for prorates, share in ((True, Fraction(10, 30)), (False, Fraction(1))):
        rule = CycleRule(anchor=date(2026, 1, 1), prorate=prorates)
        first = account_cycle_at([term("2026-04-21", plan(rule=rule))], us("2026-04-25"))
        assert first.prorated == share
        assert bounds([first]) == [("2026-04-21", "2026-04-30")]


def test_a_new_currency_begins_with_a_new_cycle() -> None:
    dollars, euros = term("2026-01-01", plan()), plan("b", currency="EUR")
    with pytest.raises(Conflict, match=r"here on 2026-03-01\.") as raised:
        checked_terms([dollars, term("2026-02-15", euros)])
    assert raised.value.code == "plan_currency_changed"
    assert len(checked_terms([term("2026-03-01", euros), dollars])) == 2
    moved = plan("b", currency="EUR", rule=CycleRule(anchor=date(2026, 2, 15)))
    assert checked_terms([dollars, term("2026-02-15", moved)])


def test_two_plans_from_one_instant_are_refused() -> None:
    with pytest.raises(Conflict, match=r"Plan a@1 begins at 2026-01-01T00:00:00Z already, so b@1") as raised:
        checked_terms([term("2026-01-01", plan()), term("2026-01-01", plan("b"))])
    assert raised.value.code == "plan_instant_taken"


def test_an_account_without_a_plan_has_no_cycle() -> None:
    assert timeline([], us("2026-01-01")) == ()
    assert checked_terms([]) == ()
    for terms in ([], [term("2026-01-02", plan())]):
        with pytest.raises(Missing, match=r"has no plan at 2026-01-01T00:00:00Z") as raised:
            account_cycle_at(terms, us("2026-01-01"))
        assert raised.value.code == "plan_missing"
