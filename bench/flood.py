"""(h) People and senders while one anonymous address floods the server.

The flood tries passwords, sends bodies slowly, opens connections in silence, guesses keys and asks for long addresses,
all at once, on cores shared with the server. Meanwhile the health check, a signed-in reader and a sender of events
are timed, each first without the flood, for as long.
"""

import http.client
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.figure import Figure, last_third, quantile
from bench.fresh import ROOT
from bench.ledgers import copied, filled
from bench.live import started
from bench.live_traffic import LiveTraffic
from bench.serving import loaded, views
from bench.traffic import FIRST_ON, typical
from bench.watching import LiveServer, resident_mb, worker_of

SECONDS = 240
_LEDGER_EVENTS = 4_000_000
_LEDGER_MEMORY = "100MB"
"""Least that DuckDB may keep of a ledger: less than the ledger has, and all of it is taken before the flood."""
_MEMORY_EVERY_SECONDS = 0.5
_HEALTH_EVERY_SECONDS = 0.1
_PAGE_EVERY_SECONDS = 0.5
_BATCH_EVERY_SECONDS = 0.1
_BATCH_EVENTS = 20


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    scratch = copied(filled(typical(round(_LEDGER_EVENTS * scale))), "flood")
    seconds = max(15, round(SECONDS * scale))
    with started(scratch, memory=_LEDGER_MEMORY, is_filled=True) as live:
        _read_all(live)
        quiet = _observed(live, seconds=seconds)
        with _flooded(live.server.port) as outcomes:
            flooded = _observed(live, seconds=seconds)
    shutil.rmtree(scratch)
    yield from _figures(quiet, flooded, attack=_summary(outcomes, seconds=seconds))


def _figures(quiet: "_Observed", flooded: "_Observed", *, attack: str) -> Iterator[Figure]:
    for subject, name, share, promise in (
        ("the health check, p99", "health_ms", 0.99, 200),
        ("a signed-in reader's page, p95", "page_ms", 0.95, 1_000),
        ("an event sender's answer, p99", "event_ms", 0.99, 500),
    ):
        times_ms, before_ms = getattr(flooded, name), getattr(quiet, name)
        yield Figure(
            subject=f"(h) under a flood: {subject}",
            value=quantile(times_ms, share),
            unit="ms",
            promise=promise,
            detail=f"{len(times_ms)} requests; median {quantile(times_ms, 0.5):.0f} ms, slowest "
            f"{max(times_ms):.0f} ms; without the flood {quantile(before_ms, share):.0f} ms",
        )
    middle_mb, end_mb = last_third(flooded.memory_mb)
    quiet_middle_mb, quiet_end_mb = last_third(quiet.memory_mb)
    yield Figure(
        subject="(h) growth of the server's memory ÷ without the flood",
        value=(end_mb / middle_mb) / (quiet_end_mb / quiet_middle_mb),
        unit="×",
        promise=1.03,
        detail=f"second third to last: {middle_mb:.0f} MB to {end_mb:.0f} MB, by events that are sent and "
        f"by the flood; without the flood {quiet_middle_mb:.0f} MB to {quiet_end_mb:.0f} MB",
    )
    failed = sum(len(observed.failures) for observed in (quiet, flooded))
    yield Figure(
        subject="(h) requests of reader, sender and health check that failed",
        value=failed,
        unit="requests",
        promise=0,
        detail=f"{attack}{'; ' if failed else ''}{'; '.join(sorted(set(flooded.failures))[:3])}",
    )


@dataclass
class _Observed:
    """Times of those who have rights, and the server's memory."""

    live: LiveServer
    health_ms: list[float] = field(default_factory=list)
    page_ms: list[float] = field(default_factory=list)
    event_ms: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _end: threading.Event = field(default_factory=threading.Event)

    def run(self, seconds: float) -> None:
        batches = LiveTraffic(first_us=time.time_ns() // 1_000, batch_count=100_000, batch_events=_BATCH_EVENTS)
        bodies = batches.batches()
        observers = (
            (self._health, _HEALTH_EVERY_SECONDS, self.health_ms),
            (self._page, _PAGE_EVERY_SECONDS, self.page_ms),
            (lambda connection: self._send(connection, next(bodies)), _BATCH_EVERY_SECONDS, self.event_ms),
        )
        threads = [
            threading.Thread(target=self._repeat, args=[request], kwargs={"pause": pause, "times_ms": times_ms})
            for request, pause, times_ms in observers
        ]
        threads.append(threading.Thread(target=self._memory))
        for thread in threads:
            thread.start()
        self._end.wait(seconds)
        self._end.set()
        for thread in threads:
            thread.join()

    def _repeat(
        self, request: Callable[[http.client.HTTPConnection], None], *, pause: float, times_ms: list[float]
    ) -> None:
        """Each request is due at a fixed time, on a connection of its own as a monitor or a new reader has."""
        due = time.perf_counter()
        while not self._end.is_set():
            connection = http.client.HTTPConnection(self.live.server.host, self.live.server.port, timeout=30)
            try:
                request(connection)
            except (OSError, RuntimeError, http.client.HTTPException) as problem:
                self.failures.append(f"{type(problem).__name__}: {problem}"[:120])
            finally:
                connection.close()
            times_ms.append((time.perf_counter() - due) * 1000)
            due = max(due + pause, time.perf_counter())
            self._end.wait(due - time.perf_counter())

    def _health(self, connection: http.client.HTTPConnection) -> None:
        connection.request("GET", "/healthz")
        _check(connection.getresponse())

    def _page(self, connection: http.client.HTTPConnection) -> None:
        loaded(connection, self.live.server, query=views(self.live.server.last_on)[0])

    def _send(self, connection: http.client.HTTPConnection, body: bytes) -> None:
        head = {**self.live.bearer, "Content-Type": "application/x-ndjson"}
        connection.request("POST", "/api/v1/events", body=body, headers=head)
        _check(connection.getresponse())

    def _memory(self) -> None:
        worker = worker_of(self.live.server)
        while not self._end.wait(_MEMORY_EVERY_SECONDS):
            self.memory_mb.append(resident_mb(worker))


def _check(response: http.client.HTTPResponse) -> None:
    response.read()
    if response.status != 200:
        raise RuntimeError(f"A request was answered {response.status}.")


def _read_all(live: LiveServer) -> None:
    connection = http.client.HTTPConnection(live.server.host, live.server.port, timeout=600)
    path = f"/api/v1/accounts/{live.server.account}/sessions/export?format=csv&from={FIRST_ON}"
    connection.request("GET", path, headers=live.bearer)
    response = connection.getresponse()
    while response.read(1 << 20):
        pass
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"The export was answered {response.status}.")


def _observed(live: LiveServer, *, seconds: float) -> _Observed:
    observed = _Observed(live)
    observed.run(seconds)
    return observed


@contextmanager
def _flooded(port: int) -> Iterator[dict[str, int]]:
    """Flood until the `with` ends; the outcomes are complete after it."""
    outcomes: dict[str, int] = {}
    environment: dict[str, Any] = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.flooding"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("The flood has no pipes.")
    process.stdin.write(json.dumps({"port": port}) + "\n")
    process.stdin.flush()
    process.stdout.readline()
    try:
        yield outcomes
    finally:
        process.stdin.close()
        outcomes.update(json.loads(process.stdout.readline() or "{}"))
        process.stdout.close()
        process.wait(timeout=60)


def _summary(outcomes: dict[str, int], *, seconds: int) -> str:
    counts = ", ".join(f"{count:,} × {kind}" for kind, count in sorted(outcomes.items()))
    return f"attack in {seconds} s: {counts}"
