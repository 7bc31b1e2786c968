"""(l) A million sessions rated in one cycle, under plans that change their funding seldom and often."""

import time
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa

from bench.figure import Figure
from bench.fresh import Run, fresh
from botmeter.billing.cycle_facts import NO_FACTS, CycleFacts, PackPurchase
from botmeter.billing.plan import Allowance, Beyond, CycleRule, Meter, Pack, Plan, Recharge, Tier
from botmeter.billing.plan_terms import AccountCycle, PlanTerm, account_cycle_at
from botmeter.billing.rated import NOTHING_CARRIED
from botmeter.billing.rating import rate_cycle
from botmeter.billing.recharge import recharges_due
from botmeter.billing.shares import shares_of
from botmeter.domain.instant import us_from_text

SESSIONS: Final = 1_000_000
RATE_LEAST: Final = 1.0
START_US: Final = us_from_text("2026-10-01T00:00:00Z")
PACK: Final = Pack(sessions=100, price=Decimal("49.00"))
TIERS: Final = (Tier(up_to=1_000, price=Decimal(1)), Tier(price=Decimal("0.50")))
PRICED: Final = Meter(allowance=Allowance(sessions=500), pack=PACK, beyond=Beyond(kind="graduated", tiers=TIERS))


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    count = round(SESSIONS * scale)
    for function, name in ((few_changes, "an allowance, then tiers"), (many_changes, "a pack bought every 100")):
        run = fresh(function, count=count)
        yield _rate(run, f"(l) {count:,} sessions rated: {name}", promise=RATE_LEAST)
    yield _rate(fresh(shared, count=count), f"(l) {count:,} sessions: cost by 50 bots")
    run = fresh(recharged, count=count)
    yield _rate(run, f"(l) {count:,} sessions: {run.answer['purchases']:,} recharges found")


def _rate(run: Run, subject: str, *, promise: float | None = None) -> Figure:
    return Figure(
        subject=subject,
        value=run.answer["count"] / run.answer["seconds"] / 1e6,
        unit="M/s",
        promise=promise,
        is_least=True,
        detail=f"{run.answer['seconds']:.3f} s; {run.peak_mb:.0f} MB; load {run.load:.1f}",
    )


def few_changes(count: int) -> dict[str, Any]:
    """Rate sessions whose funding changes three times."""
    return _rated(count, NO_FACTS)


def many_changes(count: int) -> dict[str, Any]:
    """Rate sessions that use a new purchase every hundred."""
    return _rated(count, _purchases(count))


def _rated(count: int, facts: CycleFacts) -> dict[str, Any]:
    cycle, sessions = _cycle(PRICED), _sessions(count)
    # The first call loads code.
    rate_cycle(cycle, [sessions.slice(0, 1_000)], facts=facts)
    return _timed(lambda: rate_cycle(cycle, [sessions], facts=facts), count=count)


def shared(count: int) -> dict[str, Any]:
    """Divide the cost by bots."""
    rated, _carried = rate_cycle(_cycle(PRICED), [_sessions(count)], facts=_purchases(count))
    bots = pa.DictionaryArray.from_arrays(
        pa.array(np.arange(count, dtype=np.int32) % 50), pa.array([f"bot {number}" for number in range(50)])
    )
    return _timed(lambda: shares_of(rated, [bots]), count=count)


def recharged(count: int) -> dict[str, Any]:
    """Find the recharges of all sessions."""
    cycle, sessions = _cycle(Meter(pack=PACK, recharge=Recharge(below=500))), _sessions(count)
    due: list[PackPurchase] = []

    def find() -> None:
        due.extend(recharges_due(cycle, [sessions], facts=NO_FACTS, carried=NOTHING_CARRIED))

    return {**_timed(find, count=count), "purchases": len(due)}


def _timed(work: Callable[[], object], *, count: int) -> dict[str, Any]:
    began = time.perf_counter()
    work()
    return {"seconds": time.perf_counter() - began, "count": count}


def _cycle(meter: Meter) -> AccountCycle:
    plan = Plan(name="measured", currency="USD", cycle=CycleRule(anchor=date(2026, 10, 1)), meters=(meter,))
    return account_cycle_at([PlanTerm(plan=plan, from_us=START_US)], START_US)


def _starts(count: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    end_us = us_from_text("2026-11-01T00:00:00Z")
    return START_US + np.arange(count, dtype=np.int64) * ((end_us - START_US) // count)


def _sessions(count: int) -> pa.Table:
    return pa.table(
        {
            "opening_key": pa.array(np.arange(count, dtype=np.uint64)),
            "started_at": pa.array(_starts(count)),
            "charge": pa.array((np.arange(count) % 100 == 0).astype(np.uint8)),
            "preview": pa.array(np.arange(count) % 50 == 0),
        }
    )


def _purchases(count: int) -> CycleFacts:
    return CycleFacts(
        purchases=[
            PackPurchase(number=number, packs=1, pack_units=Decimal(100), pack_price=PACK.price, from_us=int(at_us))
            for number, at_us in enumerate(_starts(count)[::100], 1)
        ]
    )
