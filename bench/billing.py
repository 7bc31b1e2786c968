"""(n) Admin → Billing of a large account: 24 closed statements, packs that outlive a cycle, and an open cycle.

One reader loads the page of a real server while events arrive, so that no answer is cached.
"""

import http.client
import shutil
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from bench.figure import Figure, quantile
from bench.fresh import botmeter, fresh
from bench.importing import ACCOUNT, ledger_file
from bench.ledgers import copied, filled
from bench.serving import Served, cpu_seconds, served
from bench.traffic import FIRST_ON, brief, warmed
from botmeter.billing.account_facts import account_terms
from botmeter.billing.closing import close_ended
from botmeter.billing.plan import Allowance, Beyond, CycleRule, Meter, Pack, Plan, Recharge
from botmeter.billing.plan_actions import PackOrder, buy_packs
from botmeter.billing.plan_terms import timeline
from botmeter.billing.plan_text import plan_as_json
from botmeter.domain.cost_centre import CostCentreTerm
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, datetime_from_us, now_us
from botmeter.domain.period import day_start_us
from botmeter.ledger.billing.cost_centres import set_cost_centre
from botmeter.ledger.billing.plan_terms import PlanChange, add_plan_term
from botmeter.ledger.folder import Folder

EVENTS: Final = 20_000_000
"""Of brief conversations: ten million sessions, in 25 months."""
DAYS: Final = 760
LOADS: Final = 60
MS_MAX: Final = 150
_FIRST_ON: Final = date.fromisoformat(FIRST_ON)


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    folder = copied(filled(brief(round(EVENTS * scale), days=DAYS)), "billing")
    filling = fresh(billed, folder=str(folder), scale=scale)
    warmed(ledger_file(folder))
    yield from loaded_figures(folder, **filling.answer)
    shutil.rmtree(folder)


def loaded_figures(folder: Path, *, session_count: int, cycle_count: int, last_us: int) -> Iterator[Figure]:
    """Figures of the page, first and with an event before each load."""
    key = botmeter("key", "create", "--account", ACCOUNT, "--scope", "admin", "--data", str(folder)).stdout.strip()
    back = (now_us() - last_us) // MICROSECONDS_PER_SECOND
    with served(folder, seconds_back=back) as server:
        first_ms = _load_ms(server)
        times_ms, cpu_ms = [], []
        for number in range(LOADS):
            _append(server, key, number=number, at_us=last_us)
            started = cpu_seconds(server.process)
            times_ms.append(_load_ms(server))
            cpu_ms.append((cpu_seconds(server.process) - started) * 1e3)
    yield Figure(
        subject=f"(n) the billing page on {session_count:,} sessions, p95",
        value=quantile(times_ms, 0.95),
        unit="ms",
        promise=MS_MAX,
        detail=f"{cycle_count:,} in the open cycle; an event before each of {LOADS} loads; median "
        f"{quantile(times_ms, 0.5):.0f} ms, CPU {sum(cpu_ms) / LOADS:.0f} ms",
    )
    yield Figure(subject="(n) its first load", value=first_ms, unit="ms")


def billed(folder: str, scale: float) -> dict[str, Any]:
    """Set a plan with packs for a year, buy some in each cycle, and close all cycles but the last."""
    plan, first_us = _plan(scale), day_start_us(_FIRST_ON)
    with Folder.owned(Path(folder), purpose="a benchmark") as owned, owned.ledger(ACCOUNT) as ledger:
        row = ledger.connection.execute("SELECT count(*), max(started_at) FROM session").fetchone() or (0, 0)
        last_us = row[1]
        add_plan_term(
            ledger, PlanChange(from_at=first_us, label=plan.label, definition=plan_as_json(plan)), now_us=first_us
        )
        for bot, centre in (("bot-1", "Sales"), ("bot-2", "Service"), ("bot-3", "Service")):
            term = CostCentreTerm(from_on=_FIRST_ON, bot_id=bot, cost_centre=centre)
            set_cost_centre(ledger, term, now_us=last_us)
        cycles = timeline(account_terms(ledger), last_us)
        for each in cycles:
            buy_packs(ledger, PackOrder(packs=round(300 * scale), at_us=each.cycle.start_us), now_us=last_us)
        close_ended(ledger, now_us=last_us)
        start_us = cycles[-1].cycle.start_us
        count = ledger.connection.execute("SELECT count(*) FROM session WHERE started_at >= ?", [start_us]).fetchone()
        return {"session_count": row[0], "cycle_count": count[0] if count else 0, "last_us": last_us}


def _plan(scale: float) -> Plan:
    meter = Meter(
        allowance=Allowance(sessions=round(100_000 * scale)),
        pack=Pack(sessions=1_000, price=Decimal("49.00"), lapses="365d"),
        recharge=Recharge(below=500),
        beyond=Beyond(kind="price", price=Decimal("0.10")),
    )
    return Plan(name="bench", currency="EUR", meters=(meter,), cycle=CycleRule(anchor=_FIRST_ON), fee=Decimal(100))


def _load_ms(server: Served) -> float:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=300)
    started = time.perf_counter()
    path = f"/a/{server.account}/admin/billing"
    connection.request("GET", path, headers={"Cookie": server.cookie, "Accept-Encoding": "gzip"})
    response = connection.getresponse()
    response.read()
    elapsed_ms = (time.perf_counter() - started) * 1e3
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"{path} answered {response.status}")
    return elapsed_ms


def _append(server: Served, key: str, *, number: int, at_us: int) -> None:
    at = f"{datetime_from_us(at_us):%Y-%m-%dT%H:%M:%S}.{number:06}Z"
    event = f'{{"event_id":"live-{number}","occurred_at":"{at}","actor":"customer","conversation_id":"live-{number}",'
    event += f'"customer_id":"live-{number}","bot_id":"bot-1","bot_version":"v1","channel":"web"}}\n'
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
    connection.request("POST", "/api/v1/events", body=event, headers=headers)
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"Appending answered {response.status}: {answer[:300]!r}")
    # Until it is metered.
    time.sleep(0.3)
