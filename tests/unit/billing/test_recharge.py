"""Packs that a plan buys by itself: by recharge, and at a cycle's start."""

from decimal import Decimal

from botmeter.billing.cycle_facts import CycleFacts, PackPurchase, PackRemoval
from botmeter.billing.due_packs import expiry_of, packs_due
from botmeter.billing.plan import Allowance, Meter, Pack, Recharge
from botmeter.billing.plan_terms import timeline
from botmeter.billing.rated import NOTHING_CARRIED
from botmeter.billing.recharge import recharges_due
from botmeter.domain.instant import DAY_US
from support.rating_cases import START_US, bought, cycle_with, plan_of, sessions_at

PACK = Pack(sessions=100, price=Decimal("49.00"))


def due(
    starts: list[int], meter: Meter, *, after_us: int | None = None, facts: CycleFacts | None = None
) -> list[PackPurchase]:
    cycle, known = cycle_with(plan_of(meter)), facts or CycleFacts()
    table = sessions_at(starts)
    return list(recharges_due(cycle, [table], facts=known, carried=NOTHING_CARRIED, after_us=after_us))


def minutes(count: int) -> list[int]:
    return [START_US + number * 60_000_000 for number in range(count)]


def test_499_left_buys_and_500_does_not() -> None:
    meter = Meter(allowance=Allowance(sessions=600), pack=PACK, recharge=Recharge(below=500))

    assert due(minutes(100), meter) == []
    (purchase,) = due(minutes(101), meter)
    assert (purchase.from_us, purchase.opening_key, purchase.packs) == (minutes(101)[100], 100, 1)
    assert purchase.expires_us == cycle_with(plan_of(meter)).cycle.end_us


def test_what_is_left_is_the_sum_of_allowance_and_packs() -> None:
    meter = Meter(allowance=Allowance(sessions=10), pack=PACK, recharge=Recharge(below=105))
    facts = CycleFacts(purchases=[bought(1, at_us=START_US)])
    assert [each.opening_key for each in due(minutes(120), meter, facts=facts)] == [5, 105]


def test_a_session_buys_at_most_once_and_the_cycle_no_more_than_its_limit() -> None:
    meter = Meter(pack=PACK, recharge=Recharge(below=500, packs=2, most_per_cycle=7))
    purchases = due(minutes(300), meter)
    assert [(each.opening_key, each.packs) for each in purchases] == [(0, 2), (1, 2), (2, 2)]


def test_imported_history_and_late_events_never_buy() -> None:
    meter = Meter(allowance=Allowance(sessions=3), pack=PACK, recharge=Recharge(below=2))
    starts = minutes(6)
    assert [each.opening_key for each in due(starts, meter, after_us=starts[3])] == [4]
    assert due(starts, meter, after_us=starts[5]) == []


def test_a_recorded_recharge_is_not_due_again() -> None:
    meter = Meter(pack=PACK, recharge=Recharge(below=250))
    purchases = due(minutes(40), meter)
    assert len(purchases) == 3
    assert due(minutes(40), meter, facts=CycleFacts(purchases=purchases)) == []


def test_two_thousand_recharges_are_found_in_one_pass() -> None:
    meter = Meter(pack=Pack(sessions=10, price=Decimal(1)), recharge=Recharge(below=5))
    purchases = due(minutes(20_000), meter)
    assert [each.opening_key for each in purchases] == [0, *range(5, 20_000, 10)]


def test_a_limit_far_above_the_pack_buys_with_each_session_and_holds_every_pack() -> None:
    meter = Meter(pack=Pack(sessions=10, price=Decimal(1)), recharge=Recharge(below=10**6))
    purchases = due(minutes(3_000), meter)
    assert [each.opening_key for each in purchases] == list(range(3_000))


def test_packs_lapse_with_the_cycle_never_or_after_elapsed_time() -> None:
    cycle = cycle_with(plan_of(Meter()))
    lapses = {
        text: expiry_of(Pack(sessions=1, price=Decimal(1), lapses=text), cycle, at_us=START_US)
        for text in ("cycle_end", "never", "90d")
    }
    assert lapses == {"cycle_end": cycle.cycle.end_us, "never": None, "90d": START_US + 90 * DAY_US}


def test_recurring_packs_recur_until_removed_and_the_least_number_is_bought_once_a_cycle() -> None:
    meter = Meter(
        pack=Pack(sessions=100, price=Decimal(49), recurring=True, least_per_cycle=2), recharge=Recharge(below=9)
    )
    first, second, third = timeline(cycle_with(plan_of(meter)).terms, START_US + 70 * DAY_US)

    (least,) = packs_due(first, None, facts=CycleFacts())
    assert (least.how, least.packs, least.from_us, least.cycle_start_us) == ("least", 2, START_US, START_US)
    manual = bought(3, at_us=START_US + DAY_US)
    recharged = bought(1, at_us=START_US + DAY_US, how="recharge", opening_key=1)
    facts = CycleFacts(purchases=[least, manual, recharged])
    assert packs_due(first, None, facts=facts) == ()
    (recurring,) = packs_due(second, first, facts=facts)
    assert (recurring.how, recurring.packs, recurring.from_us) == ("recurring", 5, second.cycle.start_us)

    removal = PackRemoval(packs=4, from_us=third.cycle.start_us)
    facts = CycleFacts(purchases=[*facts.purchases, recurring], removals=[removal])
    assert packs_due(second, first, facts=facts) == ()
    assert [(each.how, each.packs) for each in packs_due(third, second, facts=facts)] == [
        ("recurring", 1),
        ("least", 1),
    ]


def test_packs_that_do_not_recur_are_not_bought_again() -> None:
    meter = Meter(pack=PACK)
    first, second = timeline(cycle_with(plan_of(meter)).terms, START_US + 40 * DAY_US)
    assert packs_due(second, first, facts=CycleFacts(purchases=[bought(3, at_us=START_US)])) == ()
