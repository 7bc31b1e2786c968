"""Rating: which grant or price funds a session, and the lines of a cycle."""

from decimal import Decimal

import pytest

from botmeter.billing.cycle_facts import CycleFacts, OpeningBalance, OpeningPack
from botmeter.billing.plan import Allowance, Beyond, Meter, Pack, Tier
from botmeter.billing.plan_terms import timeline
from botmeter.billing.rated import Funding, RatedCycle, charge_texts, funding_texts
from botmeter.billing.rating import rate_cycle
from botmeter.domain.instant import DAY_US
from support.rating_cases import START_US, bought, cycle_with, even_sessions, plan_of, sessions_at

HOUR_US = DAY_US // 24
TIERS = (Tier(up_to=50, price=Decimal("0.95")), Tier(up_to=100, price=Decimal("0.90")), Tier(price=Decimal("0.85")))


def rated(count: int, meter: Meter, **fixed: object) -> RatedCycle:
    cycle = cycle_with(plan_of(meter, **fixed))
    return rate_cycle(cycle, [even_sessions(count, cycle)])[0]


def hours(*numbers: int) -> list[int]:
    return [START_US + number * HOUR_US for number in numbers]


def texts(result: RatedCycle, meter: int = 0) -> list[str]:
    names: list[str] = funding_texts(result.meters[meter]).to_pylist()
    return names


def printed(result: RatedCycle) -> list[tuple[str, str, str]]:
    return [(line.label, f"{line.quantity:f}", str(line.amount)) for line in result.lines]


def test_253_sessions_in_tiers_of_50_50_and_200_cost_222_55() -> None:
    result = rated(253, Meter(beyond=Beyond(kind="graduated", tiers=TIERS)))

    assert printed(result) == [
        ("Sessions 1–50", "50", "47.50"),
        ("Sessions 51–100", "50", "45.00"),
        ("Sessions from 101", "153", "130.05"),
    ]
    assert result.total == Decimal("222.55")


def test_a_cap_of_25_over_2500_included_at_0_10_stops_after_2750() -> None:
    beyond = Beyond(kind="price", price=Decimal("0.10"), cap=Decimal("25.00"))
    result = rated(3_000, Meter(allowance=Allowance(sessions=2_500), beyond=beyond))

    assert result.total == Decimal("25.00")
    assert texts(result)[2_749:2_751] == ["beyond", "stopped"]
    assert result.meters[0].counts()[Funding.STOPPED] == 250


def test_of_3000_in_a_quarter_of_which_2000_are_used_1000_lapse() -> None:
    cycle = cycle_with(plan_of(Meter(allowance=Allowance(sessions=3_000)), every="quarter"))
    result, carried = rate_cycle(cycle, [even_sessions(2_000, cycle)])

    (use,) = result.meters[0].grants
    assert (use.used, use.lapsed, use.left) == (2_000, 1_000, 0)
    assert not carried.meters[0].grants


@pytest.mark.parametrize(
    ("kind", "amounts"),
    [
        # At the bounds of 10 and 20: 1.00, 0.50 and 0.10 each.
        ("graduated", {0: "0", 9: "9", 10: "10", 11: "10.50", 19: "14.50", 20: "15", 21: "15.10"}),
        ("volume", {0: "0", 9: "9", 10: "10", 11: "5.50", 19: "9.50", 20: "10", 21: "2.10"}),
    ],
)
def test_a_tier_ends_with_its_bound(kind: str, amounts: dict[int, str]) -> None:
    prices = (("1", 10), ("0.50", 20), ("0.10", None))
    tiers = tuple(Tier(price=Decimal(price), up_to=up_to) for price, up_to in prices)
    for count, amount in amounts.items():
        result = rated(count, Meter(beyond=Beyond(kind=kind, tiers=tiers)))  # type: ignore[arg-type]
        assert result.total == Decimal(amount), count


