"""(g) Live events over loopback to a real server, on cores shared with the senders.

Batches of a thousand at a steady rate for two minutes, with duplicates and late events, while people read the report
and a probe measures the delay from an event's answer to its session on the page; single events as webhooks send them;
and batches at full speed, beside a bare loop of inserts into DuckDB.
"""

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.figure import Figure, quantile
from bench.fresh import ROOT, botmeter, fresh
from bench.importing import ACCOUNT
from bench.live_traffic import LiveTraffic
from bench.sending import bodies_from, write_bodies
from bench.serving import metered, served
from bench.traffic import CACHE
from bench.watching import LEDGER_MEMORY, LiveServer, Watch

SECONDS = 120
EVENTS_A_SECOND = 41_000
"""A little more than is promised, so that what is reached is not the pace that was set."""
BATCH_EVENTS = 1_000
WEBHOOKS_A_SECOND = 500
WEBHOOK_SECONDS = 60
FLAT_OUT_BATCHES = 500
_SENDERS = 8
_WEBHOOK_SENDERS = 50
_NDJSON = {"Content-Type": "application/x-ndjson"}


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    scratch = CACHE / "live"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    seconds = max(10, round(SECONDS * scale))
    yield from _steady_figures(scratch, seconds=seconds)
    yield from _webhook_figures(scratch, seconds=max(10, round(WEBHOOK_SECONDS * scale)))
    yield from _flat_out_figures(scratch, batch_count=max(50, round(FLAT_OUT_BATCHES * scale)))
    shutil.rmtree(scratch)


@contextmanager
def started(folder: Path, *, memory: str = LEDGER_MEMORY, is_filled: bool = False) -> Iterator[LiveServer]:
    """A server of an empty account, or of the one in `folder`; pages, and requests with an admin key."""
    if not is_filled:
        botmeter("account", "create", ACCOUNT, "--data", str(folder))
    key = botmeter("key", "create", "--account", ACCOUNT, "--scope", "admin", "--data", str(folder)).stdout.strip()
    with served(folder, BOTMETER_MEMORY=memory) as server:
        yield LiveServer(folder=folder, server=server, key=key)


