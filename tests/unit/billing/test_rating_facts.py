"""Rating follows the recorded facts: at their instants, in their cycle, once."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from botmeter.billing.account_bill import carries
from botmeter.billing.account_plans import AccountPlans
from botmeter.billing.cycle_facts import CycleFacts
from botmeter.billing.plan import Allowance, Beyond, CycleRule, Meter, Pack, Plan, Tier
from botmeter.billing.plan_terms import PlanTerm, timeline
from botmeter.billing.rated import NOTHING_CARRIED, Funding
from botmeter.billing.rating import rate_cycle
from botmeter.domain.instant import DAY_US
from botmeter.domain.money import rounded
from support.rating_cases import START_US, bought, cycle_with, even_sessions, plan_of, sessions_at


def test_a_changed_anchor_ends_the_cycle_and_the_new_one_has_its_own_fee_and_allowance() -> None:
    first = plan_of(Meter(allowance=Allowance(sessions=100)), fee=Decimal(10))
    second = replace(first, cycle=CycleRule(anchor=date(2026, 10, 20)))
    changed_us = START_US + 19 * DAY_US
    cycles = timeline(
        [PlanTerm(plan=first, from_us=START_US), PlanTerm(plan=second, from_us=changed_us)], changed_us + 1
    )

    assert [(each.cycle.start_us, each.cycle.end_us) for each in cycles] == [
        (START_US, changed_us),
        (changed_us, cycles[1].whole.end_us),
    ]
    carried = NOTHING_CARRIED
    for each in cycles:
        rated, carried = rate_cycle(each, [even_sessions(150, each)], carried=carried)
        assert rated.meters[0].counts()[Funding.ALLOWANCE] == 100
        assert rated.total == Decimal("10.00")


@pytest.mark.parametrize("at", ["start", "a microsecond later", "after an unrelated purchase"])
def test_a_recurring_purchase_at_exactly_the_cycles_start_counts_once(at: str) -> None:
    cycle = cycle_with(plan_of(Meter(pack=Pack(sessions=100, price=Decimal("49.00"), recurring=True))))
    recurring = bought(1, at_us=START_US, how="recurring", cycle_start_us=START_US)
    later = bought(1, at_us=START_US + DAY_US, number=2)
    before = bought(1, at_us=START_US - 1, number=3, expires_us=START_US)
    first = START_US + (at != "start")
    purchases = [recurring, before, *([later] if "unrelated" in at else [])]
    facts = CycleFacts(purchases=purchases)
    sessions = sessions_at([first + number for number in range(101)])
    rated, _ = rate_cycle(cycle, [sessions], facts=facts)

    counts = rated.meters[0].counts()
    assert (counts[Funding.PACK], counts[Funding.STOPPED]) == (100, 1)
    assert rated.total == Decimal("49.00") * (len(purchases) - 1)


def test_a_back_dated_purchase_changes_all_balances_from_its_instant_on() -> None:
    cycle = cycle_with(plan_of(Meter(allowance=Allowance(sessions=1), beyond=Beyond(kind="price", price=Decimal(1)))))
    sessions = sessions_at([START_US + number * DAY_US for number in range(5)])
    without, _ = rate_cycle(cycle, [sessions])
    facts = CycleFacts(purchases=[bought(1, at_us=START_US + 2 * DAY_US, units=2, price="0.50")])
    with_it, _ = rate_cycle(cycle, [sessions], facts=facts)

    assert (without.total, with_it.total) == (Decimal("4.00"), Decimal("2.50"))
    assert with_it.meters[0].counts()[Funding.PACK] == 2


def test_a_session_that_comes_late_is_funded_by_when_it_started_and_not_by_when_it_came() -> None:
    small, large = (plan_of(Meter(allowance=Allowance(sessions=count))) for count in (2, 4))
    cycle = cycle_with(small, large, changes=[START_US + 10 * DAY_US])
    starts = [START_US + day * DAY_US for day in (1, 2, 3, 11, 12)]
    rated, _ = rate_cycle(cycle, [sessions_at(starts)])
    assert [Funding(kind).name for kind in rated.meters[0].funding] == [
        "ALLOWANCE",
        "ALLOWANCE",
        "STOPPED",
        "ALLOWANCE",
        "ALLOWANCE",
    ]


def test_each_of_81_lines_is_rounded_from_its_own_quantity_and_price() -> None:
    tiers = tuple(Tier(up_to=number, price=Decimal("1.23456") * number) for number in range(1, 81))
    beyond = Beyond(kind="graduated", tiers=(*tiers[:19], Tier(price=Decimal("0.005"))))
    meters = tuple(Meter(policies=(f"p{number}",), beyond=beyond) for number in range(4))
    cycle = cycle_with(plan_of(*meters, fee=Decimal("99.98")))
    rated, _ = rate_cycle(cycle, [even_sessions(40 + number, cycle) for number in range(4)])

    assert len(rated.lines) == 81
    for line in rated.lines:
        assert line.unit_price is not None
        assert line.amount == rounded(line.quantity * line.unit_price, "USD")
    assert rated.total == sum(line.amount for line in rated.lines)


def test_a_plan_without_the_meter_of_the_plan_before_keeps_its_grants_for_later() -> None:
    two = plan_of(Meter(), Meter(pack=Pack(sessions=100, price=Decimal(49), lapses="never")))
    one = Plan(name="one", currency="USD", cycle=two.cycle)
    first, second = timeline(
        [PlanTerm(plan=two, from_us=START_US), PlanTerm(plan=one, from_us=START_US + 31 * DAY_US)],
        START_US + 32 * DAY_US,
    )
    facts = CycleFacts(purchases=[bought(1, at_us=START_US, meter=1)])
    _, carried = rate_cycle(first, [], facts=facts)
    rated, carried = rate_cycle(second, [], facts=facts, carried=carried)
    assert len(rated.meters) == 1
    assert [each.left for each in carried.meters[1].grants] == [100]


def test_packs_of_a_cycle_that_a_new_anchor_ends_early_go_on_until_it_would_have_ended() -> None:
    first = plan_of(Meter(pack=Pack(sessions=100, price=Decimal("49.00"))))
    second = replace(first, cycle=CycleRule(anchor=date(2026, 10, 20)))
    changed_us = START_US + 19 * DAY_US
    terms = (PlanTerm(plan=first, from_us=START_US), PlanTerm(plan=second, from_us=changed_us))
    planned_end_us = cycle_with(first).cycle.end_us
    facts = CycleFacts(purchases=[bought(1, at_us=START_US, expires_us=planned_end_us)])
    one, two = timeline(terms, changed_us + 1)
    _, carried = rate_cycle(one, [sessions_at([START_US])], facts=facts)
    rated, _ = rate_cycle(two, [sessions_at([changed_us, planned_end_us])], facts=facts, carried=carried)

    assert [Funding(kind).name for kind in rated.meters[0].funding] == ["PACK", "STOPPED"]
    plans = AccountPlans(terms=terms, recorded_us=(0, 0), facts=facts, grace_us=0, closed={})
    assert carries(plans)
    assert not carries(replace(plans, terms=terms[:1]))