@pytest.mark.parametrize(("kind", "total"), [("graduated", "101"), ("volume", "301")])
def test_graduated_charges_the_flat_price_of_each_tier_entered_and_volume_only_of_one(kind: str, total: str) -> None:
    flats = (("0", "100", 100), ("1", "0", None)) if kind == "graduated" else (("1", "9", 100), ("2", "99", None))
    tiers = tuple(Tier(price=Decimal(p), flat=Decimal(flat), up_to=up_to) for p, flat, up_to in flats)
    result = rated(101, Meter(beyond=Beyond(kind=kind, tiers=tiers)))  # type: ignore[arg-type]
    assert result.total == Decimal(total)


def test_begun_packages_count_whole() -> None:
    beyond = Beyond(kind="package", price=Decimal(36), sessions=100)
    for count, total in ((300, "360"), (301, "396"), (400, "396"), (401, "432")):
        result = rated(count, Meter(allowance=Allowance(sessions=300), beyond=beyond), fee=Decimal(360))
        assert result.total == Decimal(total), count


def test_a_cycle_without_sessions_still_has_its_fee_its_top_up_and_lines_with_0() -> None:
    tiers = (Tier(up_to=10, price=Decimal(1), flat=Decimal(5)), Tier(price=Decimal("0.5")))
    meter = Meter(pack=Pack(sessions=100, price=Decimal("49.00")), beyond=Beyond(kind="graduated", tiers=tiers))
    result = rated(0, meter, fee=Decimal(10), minimum=Decimal(50), tax_rate=Decimal("0.19"))

    assert printed(result) == [
        ("Fee", "1", "10.00"),
        ("Packs of 100 sessions", "0", "0.00"),
        ("Additional sessions 1–10", "0", "0.00"),
        ("Additional sessions from 11", "0", "0.00"),
        ("Flat price of additional sessions 1–10", "0", "0.00"),
        ("Top-up to the minimum of 50.00 USD", "1", "40.00"),
    ]
    assert (result.subtotal, result.tax, result.total) == (Decimal("50.00"), Decimal("9.50"), Decimal("59.50"))


def test_the_fee_counts_towards_the_minimum_and_more_than_it_needs_no_top_up() -> None:
    meter = Meter(beyond=Beyond(kind="price", price=Decimal(1)))
    result = rated(45, meter, fee=Decimal(10), minimum=Decimal(50))
    assert (result.lines[-1].amount, result.total) == (0, Decimal("55.00"))


def test_tax_is_rounded_once_on_the_sum_of_the_lines() -> None:
    # Each line's own tax would round to 0.02, 0.02 and 0.02.
    tiers = tuple(Tier(price=Decimal("0.10"), up_to=up_to) for up_to in (1, 2, None))
    result = rated(3, Meter(beyond=Beyond(kind="graduated", tiers=tiers)), tax_rate=Decimal("0.155"))
    assert (result.subtotal, result.tax) == (Decimal("0.30"), Decimal("0.05"))


@pytest.mark.parametrize(
    ("currency", "price", "amount"),
    [("JPY", "0.5", "2"), ("KWD", "0.0005", "0.002"), ("HUF", "1.505", "4.52"), ("USD", "0.0075", "0.02")],
)
def test_a_line_is_rounded_once_to_the_unit_of_its_currency(currency: str, price: str, amount: str) -> None:
    result = rated(3, Meter(beyond=Beyond(kind="price", price=Decimal(price))), currency=currency)
    assert (str(result.total), str(result.lines[0].unit_price)) == (amount, price)


def test_a_pack_is_usable_from_its_instant_until_its_expiry_and_burns_after_the_allowance() -> None:
    cycle = cycle_with(plan_of(Meter(allowance=Allowance(sessions=1))))
    facts = CycleFacts(purchases=[bought(1, at_us=hours(2)[0], units=9, expires_us=hours(5)[0])])
    result, _ = rate_cycle(cycle, [sessions_at(hours(0, 1, 2, 4, 5))], facts=facts)

    assert texts(result) == ["allowance", "stopped", "pack 1", "pack 1", "stopped"]
    assert [use.lapsed for use in result.meters[0].grants] == [0, 7]


