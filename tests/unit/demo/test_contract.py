"""Plans of the demo account, and the packs that its people buy."""

from datetime import date
from decimal import Decimal

import pytest

from botmeter.billing.plan_terms import AccountCycle, PlanTerm, account_cycle_at
from botmeter.demo.contract import contract, first_plan
from botmeter.demo.finance import CAMPAIGN_REASON, MONTH_REASON, TOP_UP_REASON
from botmeter.demo.pack_orders import PackNeed, orders_by_hand
from botmeter.domain.instant import datetime_from_us
from botmeter.domain.period import day_start_us

SEED = 7


def cycle_of(first_on: date, *, is_contract: bool = False) -> AccountCycle:
    plan = contract(3_431) if is_contract else first_plan()
    start_us = day_start_us(first_on)
    return account_cycle_at([PlanTerm(plan=plan, from_us=start_us)], start_us)


def orders(daily: list[int], *, before: int, seed: int = SEED) -> list[PackNeed]:
    return orders_by_hand(cycle_of(date(2025, 3, 1)), daily, before=before, seed=seed)


@pytest.mark.parametrize(
    ("session_count", "allowance", "pack", "below"),
    [(0, 10, 10, 3), (15, 20, 10, 3), (343, 300, 100, 30), (3_431, 3_000, 1_000, 300), (34_310, 30_000, 10_000, 3_000)],
)
def test_the_contract_suits_the_account_that_signs_it(session_count, allowance, pack, below) -> None:
    meter = contract(session_count).meters[0]
    assert (meter.allowance.sessions, meter.pack.sessions, meter.recharge.below) == (allowance, pack, below)
    assert meter.pack.price == pack * Decimal("0.09")


def test_packs_for_the_month_before_are_bought_in_its_first_days() -> None:
    [first] = orders([100] * 10, before=3_725)
    assert (first.packs, first.reason) == (1, MONTH_REASON)
    assert datetime_from_us(first.at_us).day <= 8


def test_a_pack_is_bought_on_the_working_day_after_few_sessions_are_left() -> None:
    # On the 28th, a Friday, 152 are left, less than a sixth of a pack; Monday is the 31st.
    [topped_up] = orders([66] * 28, before=2_000)
    assert (topped_up.packs, topped_up.reason) == (1, TOP_UP_REASON)
    assert datetime_from_us(topped_up.at_us).date() == date(2025, 3, 31)


def test_packs_are_bought_in_office_hours_of_the_cycle() -> None:
    bought = [each for seed in range(20) for each in orders([400] * 31, before=9_000, seed=seed)]
    instants = [datetime_from_us(each.at_us) for each in bought]
    assert len(instants) >= 60
    assert {instant.month for instant in instants} == {3}
    assert {instant.weekday() for instant in instants} <= {0, 1, 2, 3, 4}
    assert {instant.hour for instant in instants} <= set(range(9, 17))


def test_a_later_day_only_adds_purchases() -> None:
    whole = orders([150] * 31, before=3_000)
    assert len(whole) == 3
    assert all(
        orders([150] * days, before=3_000) == whole[: len(orders([150] * days, before=3_000))] for days in range(31)
    )


@pytest.mark.parametrize(("month", "packs"), [(1, [1]), (3, []), (6, []), (11, [1]), (12, [1])])
def test_the_contract_needs_packs_by_hand_for_campaigns_only(month: int, packs: list[int]) -> None:
    cycle = cycle_of(date(2026, month, 1), is_contract=True)
    bought = orders_by_hand(cycle, [500] * 28, before=9_000, seed=SEED)
    assert [each.packs for each in bought] == packs
    assert {each.reason for each in bought} <= {CAMPAIGN_REASON}
