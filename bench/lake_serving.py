"""(q) Answers from a compacted lake, beside those of a ledger of the same events, in turns in one process."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.figure import Figure, quantile
from bench.fresh import botmeter, fresh
from bench.importing import ACCOUNT, ledger_file
from bench.ledgers import filled
from bench.traffic import CACHE, brief, warmed
from botmeter.domain.instant import DAY_US, now_us
from botmeter.lake.serving import reading_newest
from botmeter.ledger.folder import Folder
from botmeter.reports.explain import explain
from botmeter.reports.overview import overview
from botmeter.reports.query import usage_query
from botmeter.reports.row_options import RowOptions
from botmeter.reports.row_pages import row_page
from botmeter.reports.usage import usage_report

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

LEDGER_EVENTS = 20_000_000
RUNS = 50
# The first runs read footers, fill the engine's caches, and load the kernel.
_WARMUPS = 3
_SCRATCH = CACHE / "lake-serving"
_SLOWEST_MS = {"overview": 150, "rows": 150, "explain": 150}

Answer = Callable[["ReadableLedger"], object]


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    traffic = brief(round(LEDGER_EVENTS * scale))
    ledger = filled(traffic)
    lake = _compacted(traffic.parquet())
    warmed(ledger_file(ledger))
    for file in lake.rglob("*.parquet"):
        warmed(file)
    answer = fresh(answered, ledger_folder=str(ledger), lake_folder=str(_SCRATCH / "data")).answer
    count, lake_ms, ledger_ms = answer["session_count"], answer["lake_ms"], answer["ledger_ms"]
    median = {name: quantile(times_ms, 0.5) for name, times_ms in lake_ms.items()}
    beside = {name: quantile(times_ms, 0.5) for name, times_ms in ledger_ms.items()}
    yield Figure(
        subject=f"(q) 30-day report from a lake of {count:,} sessions, p95",
        value=quantile(lake_ms["report"], 0.95),
        unit="ms",
        promise=50,
        detail=f"{RUNS} runs, median {median['report']:.1f} ms",
    )
    yield Figure(
        subject="(q) that report ÷ the ledger's",
        value=median["report"] / beside["report"],
        unit="×",
        promise=5,
        detail=f"{median['report']:.1f} ms to {beside['report']:.1f} ms, medians",
    )
    for name, slowest_ms in _SLOWEST_MS.items():
        yield Figure(
            subject=f"(q) {name} from that lake, median",
            value=median[name],
            unit="ms",
            promise=slowest_ms,
            detail=f"p95 {quantile(lake_ms[name], 0.95):.0f} ms; ledger {beside[name]:.1f} ms",
        )
    shutil.rmtree(_SCRATCH)


def _compacted(events: Path) -> Path:
    shutil.rmtree(_SCRATCH, ignore_errors=True)
    lake = _SCRATCH / "lake"
    botmeter("lake", "run", str(events), "--lake", str(lake), "--account", ACCOUNT)
    botmeter("lake", "compact", "--lake", str(lake))
    botmeter("account", "create", ACCOUNT, "--lake", str(lake), "--data", str(_SCRATCH / "data"))
    return lake


def answered(ledger_folder: str, lake_folder: str) -> dict[str, Any]:
    """Times in ms of each answer from the ledger and from the lake, which must be the same."""
    with ExitStack() as stack:
        owned = stack.enter_context(Folder.owned(Path(ledger_folder), purpose="bench"))
        served = stack.enter_context(Folder.owned(Path(lake_folder), purpose="bench"))
        ledger = stack.enter_context(owned.reading(ACCOUNT))
        lake = stack.enter_context(reading_newest(served, ACCOUNT, now_us=now_us()))
        count, last_us = _facts(ledger, "SELECT count(*), max(started_at) FROM session")
        values = {"before": last_us - 10 * DAY_US}
        (session_id,) = _facts(
            ledger,
            "SELECT session_id::VARCHAR FROM session WHERE started_at < $before ORDER BY started_at DESC LIMIT 1",
            values=values,
        )
        answers = _answers(ledger, last_us=last_us, session_id=session_id)
        for name in ("report", "rows"):
            if answers[name](ledger) != answers[name](lake):
                raise RuntimeError(f"The {name} of the lake differs from the ledger's.")
        times = {name: _times_ms(ask, ledger=ledger, lake=lake) for name, ask in answers.items()}
        return {
            "session_count": count,
            "ledger_ms": {name: pair[0] for name, pair in times.items()},
            "lake_ms": {name: pair[1] for name, pair in times.items()},
        }


def _answers(ledger: "ReadableLedger", *, last_us: int, session_id: str) -> dict[str, Answer]:
    query = usage_query(ledger.account, now_us=last_us)
    return {
        "report": lambda account: usage_report(account, query),
        "overview": lambda account: overview(account, query, compared=None),
        "rows": lambda account: row_page(account, query, options=RowOptions()),
        "explain": lambda account: explain(account, session_id, now_us=last_us),
    }


def _times_ms(ask: Answer, *, ledger: "ReadableLedger", lake: "ReadableLedger") -> tuple[list[float], list[float]]:
    ledger_ms: list[float] = []
    lake_ms: list[float] = []
    for _ in range(_WARMUPS + RUNS):
        for account, times_ms in ((ledger, ledger_ms), (lake, lake_ms)):
            started = time.perf_counter()
            ask(account)
            times_ms.append((time.perf_counter() - started) * 1e3)
    return ledger_ms[_WARMUPS:], lake_ms[_WARMUPS:]


def _facts(ledger: "ReadableLedger", statement: str, *, values: dict[str, int] | None = None) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = ledger.connection.execute(statement, values).fetchone()
    if row is None:
        raise RuntimeError("The ledger has no session.")
    return row
