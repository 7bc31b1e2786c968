"""The price of a number of sessions under a plan."""

from decimal import Decimal

import pytest

from botmeter.billing.plan import Allowance, Beyond, Meter, Pack, Recharge
from botmeter.billing.plan_price import SESSIONS_MAX, price_of
from botmeter.billing.shipped_plans import shipped_plans
from botmeter.domain.errors import TooMuch
from support.rating_cases import plan_of

PACK = Pack(sessions=100, price=Decimal("49.00"))


@pytest.mark.parametrize(
    ("sessions", "options", "packs"),
    [
        (0, {}, 0),
        (1, {}, 1),
        (100, {}, 1),
        (101, {}, 2),
        (600, {"first_cycle": True}, 1),
        (500, {"first_cycle": True}, 0),
        (600, {"bought": 2}, 2),
    ],
)
def test_a_plan_that_stops_buys_the_fewest_packs_that_fund_all(
    sessions: int, options: dict[str, int], packs: int
) -> None:
    allowance = Allowance(sessions=500, per="account", forfeited_on_purchase="bought" not in options)
    rated = price_of(plan_of(Meter(allowance=allowance, pack=PACK)), sessions=sessions, **options)  # type: ignore[arg-type]
    assert (rated.lines[0].quantity, rated.total) == (packs, packs * PACK.price)


def test_the_least_number_of_packs_is_bought_anyway_and_is_among_those_bought() -> None:
    plan = plan_of(Meter(pack=Pack(sessions=100, price=Decimal(10), least_per_cycle=3)))
    totals = [
        price_of(plan, sessions=count, bought=bought).total
        for count, bought in ((0, None), (450, None), (0, 2), (0, 4))
    ]
    assert totals == [30, 50, 30, 40]


def test_a_plan_with_recharge_follows_it() -> None:
    plan = plan_of(Meter(allowance=Allowance(sessions=600), pack=PACK, recharge=Recharge(below=500)))
    assert [price_of(plan, sessions=count).lines[0].quantity for count in (100, 101, 200, 201)] == [0, 1, 1, 2]


def test_an_allowance_per_month_counts_in_each_month_of_a_year() -> None:
    meter = Meter(allowance=Allowance(sessions=1_000, per="month"), beyond=Beyond(kind="price", price=Decimal(1)))
    assert [price_of(plan_of(meter, every="year"), sessions=count).total for count in (12_000, 12_012)] == [0, 12]


def test_each_shipped_plan_has_a_price() -> None:
    for shipped in shipped_plans():
        for sessions in (0, 1, 1_000):
            rated = price_of(shipped.plan, sessions=sessions, first_cycle=True)
            assert rated.total == sum(line.amount for line in rated.lines) + rated.tax


def test_more_sessions_than_memory_holds_are_refused() -> None:
    with pytest.raises(TooMuch, match="50,000,001 sessions are outside 0 to 50,000,000") as refusal:
        price_of(plan_of(Meter()), sessions=SESSIONS_MAX + 1)
    assert refusal.value.code == "plan_price_too_much"