def test_packs_burn_by_expiry_and_then_by_creation() -> None:
    cycle = cycle_with(plan_of(Meter()))
    late, early = hours(500, 400)
    purchases = [
        bought(1, at_us=hours(0)[0], units=1, number=1),
        bought(1, at_us=hours(0)[0], units=1, number=2, expires_us=late),
        bought(2, at_us=hours(0)[0], units=1, number=3, expires_us=early),
        bought(1, at_us=hours(0)[0], units=1, number=4, expires_us=early),
    ]
    result, _ = rate_cycle(cycle, [sessions_at(hours(0, 1, 2, 3, 4, 5))], facts=CycleFacts(purchases=purchases))

    assert texts(result) == ["pack 1", "pack 2", "pack 3", "pack 4", "pack 5", "stopped"]
    assert [use.grant.purchase_no for use in result.meters[0].grants] == [3, 4, 2, 1]


def test_a_session_whose_units_straddle_two_grants_is_funded_by_that_of_its_first_unit() -> None:
    meter = Meter(weight=Decimal("2.5"), allowance=Allowance(sessions=4), pack=Pack(sessions=3, price=Decimal(6)))
    cycle = cycle_with(plan_of(meter))
    facts = CycleFacts(purchases=[bought(1, at_us=START_US, units=3, price="6")])
    result, _ = rate_cycle(cycle, [sessions_at(hours(0, 1, 2, 3))], facts=facts)

    # 4 + 3 units: two sessions take 5, one of them from both; the last 2 are too few for a third.
    assert texts(result) == ["allowance", "allowance", "stopped", "stopped"]
    assert [(use.used, use.lapsed + use.left) for use in result.meters[0].grants] == [(4, 0), (1, 2)]
    assert result.meters[0].spills[0].units == 1


def test_units_that_no_grant_has_are_priced_beyond() -> None:
    beyond = Beyond(kind="price", price=Decimal(1))
    result = rated(3, Meter(weight=Decimal("2.5"), allowance=Allowance(sessions=4), beyond=beyond))
    assert texts(result) == ["allowance", "allowance", "beyond"]
    assert printed(result) == [("Additional units", "3.5", "3.50")]


def test_void_test_and_free_preview_sessions_use_nothing() -> None:
    meter = Meter(allowance=Allowance(sessions=1), previews="free")
    table = sessions_at(hours(0, 1, 2, 3, 4), charge=[1, 2, 0, 0, 0], preview=[True, True, True, False, False])
    result, _ = rate_cycle(cycle_with(plan_of(meter)), [table])

    assert texts(result) == ["void", "test", "preview_free", "allowance", "stopped"]
    charges = charge_texts(result.meters[0]).to_pylist()
    assert charges == ["void", "test", "preview_free", "charged", "stopped"]


def test_a_plan_may_charge_for_previews_and_tests() -> None:
    meter = Meter(allowance=Allowance(sessions=9), test="charged")
    table = sessions_at(hours(0, 1), charge=[2, 0], preview=[False, True])
    assert texts(rate_cycle(cycle_with(plan_of(meter)), [table])[0]) == ["allowance", "allowance"]


def test_an_allowance_once_is_granted_in_the_first_cycle_only_and_its_rest_is_carried() -> None:
    cycle = cycle_with(plan_of(Meter(allowance=Allowance(sessions=500, per="account"))))
    first, second, third = timeline(cycle.terms, START_US + 80 * DAY_US)
    carried = rate_cycle(first, [even_sessions(300, first)])[1]
    result, carried = rate_cycle(second, [even_sessions(150, second)], carried=carried)
    (use,) = result.meters[0].grants
    assert (use.before, use.used, use.left) == (300, 150, 50)
    result, carried = rate_cycle(third, [even_sessions(60, third)], carried=carried)
    assert result.meters[0].counts()[Funding.ALLOWANCE] == 50
    assert (carried.meters[0].grants, carried.meters[0].is_granted) == ((), True)


