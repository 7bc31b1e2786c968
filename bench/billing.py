"""(n) Admin → Billing of a large account: 24 closed statements, packs that outlive a cycle, and an open cycle.

One reader loads the page of a real server, after events that were metered, so that no answer is cached.
"""

import http.client
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench.figure import Figure, quantile
from bench.fresh import botmeter, fresh
from bench.importing import ACCOUNT, ledger_file
from bench.ledgers import copied, filled
from bench.serving import Served, cpu_seconds, metered, served
from bench.traffic import FIRST_ON, brief, warmed
from botmeter.billing.account_facts import account_terms
from botmeter.billing.closing import close_ended
from botmeter.billing.plan import Allowance, Beyond, CycleRule, Meter, Pack, Plan, Recharge
from botmeter.billing.plan_actions import PackOrder, buy_packs
from botmeter.billing.plan_terms import timeline
from botmeter.billing.plan_text import plan_as_json
from botmeter.domain.cost_centre import CostCentreTerm
from botmeter.domain.instant import DAY_US, MICROSECONDS_PER_SECOND, datetime_from_us, now_us
from botmeter.domain.period import day_of_us, day_start_us
from botmeter.ledger.billing.cost_centres import set_cost_centre
from botmeter.ledger.billing.plan_terms import PlanChange, add_plan_term
from botmeter.ledger.folder import Folder

EVENTS: Final = 20_000_000
"""Of brief conversations: ten million sessions, in 25 months."""
DAYS: Final = 760
LOADS: Final = 60
MS_MAX: Final = 150
FIRST_MS_MAX: Final = 1_000
PAGE: Final = "admin/billing"
_BUDGETS: Final[tuple[dict[str, object], ...]] = (
    {"amount": "50000"},
    {"amount": "200000", "scope": "bot", "name": "bot-1", "unit": "sessions", "per": "month"},
    {"amount": "9000", "scope": "channel", "name": "web"},
)
_FIRST_ON: Final = date.fromisoformat(FIRST_ON)


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    folder = copied(filled(brief(round(EVENTS * scale), days=DAYS)), "billing")
    filling = fresh(billed, folder=str(folder), scale=scale)
    warmed(ledger_file(folder))
    yield from loaded_figures(folder, **filling.answer)
    shutil.rmtree(folder)


