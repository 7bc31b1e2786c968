"""(p) Bots that ask before they reply, on a large account, beside live events and settling.

Two senders on the server's cores: one asks about customers whose session runs, customers of long ago and new ones, the
other sends events of a steady stream. Every hundredth event is late.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from bench.figure import Figure, quantile
from bench.fresh import ROOT, botmeter, fresh
from bench.importing import ACCOUNT, ledger_file
from bench.ledgers import copied, filled
from bench.live_traffic import LiveTraffic
from bench.sending import write_bodies
from bench.serving import served
from bench.traffic import CACHE, FIRST_ON, brief, warmed
from bench.watching import LiveServer, resident_mb, worker_of
from botmeter.billing.plan import Allowance, Beyond, CycleRule, Meter, Plan
from botmeter.billing.plan_text import plan_as_json
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, now_us
from botmeter.domain.period import day_start_us
from botmeter.ledger.billing.budgets import Budget, BudgetUnit, add_budget
from botmeter.ledger.billing.plan_terms import PlanChange, add_plan_term
from botmeter.ledger.folder import Folder

EVENTS: Final = 20_000_000
"""Of brief conversations: ten million sessions, in 25 months."""
DAYS: Final = 760
SECONDS: Final = 60
QUESTIONS_A_SECOND: Final = 200
MS_MAX: Final = 20
BATCHES_A_SECOND: Final = 10
_BATCH_EVENTS: Final = 50
_CONNECTIONS: Final = 16
_SENDERS: Final = 4


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    folder = copied(filled(brief(round(EVENTS * scale), days=DAYS)), "entitlement")
    facts = fresh(planned, folder=str(folder)).answer
    warmed(ledger_file(folder))
    key = botmeter("key", "create", "--account", ACCOUNT, "--scope", "admin", "--data", str(folder)).stdout.strip()
    back = (now_us() - facts["last_us"]) // MICROSECONDS_PER_SECOND
    with served(folder, seconds_back=back) as server:
        live = LiveServer(folder=folder, server=server, key=key)
        first_ms = _first_answer_ms(live)
        seconds = max(15, round(SECONDS * scale))
        results = _asked_beside_events(live, customers=facts["customers"], back=back, seconds=seconds)
        memory_mb = resident_mb(worker_of(server))
    times_ms = results["questions"]["times_ms"]
    events_ms = results["events"]["times_ms"]
    yield Figure(
        subject=f"(p) answers to bots, {QUESTIONS_A_SECOND} a second on {facts['session_count']:,} sessions, p99",
        value=quantile(times_ms, 0.99),
        unit="ms",
        promise=MS_MAX,
        detail=f"{len(times_ms):,} in {seconds} s; median {quantile(times_ms, 0.5):.1f} ms, p95 "
        f"{quantile(times_ms, 0.95):.1f} ms, slowest {max(times_ms):.0f} ms; load {os.getloadavg()[0]:.1f}",
    )
    yield Figure(
        subject=f"(p) meanwhile {BATCHES_A_SECOND * _BATCH_EVENTS} events a second, p99 of their answers",
        value=quantile(events_ms, 0.99),
        unit="ms",
        detail=f"median {quantile(events_ms, 0.5):.0f} ms; server {memory_mb:.0f} MB",
    )
    yield Figure(subject="(p) first answer, for which running sessions are read", value=first_ms, unit="ms")
    shutil.rmtree(folder)


def planned(folder: str) -> dict[str, Any]:
    """Set a plan and a brake; return what the questions need."""
    meter = Meter(allowance=Allowance(sessions=100_000), beyond=Beyond(kind="price", price=Decimal("0.10")))
    first_on = date.fromisoformat(FIRST_ON)
    plan = Plan(name="bench", currency="EUR", meters=(meter,), cycle=CycleRule(anchor=first_on))
    first_us = day_start_us(first_on)
    with Folder.owned(Path(folder), purpose="a benchmark") as owned, owned.ledger(ACCOUNT) as ledger:
        row = ledger.connection.execute("SELECT count(*), max(started_at) FROM session").fetchone() or (0, 0)
        change = PlanChange(from_at=first_us, label=plan.label, definition=plan_as_json(plan))
        add_plan_term(ledger, change, now_us=first_us)
        brake = Budget(unit=BudgetUnit.SESSIONS, amount=Decimal(10_000_000), is_brake=True)
        add_budget(ledger, brake, now_us=first_us)
        running = ledger.connection.execute(
            "SELECT customer_id FROM session WHERE ended_at > ? LIMIT 20000", [row[1]]
        ).fetchall()
    return {"session_count": row[0], "last_us": row[1], "customers": [customer for (customer,) in running]}


def _first_answer_ms(live: LiveServer) -> float:
    started = time.perf_counter()
    while True:
        results = _asked(_plan(live, "GET", connections=1, a_second=0), bodies=[_path("first", 0)], name="first")
        if results["statuses"] == {"200": 1}:
            return (time.perf_counter() - started) * 1e3


def _asked_beside_events(
    live: LiveServer, *, customers: list[str], back: int, seconds: int
) -> dict[str, dict[str, Any]]:
    dice = random.Random(7)
    kinds = (
        lambda: dice.choice(customers),
        lambda: f"cus-{dice.randrange(20_000)}",
        lambda: f"customer-{dice.randrange(400_000):08}",
        lambda: f"new-{dice.random()}",
    )
    questions = [_path(dice.choice(kinds)(), number) for number in range(QUESTIONS_A_SECOND * seconds)]
    batches = LiveTraffic(
        first_us=time.time_ns() // 1_000 - back * MICROSECONDS_PER_SECOND,
        batch_count=BATCHES_A_SECOND * seconds,
        batch_events=_BATCH_EVENTS,
        apart_us=MICROSECONDS_PER_SECOND // (BATCHES_A_SECOND * _BATCH_EVENTS),
    )
    events = _plan(live, "POST", connections=_SENDERS, a_second=BATCHES_A_SECOND)
    asking = _plan(live, "GET", connections=_CONNECTIONS, a_second=QUESTIONS_A_SECOND)
    bodies = batches.batches()
    # The first commit reads the keys of all events, once after a start.
    _answer(_begun(events, bodies=[next(bodies)], name="events"))
    sender = _begun(events, bodies=bodies, name="events")
    results = {"questions": _asked(asking, bodies=questions, name="questions"), "events": _answer(sender)}
    for name, result in results.items():
        if set(result["statuses"]) != {"200"}:
            raise RuntimeError(f"Some {name} failed: {result['statuses']}.")
    return results


def _path(customer: str, number: int) -> bytes:
    query = f"customer={customer}&bot=orders&channel=web&conversation=con-{number}"
    return f"/api/v1/accounts/{ACCOUNT}/entitlement?{query}".encode()


def _plan(live: LiveServer, method: str, *, connections: int, a_second: float) -> dict[str, Any]:
    return {
        "method": method,
        "port": live.server.port,
        "path": "/api/v1/events",
        "headers": {**live.bearer, "Content-Type": "application/x-ndjson"},
        "connections": connections,
        "a_second": a_second,
    }


def _asked(plan: dict[str, Any], *, bodies: Any, name: str) -> dict[str, Any]:
    return _answer(_begun(plan, bodies=bodies, name=name))


def _begun(plan: dict[str, Any], *, bodies: Any, name: str) -> "subprocess.Popen[str]":
    file = CACHE / f"entitlement-{name}"
    write_bodies(file, bodies)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.sending"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    if process.stdin is None:
        raise RuntimeError("The sender can't be told what to send.")
    process.stdin.write(json.dumps({"file": str(file), **plan}) + "\n")
    process.stdin.close()
    return process


def _answer(process: "subprocess.Popen[str]") -> dict[str, Any]:
    if process.stdout is None:
        raise RuntimeError("The sender has no answer.")
    answer: dict[str, Any] = json.loads(process.stdout.read().splitlines()[-1])
    process.wait()
    return answer
