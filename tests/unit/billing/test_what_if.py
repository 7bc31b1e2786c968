"""Costs that have not come about: a cycle under another plan, and the open cycle at its end."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from botmeter.billing.account_bill import Bill
from botmeter.billing.account_plans import CycleState
from botmeter.billing.cost_forecast import CostForecast, cost_forecast, rated_until
from botmeter.billing.cycle_facts import NO_FACTS, CycleFacts
from botmeter.billing.forecast import Forecast, ForecastDay
from botmeter.billing.pack_advice import PackAdvice, pack_advice
from botmeter.billing.plan import Allowance, Beyond, Meter, Pack, Plan, Recharge, Tier
from botmeter.billing.rated import NOTHING_CARRIED, Funding
from botmeter.billing.rating import rate_cycle
from botmeter.billing.statement_document import Document
from botmeter.billing.what_if import funding_moves, kind_differences, under_plan
from botmeter.domain.instant import DAY_US
from botmeter.web.pages.billing.cycle_forecast import marks
from support.rating_cases import START_US, bought, cycle_with, even_sessions, plan_of, sessions_at

PACK = Pack(sessions=100, price=Decimal("49.00"))
PER_SESSION = Beyond(kind="price", price=Decimal("0.10"))
VOLUME = Beyond(kind="volume", tiers=(Tier(price=Decimal("1.00"), up_to=100), Tier(price=Decimal("0.50"))))


@pytest.mark.parametrize(
    ("meter", "is_first", "packs", "total"),
    [
        (Meter(pack=PACK), False, 3, "147.00"),
        (Meter(allowance=Allowance(sessions=500, per="account"), pack=PACK), False, 3, "147.00"),
        (Meter(allowance=Allowance(sessions=500, per="account"), pack=PACK), True, 0, "0.00"),
        (Meter(pack=Pack(sessions=100, price=Decimal(10), least_per_cycle=5)), False, 5, "50.00"),
        # 250 are used, and more than 99 are left: 350 in four packs.
        (Meter(pack=PACK, recharge=Recharge(below=100)), False, 4, "196.00"),
        # Where more sessions have a price, no pack is bought.
        (Meter(pack=PACK, beyond=PER_SESSION), False, 0, "25.00"),
    ],
)
def test_another_plan_buys_the_packs_that_it_asks_for(meter: Meter, is_first: bool, packs: int, total: str) -> None:
    plan = plan_of(meter)
    cycle = cycle_with(plan)
    found = under_plan(plan, cycle=cycle.cycle, sessions=[even_sessions(250, cycle)], is_first=is_first)
    assert (found.packs, found.rated.total) == (packs, Decimal(total))


def bill_of_ten_days(plan: Plan, count: int) -> Bill:
    """Bill of the first ten days of October."""
    cycle = cycle_with(plan)
    table = sessions_at([START_US + number * 10 * DAY_US // count for number in range(count)])
    rated, carried = rate_cycle(cycle, [table])
    return Bill(
        account_cycle=cycle,
        rated=rated,
        sessions=(table,),
        facts=NO_FACTS,
        carried_in=NOTHING_CARRIED,
        carried=carried,
        state=CycleState.OPEN,
        closes_us=cycle.cycle.end_us,
    )


def cost_at(plan: Plan, expected: int, *, band: tuple[int, int] | None = None) -> CostForecast:
    bill = bill_of_ten_days(plan, 50)
    low, high = band or (None, None)
    cycle = bill.account_cycle.cycle
    forecast = Forecast(
        method="pace" if band else "line",
        first_on=cycle.first_on,
        last_on=cycle.last_on,
        data_day_count=10,
        counted_count=50,
        counted_path=(),
        days=(
            ForecastDay(
                on=cycle.first_on + timedelta(days=30), expected_count=expected, low_count=low, high_count=high
            ),
        ),
    )
    return cost_forecast(bill, forecast, carried=NOTHING_CARRIED, now_us=START_US + 10 * DAY_US)


def test_the_cost_at_the_end_is_that_of_the_sessions_to_come() -> None:
    plan = plan_of(Meter(allowance=Allowance(sessions=100), beyond=PER_SESSION), fee=Decimal(20))
    cost = cost_at(plan, 150, band=(140, 170))
    assert (cost.low, cost.expected, cost.high) == (Decimal("24.00"), Decimal("25.00"), Decimal("27.00"))
    assert cost_at(plan, 150) == CostForecast(expected=Decimal("25.00"))


def test_recharges_to_come_are_part_of_the_cost() -> None:
    plan = plan_of(Meter(allowance=Allowance(sessions=200), pack=PACK, recharge=Recharge(below=100)))
    assert cost_at(plan, 250, band=(90, 250)) == CostForecast(
        expected=Decimal("98.00"), low=Decimal("0.00"), high=Decimal("98.00")
    )


def test_under_a_volume_price_the_band_has_the_least_and_the_greatest_cost_within() -> None:
    cost = cost_at(plan_of(Meter(beyond=VOLUME)), 95, band=(90, 110))
    # 100 sessions cost 100.00 and 101 cost 50.50.
    assert (cost.low, cost.expected, cost.high) == (Decimal("50.50"), Decimal("95.00"), Decimal("100.00"))


def test_the_cost_of_a_day_that_is_over_has_its_sessions_and_purchases_only() -> None:
    plan = plan_of(Meter(pack=PACK, beyond=PER_SESSION), fee=Decimal(20))
    bill = bill_of_ten_days(plan, 50)
    later = bought(1, at_us=START_US + 6 * DAY_US)
    rated = rated_until(
        replace(bill, facts=CycleFacts(purchases=(later,))), START_US + 5 * DAY_US, carried=NOTHING_CARRIED
    )
    assert rated.total == Decimal("22.50")


def test_advice_names_the_fewest_packs_that_cover_each_cycle() -> None:
    def statement(used: int, packs: int, *, beyond: int = 0) -> Document:
        grant = {"kind": "pack", "packs": packs, "used": str(used)}
        return {"grants": [grant], "usage": {"by_funding": {"beyond": beyond, "stopped": 0}}}

    meter = Meter(pack=PACK)
    statements = [statement(250, 5), statement(300, 5), statement(120, 5)]
    assert pack_advice(statements, meter) == PackAdvice(enough=3, bought=(5, 5), cycles=3)
    assert pack_advice([*statements, statement(500, 5, beyond=1)], meter) == PackAdvice(
        enough=6, bought=(5, 5), cycles=4
    )
    assert pack_advice(statements[:2], meter) is None
    assert pack_advice(statements, Meter(pack=Pack(sessions=100, price=Decimal(1), lapses="never"))) is None


def test_differences_add_up_to_that_of_the_totals_and_name_the_sessions_that_move() -> None:
    own_plan = replace(plan_of(Meter(allowance=Allowance(sessions=100), beyond=PER_SESSION)), tax_rate=Decimal("0.20"))
    other_plan = replace(plan_of(Meter(allowance=Allowance(sessions=40))), fee=Decimal("9.00"))
    cycle = cycle_with(own_plan)
    sessions = [even_sessions(150, cycle)]
    own, other = (under_plan(plan, cycle=cycle.cycle, sessions=sessions).rated for plan in (own_plan, other_plan))
    found = kind_differences(own, other)
    assert [(each.kind, each.before, each.after) for each in found] == [
        ("fee", Decimal(0), Decimal("9.00")),
        ("beyond", Decimal("5.00"), Decimal(0)),
        ("tax", Decimal("1.00"), Decimal(0)),
    ]
    assert sum(each.after - each.before for each in found) == other.total - own.total
    moves = funding_moves(own.meters[0], other.meters[0])
    # The first 40 are included in both, and nothing is charged beyond the other allowance.
    assert [(each.before, each.after, each.session_count) for each in moves] == [
        (Funding.ALLOWANCE, Funding.STOPPED, 60),
        (Funding.BEYOND, Funding.STOPPED, 50),
    ]


def test_allowance_and_packs_last_until_the_last_session_that_they_fund() -> None:
    pack = Pack(sessions=5, price=Decimal(10))
    plan = plan_of(Meter(allowance=Allowance(sessions=2), pack=pack, beyond=PER_SESSION))
    cycle = cycle_with(plan)
    # Two are included and two beyond, then five of a pack, of which three are used.
    starts = [START_US + hour * 3_600_000_000 for hour in range(7)]
    facts = CycleFacts(purchases=(bought(1, at_us=starts[4], units=5),))
    rated, _ = rate_cycle(cycle, [sessions_at(starts)], facts=facts, now_us=starts[-1])
    assert [(each.label, each.count, each.units) for each in marks(rated, ())] == [
        ("Allowance", 2, 2),
        ("Allowance and packs", 9, 7),
    ]
