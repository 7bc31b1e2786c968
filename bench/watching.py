"""Observations during live traffic: page, delay, memory."""

import http.client
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bench.figure import Figure, last_third, quantile
from bench.importing import ACCOUNT
from bench.serving import Served, loaded

LEDGER_MEMORY = "200MB"
"""What DuckDB may keep of a ledger: a quarter of the usual, so that it has all of it before the run is half over."""
_READERS = 2
_READ_EVERY_SECONDS = 2.0
_PROBE_EVERY_SECONDS = 1.0
_PROBE_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveServer:
    """Served folder and a key with all scopes."""

    folder: Path
    server: Served
    key: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@dataclass
class Watch:
    """Observer of page, delay and server memory."""

    live: LiveServer
    page_ms: list[float] = field(default_factory=list)
    behind_ms: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    _end: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Observe until the `with` ends."""
        observers = [self._probe, self._memory, *[self._read] * _READERS]
        threads = [threading.Thread(target=observer) for observer in observers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._end.set()
            for thread in threads:
                thread.join()
        if self.faults:
            raise RuntimeError(self.faults[0])

    def figures(self) -> Iterator[Figure]:
        middle_mb, end_mb = last_third(self.memory_mb)
        yield Figure(
            subject="(g) from an event's answer to its session on the page, p99",
            value=quantile(self.behind_ms, 0.99) / 1000,
            unit="s",
            promise=2,
            detail=f"{len(self.behind_ms)} events; median {quantile(self.behind_ms, 0.5) / 1000:.2f} s",
        )
        yield Figure(
            subject="(g) the report page meanwhile, p95",
            value=quantile(self.page_ms, 0.95),
            unit="ms",
            detail=f"{len(self.page_ms)} loads; median {quantile(self.page_ms, 0.5):.0f} ms",
        )
        yield Figure(
            subject="(g) the server's memory, most of the last third ÷ the second",
            value=end_mb / middle_mb,
            unit="×",
            promise=1.03,
            detail=f"{end_mb:.0f} MB to {middle_mb:.0f} MB, of which the ledger may keep {LEDGER_MEMORY}",
        )

    def _read(self) -> None:
        connection = self._connection()
        while not self._end.wait(_READ_EVERY_SECONDS):
            start = time.perf_counter()
            loaded(connection, self.live.server, query="")
            self.page_ms.append((time.perf_counter() - start) * 1000)
        connection.close()

    def _probe(self) -> None:
        connection, number = self._connection(), 0
        while not self._end.wait(_PROBE_EVERY_SECONDS):
            number += 1
            self._posted(connection, number)
            acknowledged = time.perf_counter()
            while not self._is_shown(connection, number):
                if time.perf_counter() - acknowledged > 60:
                    self.faults.append(f"The session of probe {number} was not on the page after a minute.")
                    return
                self._end.wait(_PROBE_POLL_SECONDS)
            self.behind_ms.append((time.perf_counter() - acknowledged) * 1000)
        connection.close()

    def _posted(self, connection: http.client.HTTPConnection, number: int) -> None:
        event = {
            "event_id": f"probe-{number}",
            "occurred_at": datetime.now(UTC).isoformat(),
            "conversation_id": f"probe-{number}",
            "customer_id": f"probe-{number}",
            "actor": "customer",
            "bot_id": "orders",
            "channel": "web",
        }
        head = {**self.live.bearer, "Content-Type": "application/json"}
        self.sent.append(json.dumps(event).encode() + b"\n")
        connection.request("POST", "/api/v1/events", body=self.sent[-1], headers=head)
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200:
            self.faults.append(f"A probe was answered {response.status}: {answer[:200]!r}")

    def _is_shown(self, connection: http.client.HTTPConnection, number: int) -> bool:
        path = f"/api/v1/accounts/{ACCOUNT}/reports/session-usage?customer=probe-{number}"
        connection.request("GET", path, headers=self.live.bearer)
        return bool(json.loads(connection.getresponse().read()).get("sessions_consumed") == 1)

    def _memory(self) -> None:
        worker = worker_of(self.live.server)
        while not self._end.wait(1.0):
            self.memory_mb.append(resident_mb(worker))

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.live.server.host, self.live.server.port, timeout=60)


def worker_of(server: Served) -> int:
    """The server's child process with the most memory."""
    children = Path(f"/proc/{server.process}/task/{server.process}/children").read_text().split()
    return max(map(int, children), key=resident_mb)


def resident_mb(process: int) -> float:
    """Resident memory, MB of 10^6 bytes."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
