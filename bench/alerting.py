"""(o) Alerts of a large account: from the answer to an event until its notification is put, beside live traffic.

Five alerts watch the account; each trial's event opens the session that crosses the next level of one of them.
"""

import http.client
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from bench.billing import DAYS, EVENTS, billed
from bench.figure import Figure, quantile
from bench.fresh import botmeter, fresh
from bench.importing import ACCOUNT, ledger_file
from bench.ledgers import copied, filled
from bench.serving import Served, cpu_seconds, served
from bench.traffic import brief, warmed
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, datetime_from_us, now_us
from botmeter.ledger.folder import Folder

TRIALS: Final = 20
SECONDS_MAX: Final = 5
BESIDE_A_SECOND: Final = 100
"""Events of other customers, in one request each second."""
_BOT: Final = "alerting-bot"
_POLL_SECONDS: Final = 0.01
_GIVE_UP_SECONDS: Final = 60


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    folder = copied(filled(brief(round(EVENTS * scale), days=DAYS)), "alerting")
    filling = fresh(billed, folder=str(folder), scale=scale).answer
    fresh(watched, folder=str(folder))
    warmed(ledger_file(folder))
    key = botmeter("key", "create", "--account", ACCOUNT, "--scope", "admin", "--data", str(folder)).stdout.strip()
    back = (now_us() - filling["last_us"]) // MICROSECONDS_PER_SECOND
    with served(folder, seconds_back=back) as server, _traffic(server, key, back=back):
        _crossed(server, key, folder=folder, trial=0, back=back)
        started, began = cpu_seconds(server.process), time.perf_counter()
        seconds = [_crossed(server, key, folder=folder, trial=trial, back=back) for trial in range(1, TRIALS)]
        busy = (cpu_seconds(server.process) - started) / (time.perf_counter() - began)
    detail = f"{filling['cycle_count']:,} in the open cycle; {BESIDE_A_SECOND} events a second beside"
    yield Figure(
        subject=f"(o) an alert on {filling['session_count']:,} sessions, after the event that crosses it, most",
        value=max(seconds),
        unit="s",
        promise=SECONDS_MAX,
        detail=f"{detail}; median {quantile(seconds, 0.5):.1f} s; server {busy:.2f} of a core",
    )
    shutil.rmtree(folder)


def watched(folder: str) -> dict[str, Any]:
    """Add a budget and five alerts, one with a level for each session of a bot."""
    from botmeter.ledger.billing.budgets import Budget, BudgetScope, add_budget
    from botmeter.server.start import prepare

    with Folder.owned(Path(folder), purpose="a benchmark") as owned, owned.ledger(ACCOUNT) as ledger:
        add_budget(ledger, Budget(amount=Decimal(10) ** 6), now_us=now_us())
    prepare(Path(folder), url="http://127.0.0.1", host="127.0.0.1")
    from botmeter.billing.alerts.alert import Alert, AlertKind, Target
    from botmeter.people.notifications.alert_rules import AlertDraft, add_rule

    levels = tuple(Decimal(level) for level in range(1, TRIALS + 1))
    alerts = (
        Alert(kind=AlertKind.SESSIONS, levels=levels, scope=BudgetScope.BOT, name=_BOT),
        Alert(kind=AlertKind.USAGE, levels=(Decimal(9_000),)),
        Alert(kind=AlertKind.BUDGET, levels=(Decimal(100),)),
        Alert(kind=AlertKind.FORECAST, levels=(Decimal(100),), target=Target.BUDGETS),
        Alert(kind=AlertKind.SPIKE, levels=(Decimal(900),)),
    )
    for number, alert in enumerate(alerts):
        draft = AlertDraft(name=alert.kind.value, alert=alert, recipients=({"email": "ada@example.org"},))
        add_rule(ACCOUNT, draft, form_token=f"{number}", by=None)
    return {}


def _crossed(server: Served, key: str, *, folder: Path, trial: int, back: int) -> float:
    name = f"crossing-{trial}"
    _post(server, key, body=_event(name, _BOT, at_us=now_us() - back * MICROSECONDS_PER_SECOND))
    answered = time.perf_counter()
    pause = threading.Event()
    while time.perf_counter() < answered + _GIVE_UP_SECONDS:
        with closing(sqlite3.connect(f"file:{folder / 'people.sqlite3'}?mode=ro", uri=True)) as people:
            if people.execute("SELECT count(*) FROM people_notification").fetchone()[0] > trial:
                return time.perf_counter() - answered
        pause.wait(_POLL_SECONDS)
    raise RuntimeError(f"Session {name} crossed no level within {_GIVE_UP_SECONDS} seconds.")


@contextmanager
def _traffic(server: Served, key: str, *, back: int) -> Iterator[None]:
    end = threading.Event()

    def send() -> None:
        second = 0
        while not end.wait(1):
            at_us = now_us() - back * MICROSECONDS_PER_SECOND
            events = (_event(f"beside-{second}-{n}", "bot-1", at_us=at_us) for n in range(BESIDE_A_SECOND))
            _post(server, key, body="".join(events))
            second += 1

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def _event(name: str, bot: str, *, at_us: int) -> str:
    at = f"{datetime_from_us(at_us):%Y-%m-%dT%H:%M:%S.%fZ}"
    return (
        f'{{"event_id":"{name}","occurred_at":"{at}","actor":"customer","conversation_id":"{name}",'
        f'"customer_id":"{name}","bot_id":"{bot}","bot_version":"v1","channel":"web"}}\n'
    )


def _post(server: Served, key: str, *, body: str) -> None:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
    connection.request("POST", "/api/v1/events", body=body, headers=headers)
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"Appending answered {response.status}: {answer[:300]!r}")
