"""(m) A cycle of a million sessions closed, beside metering them.

Closing reads the sessions, rates them, hashes and stores their list, and writes the statement. Metering is the meter
alone.
"""

import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from bench.figure import Figure
from bench.fresh import Run, fresh
from bench.importing import ACCOUNT
from bench.ledgers import copied, filled
from bench.metering import metered
from bench.traffic import FIRST_ON, brief, warmed
from botmeter.billing.closing import close_ended
from botmeter.billing.plan import Allowance, Beyond, CycleRule, Meter, Pack, Plan
from botmeter.billing.plan_text import plan_as_json
from botmeter.domain.instant import now_us
from botmeter.domain.period import day_start_us
from botmeter.ledger.billing.closed_statements import statement_sessions
from botmeter.ledger.billing.plan_terms import PlanChange, add_plan_term
from botmeter.ledger.folder import Folder

EVENTS: Final = 2_400_000
"""Of brief conversations: a million sessions."""
SECONDS_MAX: Final = 10


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    traffic = brief(round(EVENTS * scale), days=365)
    folder = copied(filled(traffic), "closing")
    closing = fresh(closed, folder=str(folder))
    meter = fresh(metered, path=str(warmed(traffic.parquet())))
    count = closing.answer["session_count"]
    yield Figure(
        subject=f"(m) closing a cycle of {count:,} sessions ÷ metering them",
        value=closing.answer["seconds"] / meter.answer["seconds"],
        unit="×",
        promise=1,
        detail=f"{_cost(closing)} to {_cost(meter)}; load {closing.load:.1f}",
    )
    yield Figure(subject="(m) its time", value=closing.answer["seconds"], unit="s", promise=SECONDS_MAX)


def closed(folder: str) -> dict[str, Any]:
    """Close the only cycle, of a year, whose plan has an allowance, a pack and a price."""
    meter = Meter(
        allowance=Allowance(sessions=100_000),
        pack=Pack(sessions=1_000, price=Decimal("49.00")),
        beyond=Beyond(kind="price", price=Decimal("0.10")),
    )
    first_on = date.fromisoformat(str(FIRST_ON))
    plan = Plan(name="bench", currency="EUR", meters=(meter,), cycle=CycleRule(every="year", anchor=first_on))
    from_us = day_start_us(first_on)
    with Folder.owned(Path(folder), purpose="a benchmark") as owned, owned.ledger(ACCOUNT) as ledger:
        change = PlanChange(from_at=from_us, label=plan.label, definition=plan_as_json(plan))
        add_plan_term(ledger, change, now_us=from_us)
        started = time.perf_counter()
        close_ended(ledger, now_us=now_us())
        seconds = time.perf_counter() - started
        return {"seconds": seconds, "session_count": statement_sessions(ledger, 1).num_rows}


def _cost(run: Run) -> str:
    return f"{run.answer['seconds']:.2f} s (CPU {run.cpu_seconds:.1f}, {run.peak_mb / 1e3:.1f} GB)"