def loaded_figures(
    folder: Path, *, session_count: int, cycle_count: int, cycle_start_us: int, last_us: int
) -> Iterator[Figure]:
    """Figures of the page: first, after each event, after events of the cycle before, and with nothing new."""
    key = botmeter("key", "create", "--account", ACCOUNT, "--scope", "admin", "--data", str(folder)).stdout.strip()
    back = (now_us() - last_us) // MICROSECONDS_PER_SECOND
    with served(folder, seconds_back=back) as server:
        first_ms = _load_ms(server)
        new = _loads(server, key, at_us=last_us, prefix="new")
        late = _loads(server, key, at_us=cycle_start_us - DAY_US, prefix="late")
        same = _Loads.of(server, [lambda: None] * LOADS)
        _set_budgets(server, key)
        budgets = _loads(server, key, at_us=last_us, prefix="budgets", path="admin/billing/budgets")
        _void_one(server, key, on=day_of_us(last_us))
        days = f"from={day_of_us(cycle_start_us)}&to={day_of_us(last_us)}"
        charges = {
            charge: _loads(
                server,
                key,
                at_us=last_us,
                prefix=charge,
                path=f"admin/billing/session-usage-reports/rows?{days}&grain=session&charge={charge}",
            )
            for charge in ("charged", "not_charged")
        }
    yield new.figure(
        f"(n) the billing page on {session_count:,} sessions, after an event, p95",
        detail=f"{cycle_count:,} in the open cycle; {LOADS} loads",
        promise=MS_MAX,
    )
    yield late.figure("(n) after an event of the cycle before, p95", detail="it is closed")
    yield same.figure("(n) with nothing new, p95", detail=f"{LOADS} loads", promise=MS_MAX)
    yield budgets.figure(f"(n) the page of {len(_BUDGETS)} budgets, after an event, p95", detail="uses and days")
    for charge, loads in charges.items():
        yield loads.figure(f"(n) sessions of the open cycle by charge={charge}, p95", detail="a page of rows")
    yield Figure(subject="(n) the first one after a start", value=first_ms, unit="ms", promise=FIRST_MS_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loads:
    """Times of loads, and the server's processor time for them."""

    times_ms: tuple[float, ...]
    cpu_ms: float

    @classmethod
    def of(cls, server: Served, changes: Sequence[Callable[[], None]], *, path: str = PAGE) -> "_Loads":
        times_ms, cpu_ms = [], 0.0
        for change in changes:
            change()
            started = cpu_seconds(server.process)
            times_ms.append(_load_ms(server, path))
            cpu_ms += (cpu_seconds(server.process) - started) * 1e3
        return cls(times_ms=tuple(times_ms), cpu_ms=cpu_ms / len(times_ms))

    def figure(self, subject: str, *, detail: str, promise: float | None = None) -> Figure:
        detail += f"; median {quantile(self.times_ms, 0.5):.0f} ms, CPU {self.cpu_ms:.0f} ms"
        return Figure(subject=subject, value=quantile(self.times_ms, 0.95), unit="ms", promise=promise, detail=detail)


def _loads(server: Served, key: str, *, at_us: int, prefix: str, path: str = PAGE) -> _Loads:
    return _Loads.of(
        server,
        [partial(_append, server, key, event_id=f"{prefix}-{number}", at_us=at_us + number) for number in range(LOADS)],
        path=path,
    )


def _set_budgets(server: Served, key: str) -> None:
    for budget in _BUDGETS:
        _asked(server, key, path="budgets/add", body=budget)


def _void_one(server: Served, key: str, *, on: date) -> None:
    session = _asked(server, key, path=f"sessions?from={on}&to={on}&grain=session&limit=1")["items"][0]
    _asked(
        server,
        key,
        path="corrections/add",
        body={"session_id": session["session_id"], "kind": "void", "reason": "a test"},
    )


def _asked(server: Served, key: str, *, path: str, body: dict[str, object] | None = None) -> dict[str, Any]:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=300)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    method = "GET" if body is None else "POST"
    connection.request(method, f"/api/v1/accounts/{server.account}/{path}", body=json.dumps(body), headers=headers)
    response = connection.getresponse()
    answer: dict[str, Any] = json.loads(response.read())
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"{path} answered {response.status}: {answer}")
    return answer


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
        return {
            "session_count": row[0],
            "cycle_count": count[0] if count else 0,
            "cycle_start_us": start_us,
            "last_us": last_us,
        }


def _plan(scale: float) -> Plan:
    meter = Meter(
        allowance=Allowance(sessions=round(100_000 * scale)),
        pack=Pack(sessions=1_000, price=Decimal("49.00"), lapses="365d"),
        recharge=Recharge(below=500),
        beyond=Beyond(kind="price", price=Decimal("0.10")),
    )
    return Plan(name="bench", currency="EUR", meters=(meter,), cycle=CycleRule(anchor=_FIRST_ON), fee=Decimal(100))


def _load_ms(server: Served, path: str = PAGE) -> float:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=300)
    started = time.perf_counter()
    connection.request(
        "GET", f"/a/{server.account}/{path}", headers={"Cookie": server.cookie, "Accept-Encoding": "gzip"}
    )
    response = connection.getresponse()
    response.read()
    elapsed_ms = (time.perf_counter() - started) * 1e3
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"{path} answered {response.status}")
    return elapsed_ms


def _append(server: Served, key: str, *, event_id: str, at_us: int) -> None:
    at = f"{datetime_from_us(at_us):%Y-%m-%dT%H:%M:%S.%fZ}"
    event = f'{{"event_id":"{event_id}","occurred_at":"{at}","actor":"customer","conversation_id":"{event_id}",'
    event += f'"customer_id":"{event_id}","bot_id":"bot-1","bot_version":"v1","channel":"web"}}\n'
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
    connection.request("POST", "/api/v1/events", body=event, headers=headers)
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"Appending answered {response.status}: {answer[:300]!r}")
    metered(server)