def test_an_allowance_once_lapses_with_the_first_purchase_where_the_plan_says_so() -> None:
    for forfeits, expected in ((True, ["pack 1", "pack 1"]), (False, ["allowance", "allowance"])):
        allowance = Allowance(sessions=500, per="account", forfeited_on_purchase=forfeits)
        cycle = cycle_with(plan_of(Meter(allowance=allowance, pack=Pack(sessions=100, price=Decimal(49)))))
        facts = CycleFacts(purchases=[bought(1, at_us=hours(3)[0]), bought(1, at_us=hours(4)[0], number=2)])
        result, carried = rate_cycle(cycle, [sessions_at(hours(2, 3, 5))], facts=facts)

        assert texts(result) == ["allowance", *expected]
        assert result.meters[0].grants[0].lapsed == (499 if forfeits else 0)
        assert [each.grant.kind for each in carried.meters[0].grants] == (
            ["pack"] * 2 if forfeits else ["allowance", "pack", "pack"]
        )


def test_an_allowance_forfeited_as_it_is_granted_is_lapsed_and_never_granted_again() -> None:
    allowance = Allowance(sessions=500, per="account", forfeited_on_purchase=True)
    plan = plan_of(Meter(allowance=allowance, pack=Pack(sessions=100, price=Decimal(49))))
    first, second = timeline(cycle_with(plan).terms, START_US + 40 * DAY_US)
    facts = CycleFacts(purchases=[bought(1, at_us=START_US)])
    result, carried = rate_cycle(first, [sessions_at(hours(1))], facts=facts)
    assert texts(result) == ["pack 1"]
    assert [(use.grant.kind, use.lapsed, use.left) for use in result.meters[0].grants] == [
        ("allowance", 500, 0),
        ("pack", 0, 99),
    ]
    result, _ = rate_cycle(second, [even_sessions(1, second)], facts=facts, carried=carried)
    assert texts(result) == ["pack 1"]


def test_an_allowance_per_month_is_granted_anew_in_each_month_of_a_longer_cycle() -> None:
    cycle = cycle_with(plan_of(Meter(allowance=Allowance(sessions=2, per="month")), every="quarter"))
    days = [0, 1, 2, 30, 31, 32, 33, 61]
    result, _ = rate_cycle(cycle, [sessions_at([START_US + day * DAY_US for day in days])])
    assert [text == "allowance" for text in texts(result)] == [True, True, False, False, True, True, False, True]


def test_packs_that_never_lapse_are_carried_and_cost_only_once() -> None:
    cycle = cycle_with(plan_of(Meter(pack=Pack(sessions=100, price=Decimal(49), lapses="never"))))
    first, second = timeline(cycle.terms, START_US + 40 * DAY_US)
    facts = CycleFacts(purchases=[bought(1, at_us=START_US)])
    one, carried = rate_cycle(first, [even_sessions(30, first)], facts=facts)
    two, _ = rate_cycle(second, [even_sessions(80, second)], facts=facts, carried=carried)

    assert (one.total, two.total) == (Decimal("49.00"), 0)
    assert (two.meters[0].counts()[Funding.PACK], two.meters[0].counts()[Funding.STOPPED]) == (70, 10)
    assert two.meters[0].grants[0].before == 30


def test_a_change_of_plan_within_a_cycle_grants_the_larger_allowance_once() -> None:
    small, large = (plan_of(Meter(allowance=Allowance(sessions=count))) for count in (100, 250))
    changes = [START_US + day * DAY_US for day in (5, 10, 15)]
    cycle = cycle_with(small, large, small, large, changes=changes)
    result, _ = rate_cycle(cycle, [even_sessions(400, cycle)])

    assert result.meters[0].counts()[Funding.ALLOWANCE] == 250
    # What the larger one has more is usable from the change on.
    assert [use.grant.start_us for use in result.meters[0].grants] == [START_US, changes[0]]