def _steady_figures(scratch: Path, *, seconds: int) -> Iterator[Figure]:
    traffic = _traffic(EVENTS_A_SECOND * seconds // BATCH_EVENTS)
    file = scratch / "steady"
    write_bodies(file, traffic.batches())
    with started(scratch / "steady-data") as live:
        watch = Watch(live)
        with watch.watching():
            results = _sent(
                file,
                live,
                path="/api/v1/events",
                plan={
                    "headers": {**live.bearer, **_NDJSON},
                    "connections": _SENDERS,
                    "a_second": EVENTS_A_SECOND / BATCH_EVENTS,
                },
            )
        metered(live.server)
        live_report = _report(live)
    _check(results)
    event_count, times_ms, totals = traffic.batch_count * BATCH_EVENTS, results["times_ms"], results["totals"]
    yield Figure(
        subject=f"(g) events a second for {seconds} s, in batches of {BATCH_EVENTS:,}",
        value=event_count / results["seconds"],
        unit="events/s",
        promise=40_000,
        is_least=True,
        detail=f"answer p50 {quantile(times_ms, 0.5):.0f} ms, p99 {quantile(times_ms, 0.99):.0f} ms; "
        f"{totals['accepted']:,} new, {totals['duplicates']:,} duplicates; load {os.getloadavg()[0]:.1f}",
    )
    yield from watch.figures()
    yield _same_as_import(scratch, [*bodies_from(file), *watch.sent], live_report=live_report)


def _webhook_figures(scratch: Path, *, seconds: int) -> Iterator[Figure]:
    traffic = LiveTraffic(
        first_us=_now_us(),
        batch_count=WEBHOOKS_A_SECOND * seconds,
        batch_events=1,
        apart_us=1_000_000 // WEBHOOKS_A_SECOND,
    )
    file = scratch / "webhooks"
    write_bodies(file, (body.rstrip() for body in traffic.batches()))
    folder = scratch / "webhook-data"
    botmeter("account", "create", ACCOUNT, "--data", str(folder))
    address = botmeter(
        "source", "create", "program", "--platform", "botmeter", "--account", ACCOUNT, "--data", str(folder)
    ).stdout.strip()
    path = re.sub(r"^https?://[^/]+", "", address)
    with served(folder) as server:
        live = LiveServer(folder=folder, server=server, key="")
        results = _sent(
            file,
            live,
            path=path,
            plan={
                "headers": {"Content-Type": "application/json"},
                "connections": _WEBHOOK_SENDERS,
                "a_second": WEBHOOKS_A_SECOND,
            },
        )
    _check(results)
    yield Figure(
        subject=f"(g) single-event webhooks at {WEBHOOKS_A_SECOND} a second, p99",
        value=quantile(results["times_ms"], 0.99),
        unit="ms",
        promise=50,
        detail=f"{len(results['times_ms']):,} requests in {results['seconds']:.0f} s; median "
        f"{quantile(results['times_ms'], 0.5):.0f} ms, slowest {max(results['times_ms']):.0f} ms",
    )


def _flat_out_figures(scratch: Path, *, batch_count: int) -> Iterator[Figure]:
    file = scratch / "flat-out"
    write_bodies(file, _traffic(batch_count).batches())
    bare = fresh(inserted, file=str(file), database=str(scratch / "bare.duckdb"))
    with started(scratch / "flat-out-data") as live:
        start = time.perf_counter()
        results = _sent(
            file,
            live,
            path="/api/v1/events",
            plan={
                "headers": {**live.bearer, **_NDJSON},
                "connections": _SENDERS,
                "a_second": 0,
            },
        )
        answered = results["seconds"]
        metered(live.server)
        settled = answered + time.perf_counter() - start - results["seconds"]
    _check(results)
    yield Figure(
        subject="(g) the whole path, metered ÷ a bare loop that inserts",
        value=settled / bare.answer["seconds"],
        unit="×",
        promise=1.5,
        detail=f"{batch_count * BATCH_EVENTS:,} events in batches of {BATCH_EVENTS:,}: answered in {answered:.1f} s, "
        f"metered in {settled:.1f} s; inserted in {bare.answer['seconds']:.1f} s",
    )


def inserted(file: str, database: str) -> dict[str, Any]:
    """Time to insert the batches into a DuckDB table, each read by Arrow and committed alone."""
    import duckdb
    import pyarrow as pa
    import pyarrow.json

    names = ("event_id", "occurred_at", "conversation_id", "customer_id", "actor", "bot_id", "bot_version", "channel")
    schema = pa.schema([pa.field(name, pa.string()) for name in names])
    parse = pyarrow.json.ParseOptions(explicit_schema=schema)
    bodies = bodies_from(Path(file))
    connection = duckdb.connect(database)
    connection.execute(f"CREATE TABLE event ({', '.join(f'{name} VARCHAR' for name in names)})")
    start = time.perf_counter()
    for body in bodies:
        batch = pyarrow.json.read_json(pa.BufferReader(body), parse_options=parse)
        connection.begin()
        connection.register("batch", batch)
        connection.execute("INSERT INTO event SELECT * FROM batch")
        connection.unregister("batch")
        connection.commit()
    seconds = time.perf_counter() - start
    connection.close()
    return {"seconds": seconds}


def _same_as_import(scratch: Path, bodies: list[bytes], *, live_report: dict[str, Any]) -> Figure:
    """Differences between the live report and that of an import of the events."""
    file, folder = scratch / "all.ndjson", scratch / "import-data"
    file.write_bytes(b"".join(bodies))
    botmeter("account", "create", ACCOUNT, "--data", str(folder))
    botmeter("import", str(file), "--account", ACCOUNT, "--data", str(folder))
    period = live_report["period"]
    command = ["report", "--account", ACCOUNT, "--from", period["from"], "--to", period["to"], "--format", "json"]
    imported = json.loads(botmeter(*command, "--data", str(folder)).stdout)
    different = [name for name in imported if imported[name] != live_report[name]]
    names = "".join(f"; {name}" for name in different)
    return Figure(
        subject="(g) parts of the report that differ from an import's",
        value=len(different),
        unit="parts",
        promise=0,
        detail=f"of {len(imported)}; {imported['sessions_consumed']:,} sessions{names}",
    )


def _report(live: LiveServer) -> dict[str, Any]:
    connection = http.client.HTTPConnection(live.server.host, live.server.port, timeout=60)
    connection.request("GET", f"/api/v1/accounts/{ACCOUNT}/reports/session-usage", headers=live.bearer)
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def _sent(file: Path, live: LiveServer, *, path: str, plan: dict[str, Any]) -> dict[str, Any]:
    """Results of one sending process."""
    full_plan = {"file": str(file), "port": live.server.port, "path": path, **plan}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
    ended = subprocess.run(
        [sys.executable, "-m", "bench.sending"],
        input=json.dumps(full_plan) + "\n",
        text=True,
        capture_output=True,
        env=environment,
        check=True,
    )
    answer: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return answer


def _check(results: dict[str, Any]) -> None:
    if set(results["statuses"]) != {"200"}:
        raise RuntimeError(f"Some requests failed: {results['statuses']}.")


def _traffic(batch_count: int) -> LiveTraffic:
    return LiveTraffic(first_us=_now_us(), batch_count=batch_count, apart_us=1_000_000 // EVENTS_A_SECOND)


def _now_us() -> int:
    return time.time_ns() // 1_000
