"""(c) The default report on a large ledger, beside `count(DISTINCT)` over its facts.

The peer answers the same questions in the same process, and must get the same numbers.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from bench.figure import Figure, quantile
from bench.fresh import Run, fresh
from bench.importing import ACCOUNT, ledger_file
from bench.ledgers import filled
from bench.traffic import brief, warmed
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.reports.query import RequestedDays, UsageQuery, usage_query
from botmeter.reports.usage import usage_report

LEDGER_EVENTS = 20_000_000
SMALL = 0.1
RUNS = 50
PEER_RUNS = 10
# The first runs read the file's pages and fill the engine's caches.
_WARMUPS = 3

_DISTINCT = {
    "headline": """SELECT count(DISTINCT session_id), count(DISTINCT session_id) FILTER (preview),
        count(DISTINCT conversation_id) {facts}""",
    "trend": "SELECT count(DISTINCT session_id) {facts} GROUP BY started_at // 86400000000 ORDER BY min(started_at)",
    "by_month": """SELECT count(DISTINCT session_id) {facts}
        GROUP BY date_trunc('month', make_timestamp(started_at)) ORDER BY min(started_at)""",
    "by_bot": "SELECT bot_id, count(DISTINCT session_id) {facts} GROUP BY bot_id ORDER BY bot_id",
    "by_channel": "SELECT channel, count(DISTINCT session_id) {facts} GROUP BY channel ORDER BY channel",
}
_FACTS = "FROM participation JOIN touchpoint USING (touchpoint) WHERE started_at >= $start AND started_at < $end"


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    small = _measured(round(LEDGER_EVENTS * scale * SMALL))
    large = _measured(round(LEDGER_EVENTS * scale))
    times_ms, peer_ms = large.answer["times_ms"], large.answer["peer_ms"]
    median_ms, small_ms = quantile(times_ms, 0.5), quantile(small.answer["times_ms"], 0.5)
    count, small_count = large.answer["session_count"], small.answer["session_count"]
    yield Figure(
        subject=f"(c) 30-day report on {count:,} sessions, p95",
        value=quantile(times_ms, 0.95),
        unit="ms",
        promise=50,
        detail=f"{len(times_ms)} runs, median {median_ms:.1f} ms; "
        f"{large.answer['period_count']:,} sessions in the period; load {large.load:.1f}",
    )
    yield Figure(
        subject="(c) count(DISTINCT) over the facts ÷ the report",
        value=quantile(peer_ms, 0.5) / median_ms,
        unit="×",
        promise=10,
        is_least=True,
        detail=f"{quantile(peer_ms, 0.5):.1f} ms to {median_ms:.1f} ms, medians; same numbers",
    )
    yield Figure(
        subject=f"(c) the report on {count:,} sessions ÷ on {small_count:,}",
        value=median_ms / small_ms,
        unit="×",
        promise=1.5,
        detail=f"{median_ms:.1f} ms to {small_ms:.1f} ms, medians",
    )
    whole_ms, whole_peer_ms = large.answer["whole_ms"], large.answer["whole_peer_ms"]
    yield Figure(
        subject="(c) count(DISTINCT) ÷ the report, over the ledger's whole time",
        value=whole_peer_ms / whole_ms,
        unit="×",
        detail=f"{whole_peer_ms:,.0f} ms to {whole_ms:.0f} ms, one run",
    )


def _measured(event_count: int) -> Run:
    folder = filled(brief(event_count))
    warmed(ledger_file(folder))
    return fresh(reported, folder=str(folder))


def reported(folder: str) -> dict[str, Any]:
    """Times in ms of the report and the peer."""
    with Folder.owned(Path(folder), purpose="bench") as owned, owned.reading(ACCOUNT) as ledger:
        account = ledger.account
        facts = ledger.connection.execute("SELECT count(*), max(started_at) FROM session").fetchone()
        session_count, last_us = facts or (0, 0)
        query = usage_query(account, now_us=last_us)
        whole = usage_query(account, now_us=last_us, days=RequestedDays(first_on=account.available_from))
        _checked_equal(ledger, query)
        return {
            "session_count": session_count,
            "period_count": usage_report(ledger, query).sessions_consumed,
            "times_ms": _times_ms(lambda: usage_report(ledger, query), runs=RUNS),
            "peer_ms": _times_ms(lambda: distinct_counts(ledger, query), runs=PEER_RUNS),
            "whole_ms": _times_ms(lambda: usage_report(ledger, whole), runs=1)[0],
            "whole_peer_ms": _times_ms(lambda: distinct_counts(ledger, whole), runs=1)[0],
        }


def distinct_counts(ledger: Ledger, query: UsageQuery) -> dict[str, list[tuple[Any, ...]]]:
    """Headline, trend, months, bots and channels by `count(DISTINCT)`."""
    bounds = {"start": query.period.start_us, "end": query.period.end_us}
    connection = ledger.connection
    return {
        name: connection.execute(statement.format(facts=_FACTS), bounds).fetchall()
        for name, statement in _DISTINCT.items()
    }


def _checked_equal(ledger: Ledger, query: UsageQuery) -> None:
    report, counted = msgspec.to_builtins(usage_report(ledger, query)), distinct_counts(ledger, query)
    ours = {
        "headline": [(report["sessions_consumed"], report["previews"], report["conversations"])],
        "trend": [(day["sessions"],) for day in report["trend"] if day["sessions"]],
        "by_month": [(month["sessions"],) for month in report["by_month"] if month["sessions"]],
        "by_bot": sorted((bot["bot_id"], bot["sessions"]) for bot in report["by_bot"]),
        "by_channel": sorted((channel["channel"], channel["sessions"]) for channel in report["by_channel"]),
    }
    if ours != counted:
        raise RuntimeError(f"The report has {ours}, counting distinct rows gives {counted}.")


def _times_ms(call: Callable[[], object], *, runs: int) -> list[float]:
    times_ms = []
    for _ in range(min(_WARMUPS, runs - 1) + runs):
        started = time.perf_counter()
        call()
        times_ms.append((time.perf_counter() - started) * 1e3)
    return times_ms[-runs:]