def test_after_a_change_of_plan_tiers_and_caps_go_on_counting_and_fee_and_minimum_are_the_last_ones() -> None:
    dear = Beyond(kind="graduated", tiers=(Tier(up_to=2, price=Decimal(1)), Tier(price=Decimal("0.5"))))
    cheap = Beyond(kind="graduated", tiers=(Tier(up_to=2, price=Decimal(8)), Tier(price=Decimal(4))))
    capped = Beyond(kind="price", price=Decimal(1), cap=Decimal(14))
    plans = [plan_of(Meter(beyond=beyond), fee=Decimal(fee)) for beyond, fee in ((dear, 7), (cheap, 8), (capped, 9))]
    cycle = cycle_with(*plans, changes=hours(10, 20))
    result, _ = rate_cycle(cycle, [sessions_at(hours(0, 1, 2, 10, 11, 20, 21, 22, 23))])

    # 1 + 1 + 0.5, then 4 + 4 in the second tier, then one at a time up to 14.
    assert texts(result) == ["beyond 1", "beyond 1", *["beyond 2"] * 3, *["beyond"] * 3, "stopped"]
    assert result.total == Decimal(9) + Decimal("2.5") + Decimal(8) + Decimal(3)
    assert [line.amount for line in result.lines if line.kind == "fee"] == [Decimal("9.00")]


def test_an_opening_balance_within_a_cycle_says_what_is_left_and_sessions_before_it_cost_nothing() -> None:
    meter = Meter(allowance=Allowance(sessions=10), beyond=Beyond(kind="price", price=Decimal(1)))
    as_of = hours(5)[0]
    packs = (OpeningPack(units_left=Decimal(1), pack_units=Decimal(100), expires_us=hours(7)[0]),)
    opening = OpeningBalance(as_of_us=as_of, allowance_used=Decimal(9), packs=packs)
    table = sessions_at(hours(1, 2, 5, 6, 7))
    result, _ = rate_cycle(cycle_with(plan_of(meter)), [table], facts=CycleFacts(openings=[opening]))

    assert texts(result) == ["opening", "opening", "allowance", "pack 1", "beyond"]
    assert [(use.before, use.used) for use in result.meters[0].grants] == [(9, 1), (99, 1)]
    assert result.total == Decimal("1.00")


def test_several_meters_have_grants_and_lines_of_their_own() -> None:
    first = Meter(
        policies=("gorgias.ticket-chat",),
        allowance=Allowance(sessions=1),
        beyond=Beyond(kind="price", price=Decimal("0.40")),
    )
    second = Meter(policies=("other",), beyond=Beyond(kind="price", price=Decimal(1)))
    cycle = cycle_with(plan_of(first, second))
    result, _ = rate_cycle(cycle, [sessions_at(hours(0, 1)), sessions_at(hours(0))])

    assert printed(result) == [
        ("Additional sessions (gorgias.ticket-chat)", "1", "0.40"),
        ("Sessions (other)", "1", "1.00"),
    ]


def test_a_partial_first_cycle_prorates_fee_minimum_and_allowance_where_the_plan_says_so() -> None:
    for prorate, expected in ((True, ("16", "Fee for 16 of 31 days", "5.16")), (False, ("31", "Fee", "10.00"))):
        plan = plan_of(Meter(allowance=Allowance(sessions=31)), prorate=prorate, fee=Decimal(10))
        term = cycle_with(plan).terms[0]
        late = type(term)(plan=plan, from_us=START_US + 15 * DAY_US)
        result, _ = rate_cycle(timeline([late], late.from_us + 1)[0], [])
        line = result.lines[0]
        assert (str(result.meters[0].grants[0].grant.units), line.label, str(line.amount)) == expected


def test_nothing_has_lapsed_before_its_expiry() -> None:
    cycle = cycle_with(plan_of(Meter(allowance=Allowance(sessions=10))))
    result, _ = rate_cycle(cycle, [sessions_at(hours(0))], now_us=hours(1)[0])
    assert (result.meters[0].grants[0].left, result.meters[0].grants[0].lapsed) == (9, 0)
