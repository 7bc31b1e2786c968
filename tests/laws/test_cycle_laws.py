"""An account's cycles touch, and each instant is in one of them, whatever its plans, anchors and zones."""

from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from botmeter.billing.cycle import cycle_at, cycle_of
from botmeter.billing.plan import CycleRule, Plan
from botmeter.billing.plan_terms import PlanTerm, account_cycle_at, timeline
from botmeter.domain.instant import DAY_US, us_from_text
from botmeter.domain.time_zone import is_timezone

ZONES = st.sampled_from(sorted(filter(is_timezone, available_timezones())))
DAYS = st.dates(date(1990, 1, 1), date(2040, 12, 31))
START_US = us_from_text("2026-01-01T00:00:00Z")


@st.composite
def rules(draw: st.DrawFn) -> CycleRule:
    return CycleRule(
        every=draw(st.sampled_from(("month", "quarter", "half_year", "year"))),
        anchor=draw(st.none() | DAYS),
        timezone=draw(ZONES),
        prorate=draw(st.booleans()),
    )


@st.composite
def terms(draw: st.DrawFn) -> list[PlanTerm]:
    starts = draw(st.lists(st.integers(0, 900 * 24), min_size=1, max_size=5, unique=True))
    return [
        PlanTerm(plan=Plan(name=str(at), currency="USD", cycle=draw(rules())), from_us=START_US + at * DAY_US // 24)
        for at in sorted(starts)
    ]


@pytest.mark.slow
@given(anchor=DAYS, timezone=ZONES, number=st.integers(-600, 600))
# The zones that skip a day, or the midnight with which a cycle begins.
@example(anchor=date(2011, 12, 30), timezone="Pacific/Apia", number=0)
@example(anchor=date(1993, 8, 21), timezone="Pacific/Kwajalein", number=0)
@example(anchor=date(2026, 4, 24), timezone="Africa/Cairo", number=0)
@example(anchor=date(2026, 11, 1), timezone="America/Havana", number=0)
def test_cycles_touch_for_60_months_from_any_anchor_in_any_zone(anchor: date, timezone: str, number: int) -> None:
    for every, count in (("month", 60), ("quarter", 20), ("half_year", 10), ("year", 5)):
        rule = CycleRule(every=every, timezone=timezone)
        cycles = [cycle_of(rule, anchor, number=number + step) for step in range(count)]
        for before, after in pairwise(cycles):
            assert before.start_us < before.end_us == after.start_us
        for each in cycles[:: max(1, count // 5)]:
            assert cycle_at(rule, anchor, at_us=each.start_us) == cycle_at(rule, anchor, at_us=each.end_us - 1) == each
            assert each.last_on - each.first_on < timedelta(days=366)


@given(of=terms(), after=st.integers(0, 1_200 * 24))
def test_the_cycles_of_an_account_touch_and_hold_each_instant_once(of: list[PlanTerm], after: int) -> None:
    at_us = of[0].from_us + after * DAY_US // 24
    cycles = timeline(of, at_us + 1)
    assert cycles[0].cycle.start_us == of[0].from_us
    assert all(each.cycle.start_us < each.cycle.end_us for each in cycles)
    assert all(before.cycle.end_us == following.cycle.start_us for before, following in pairwise(cycles))
    assert [each for each in cycles if each.cycle.start_us <= at_us < each.cycle.end_us] == [cycles[-1]]
    assert account_cycle_at(of, at_us) == cycles[-1]
    for each in cycles:
        assert 0 < each.prorated <= 1
        assert each.whole.start_us <= each.cycle.start_us < each.cycle.end_us <= each.whole.end_us
        in_force = [term for term in of if term.from_us < each.cycle.end_us]
        assert each.plan == in_force[-1].plan, "the terms in force at its end"
        begun_within = [term for term in in_force if term.from_us > each.cycle.start_us]
        assert list(each.terms[1:]) == begun_within
