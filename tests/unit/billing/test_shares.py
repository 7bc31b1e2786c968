"""Shares of a cycle's cost by a name of its sessions."""

from decimal import Decimal

import numpy as np
import pyarrow as pa

from botmeter.billing.cycle_facts import CycleFacts
from botmeter.billing.plan import Beyond, Meter, Pack, Tier
from botmeter.billing.plan_terms import timeline
from botmeter.billing.rating import rate_cycle
from botmeter.billing.shares import Shares, renumbered, shares_of
from botmeter.domain.instant import DAY_US
from support.rating_cases import START_US, bought, cycle_with, plan_of, sessions_at


def amounts(shares: Shares) -> dict[str, str]:
    named = {each.name or "none": str(each.amount) for each in shares.by_name}
    return named | {each.kind: str(each.amount) for each in shares.unattributed if each.amount}


def test_packs_bought_and_not_used_and_the_fee_and_tax_are_shares_of_their_own() -> None:
    cycle = cycle_with(plan_of(Meter(), fee=Decimal(10), minimum=Decimal(200), tax_rate=Decimal("0.10")))
    facts = CycleFacts(purchases=[bought(3, at_us=START_US)])
    rated, _ = rate_cycle(cycle, [sessions_at([START_US + number for number in range(150)])], facts=facts)
    shares = shares_of(rated, [pa.array(["orders"] * 100 + [None] * 50, pa.string())])

    assert amounts(shares) == {
        "orders": "49.00",
        "none": "24.50",
        "fee": "10.00",
        "minimum": "43.00",
        "unused_packs": "73.50",
        "tax": "20.00",
    }
    assert [each.sessions for each in shares.by_name] == [100, 50]


def test_shares_differ_by_the_last_unit_at_most_and_add_up() -> None:
    cycle = cycle_with(plan_of(Meter(beyond=Beyond(kind="price", price=Decimal("0.10")))))
    rated, _ = rate_cycle(cycle, [sessions_at([START_US, START_US + 1, START_US + 2])])
    tenth = plan_of(Meter(beyond=Beyond(kind="package", price=Decimal("0.10"), sessions=100)))
    package, _ = rate_cycle(cycle_with(tenth), [sessions_at([START_US, START_US + 1, START_US + 2])])
    names = [pa.chunked_array([["a", "b"], ["c"]])]

    assert amounts(shares_of(rated, names)) == {"a": "0.10", "b": "0.10", "c": "0.10"}
    assert amounts(shares_of(package, names)) == {"a": "0.04", "b": "0.03", "c": "0.03"}


def test_a_session_pays_the_price_of_its_own_tier_and_of_each_unit_that_spills_over() -> None:
    tiers = (Tier(up_to=3, price=Decimal(10)), Tier(price=Decimal(1)))
    meter = Meter(weight=Decimal(2), beyond=Beyond(kind="graduated", tiers=tiers))
    rated, _ = rate_cycle(cycle_with(plan_of(meter)), [sessions_at([START_US, START_US + 1, START_US + 2])])
    shares = shares_of(rated, [pa.array(["a", "b", "c"])])
    assert amounts(shares) == {"a": "20.00", "b": "11.00", "c": "2.00"}


def test_a_pack_carried_into_the_cycle_was_paid_before_and_costs_its_users_nothing_now() -> None:
    cycle = cycle_with(plan_of(Meter(pack=Pack(sessions=100, price=Decimal(49), lapses="never"))))
    first, second = timeline(cycle.terms, START_US + 40 * DAY_US)
    start_us = second.cycle.start_us
    facts = CycleFacts(purchases=[bought(1, at_us=START_US), bought(1, at_us=start_us, number=2)])
    _, carried = rate_cycle(first, [], facts=facts)
    sessions = sessions_at([start_us + number for number in range(150)])
    rated, _ = rate_cycle(second, [sessions], facts=facts, carried=carried)
    shares = shares_of(rated, [pa.array(["a"] * 100 + ["b"] * 50)])
    assert amounts(shares) == {"a": "0.00", "b": "24.50", "unused_packs": "24.50"}


def test_numbers_are_renumbered_alike_whether_counted_or_sorted() -> None:
    few = np.array([7, 0, 7, 3], np.int64)
    for numbers in (few, few << 40, few[:0]):
        distinct, positions = renumbered(numbers)
        assert distinct.tolist() == sorted(set(numbers.tolist()))
        assert distinct[positions].tolist() == numbers.tolist()
