"""Plans, cycles and sessions for tests of rating, and random ones."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from botmeter.billing.cycle_facts import CycleFacts, OpeningBalance, OpeningPack, PackPurchase
from botmeter.billing.plan import Allowance, Beyond, CycleRule, Meter, Pack, Plan, Recharge, Tier
from botmeter.billing.plan_terms import AccountCycle, PlanTerm, account_cycle_at
from botmeter.domain.instant import DAY_US, us_from_text

START_US = us_from_text("2026-10-01T00:00:00Z")
ANCHOR = date(2026, 10, 1)


def plan_of(*meters: Meter, every: str = "month", prorate: bool = False, **fixed: Any) -> Plan:
    """Plan of meters, in USD, with cycles from 1 October 2026."""
    rule = CycleRule(every=every, anchor=ANCHOR, prorate=prorate)  # type: ignore[arg-type]
    return Plan(name="example", currency=fixed.pop("currency", "USD"), cycle=rule, meters=meters, **fixed)


def cycle_with(*plans: Plan, changes: Sequence[int] = ()) -> AccountCycle:
    """The cycle from 1 October 2026, under plans that begin with it and at later instants."""
    starts = [START_US, *changes]
    terms = [PlanTerm(plan=plan, from_us=at) for plan, at in zip(plans, starts, strict=True)]
    return account_cycle_at(terms, START_US)


def sessions_at(starts: Sequence[int], *, charge: Sequence[int] = (), preview: Sequence[bool] = ()) -> pa.Table:
    """Sessions by start, as rating reads them."""
    count = len(starts)
    return pa.table(
        {
            "opening_key": pa.array(np.arange(count, dtype=np.uint64)),
            "started_at": pa.array(np.array(starts, np.int64)),
            "charge": pa.array(np.array(charge or [0] * count, np.uint8)),
            "preview": pa.array(np.array(preview or [False] * count, np.bool_)),
        }
    )


def even_sessions(count: int, cycle: AccountCycle) -> pa.Table:
    """Sessions spread evenly over a cycle."""
    start_us, end_us = cycle.cycle.start_us, cycle.cycle.end_us
    return sessions_at([start_us + number * (end_us - start_us) // max(count, 1) for number in range(count)])


def bought(
    packs: int, *, at_us: int, units: int = 100, price: str = "49.00", number: int = 1, **more: Any
) -> PackPurchase:
    """Packs bought by hand."""
    return PackPurchase(
        number=number, packs=packs, pack_units=Decimal(units), pack_price=Decimal(price), from_us=at_us, **more
    )


UNITS = st.integers(1, 12)
AMOUNTS = st.sampled_from([Decimal(text) for text in ("0", "0.005", "0.10", "0.95", "1", "2.5")])
WEIGHTS = st.sampled_from([Decimal(text) for text in ("1", "1", "1", "0.5", "2.5", "3", "7")])


@st.composite
def beyonds(draw: st.DrawFn) -> Beyond:
    kind = draw(st.sampled_from(("stop", "price", "graduated", "volume", "package")))
    if kind == "stop":
        return Beyond()
    cap = draw(st.none() | st.sampled_from([Decimal(text) for text in ("0.01", "1.9", "5", "12.345")]))
    if kind in ("price", "package"):
        size = draw(UNITS) if kind == "package" else None
        return Beyond(kind=kind, price=draw(AMOUNTS), sessions=size, cap=cap)
    bounds = sorted(draw(st.sets(st.integers(1, 20), max_size=3)))
    tiers = tuple(Tier(price=draw(AMOUNTS), flat=draw(AMOUNTS), up_to=bound) for bound in [*bounds, None])
    return Beyond(kind=kind, tiers=tiers, cap=cap)


@st.composite
def meters(draw: st.DrawFn) -> Meter:
    lapses = st.sampled_from(("cycle_end", "never", "20d", "70d"))
    pack = draw(st.none() | st.builds(Pack, sessions=UNITS, price=AMOUNTS, lapses=lapses))
    allowance = st.builds(
        Allowance,
        sessions=UNITS,
        per=st.sampled_from(("cycle", "month", "account")),
        forfeited_on_purchase=st.booleans() if pack else st.just(False),
    )
    recharge = st.builds(Recharge, below=UNITS, packs=st.integers(1, 3), most_per_cycle=st.none() | st.integers(3, 8))
    return Meter(
        weight=draw(WEIGHTS),
        previews=draw(st.sampled_from(("charged", "free"))),
        test=draw(st.sampled_from(("charged", "free"))),
        allowance=draw(st.none() | allowance),
        pack=pack,
        recharge=None if pack is None else draw(st.none() | recharge),
        beyond=draw(beyonds()),
    )


# A grid of 12 hours, so that sessions, purchases and changes fall on one instant.
INSTANTS = st.integers(0, 200).map(lambda half_days: START_US + half_days * DAY_US // 2)


@st.composite
def plan_terms(draw: st.DrawFn) -> list[PlanTerm]:
    every = draw(st.sampled_from(("month", "quarter")))
    first = draw(st.sampled_from((START_US, START_US + 9 * DAY_US)))
    changes = sorted(draw(st.sets(INSTANTS, max_size=3)))
    return [
        PlanTerm(plan=plan_of(draw(meters()), every=every, prorate=draw(st.booleans())), from_us=at)
        for at in [first, *(at for at in changes if at > first)]
    ]


@st.composite
def session_rows(draw: st.DrawFn) -> pa.Table:
    starts = sorted(draw(st.lists(INSTANTS, max_size=60)))
    charge = [draw(st.sampled_from((0, 0, 0, 0, 1, 2))) for _start in starts]
    preview = [draw(st.sampled_from((False, False, True))) for _start in starts]
    return sessions_at(starts, charge=charge, preview=preview)


@st.composite
def account_facts(draw: st.DrawFn) -> CycleFacts:
    purchases = [
        bought(
            draw(st.integers(1, 3)),
            at_us=at,
            units=draw(UNITS),
            number=number,
            expires_us=draw(st.none() | st.integers(1, 80).map(lambda days, at=at: at + days * DAY_US)),
        )
        for number, at in enumerate(draw(st.lists(INSTANTS, max_size=4)), 1)
    ]
    packs = st.lists(
        st.builds(
            lambda left, more, expires: OpeningPack(
                units_left=Decimal(left), pack_units=Decimal(left + more), expires_us=expires
            ),
            st.integers(0, 9),
            st.integers(1, 5),
            st.none() | INSTANTS,
        ),
        max_size=2,
    ).map(tuple)
    used = st.integers(0, 12).map(Decimal)
    opening = draw(st.none() | st.builds(OpeningBalance, as_of_us=INSTANTS, allowance_used=used, packs=packs))
    return CycleFacts(purchases=purchases, openings=[] if opening is None else [opening])
