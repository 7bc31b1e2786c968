"""(g) Live events: a real server that takes them over loopback, on the cores that it shares with whoever sends.

Batches of a thousand at a steady pace for two minutes, copies and late events among them, while people read the
report and a probe looks how long after its answer an event's session is on the page; single events as webhooks
send them; and the same batches as fast as they are answered, against a bare loop that inserts them into DuckDB.
"""

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.figure import Figure, quantile
from bench.fresh import ROOT, botmeter, fresh
from bench.importing import ACCOUNT
from bench.live_traffic import LiveTraffic
from bench.pages import Served, loaded, served
from bench.sending import bodies_from, write_bodies
from bench.traffic import CACHE

SECONDS = 120
EVENTS_A_SECOND = 22_000
"""A tenth more than is promised, so that what is reached is not the pace that was set."""
BATCH_EVENTS = 1_000
WEBHOOKS_A_SECOND = 500
WEBHOOK_SECONDS = 60
FLAT_OUT_BATCHES = 500
LEDGER_MEMORY = "400MB"
"""What DuckDB may keep of a ledger: half of the usual, so that it has all of it before the run is half over."""
_SENDERS = 8
_WEBHOOK_SENDERS = 50
_READERS = 2
_READ_EVERY_SECONDS = 2.0
_PROBE_EVERY_SECONDS = 1.0
_PROBE_LOOKS_SECONDS = 0.1
_NDJSON = {"Content-Type": "application/x-ndjson"}


def figures(scale: float) -> Iterator[Figure]:
    """The figures of this part.

    Args:
        scale: What part of the full size to measure at.
    """
    scratch = CACHE / "live"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    seconds = max(10, round(SECONDS * scale))
    yield from _steady_figures(scratch, seconds=seconds)
    yield from _webhook_figures(scratch, seconds=max(10, round(WEBHOOK_SECONDS * scale)))
    yield from _flat_out_figures(scratch, batch_count=max(50, round(FLAT_OUT_BATCHES * scale)))
    shutil.rmtree(scratch)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A served folder with an empty account, and a key that may write and read."""

    folder: Path
    server: Served
    key: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@contextmanager
def _started(folder: Path) -> Iterator[_Place]:
    botmeter("account", "create", ACCOUNT, "--data", str(folder))
    key = botmeter("key", "create", "--account", ACCOUNT, "--scope", "admin", "--data", str(folder)).said.strip()
    with served(folder, BOTMETER_MEMORY=LEDGER_MEMORY) as server:
        yield _Place(folder=folder, server=server, key=key)


def _steady_figures(scratch: Path, *, seconds: int) -> Iterator[Figure]:
    traffic = _traffic(EVENTS_A_SECOND * seconds // BATCH_EVENTS)
    file = scratch / "steady"
    write_bodies(file, traffic.batches())
    with _started(scratch / "steady-data") as place:
        watch = _Watch(place)
        with watch.watching():
            told = _sent(
                file,
                place,
                path="/api/v1/events",
                plan={
                    "headers": {**place.bearer, **_NDJSON},
                    "connections": _SENDERS,
                    "a_second": EVENTS_A_SECOND / BATCH_EVENTS,
                },
            )
        _settled(place)
        live = _report(place)
    _check(told)
    event_count = traffic.batch_count * BATCH_EVENTS
    yield Figure(
        subject=f"(g) events a second for {seconds} s, in batches of {BATCH_EVENTS:,}",
        value=event_count / told["seconds"],
        unit="events/s",
        promise=20_000,
        is_least=True,
        detail=f"answer p50 {quantile(told['times_ms'], 0.5):.0f} ms, p99 {quantile(told['times_ms'], 0.99):.0f} ms; "
        f"{told['totals']['accepted']:,} new, {told['totals']['duplicates']:,} copies; load {os.getloadavg()[0]:.1f}",
    )
    yield from watch.figures()
    yield _same_as_import(scratch, [*bodies_from(file), *watch.sent], live=live)


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
    ).said.strip()
    path = re.sub(r"^https?://[^/]+", "", address)
    with served(folder) as server:
        place = _Place(folder=folder, server=server, key="")
        told = _sent(
            file,
            place,
            path=path,
            plan={
                "headers": {"Content-Type": "application/json"},
                "connections": _WEBHOOK_SENDERS,
                "a_second": WEBHOOKS_A_SECOND,
            },
        )
    _check(told)
    yield Figure(
        subject=f"(g) single-event webhooks at {WEBHOOKS_A_SECOND} a second, p99",
        value=quantile(told["times_ms"], 0.99),
        unit="ms",
        promise=100,
        detail=f"{len(told['times_ms']):,} requests in {told['seconds']:.0f} s; median "
        f"{quantile(told['times_ms'], 0.5):.0f} ms, slowest {max(told['times_ms']):.0f} ms",
    )


def _flat_out_figures(scratch: Path, *, batch_count: int) -> Iterator[Figure]:
    file = scratch / "flat-out"
    write_bodies(file, _traffic(batch_count).batches())
    bare = fresh(inserted, file=str(file), database=str(scratch / "bare.duckdb"))
    with _started(scratch / "flat-out-data") as place:
        start = time.perf_counter()
        told = _sent(
            file,
            place,
            path="/api/v1/events",
            plan={
                "headers": {**place.bearer, **_NDJSON},
                "connections": _SENDERS,
                "a_second": 0,
            },
        )
        answered = told["seconds"]
        _settled(place)
        settled = answered + time.perf_counter() - start - told["seconds"]
    _check(told)
    yield Figure(
        subject="(g) the whole path, metered ÷ a bare loop that inserts",
        value=settled / bare.answer["seconds"],
        unit="×",
        promise=4,
        detail=f"{batch_count * BATCH_EVENTS:,} events in batches of {BATCH_EVENTS:,}: answered in {answered:.1f} s, "
        f"metered in {settled:.1f} s; inserted in {bare.answer['seconds']:.1f} s",
    )


def inserted(file: str, database: str) -> dict[str, Any]:
    """How long the same batches take into a table of DuckDB, each read by Arrow and committed by itself."""
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
        given = pyarrow.json.read_json(pa.BufferReader(body), parse_options=parse)
        connection.begin()
        connection.register("given", given)
        connection.execute("INSERT INTO event SELECT * FROM given")
        connection.unregister("given")
        connection.commit()
    seconds = time.perf_counter() - start
    connection.close()
    return {"seconds": seconds}


@dataclass
class _Watch:
    """What is looked at while events come: the page, how late it is, and the server's memory."""

    place: _Place
    page_ms: list[float] = field(default_factory=list)
    behind_ms: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    _end: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Looks until the end of the `with`."""
        looks = [self._probe, self._memory, *[self._read] * _READERS]
        threads = [threading.Thread(target=look) for look in looks]
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
        """What was seen."""
        third = len(self.memory_mb) // 3
        middle_mb, end_mb = max(self.memory_mb[third : 2 * third]), max(self.memory_mb[2 * third :])
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
            promise=1.1,
            detail=f"{end_mb:.0f} MB to {middle_mb:.0f} MB, of which the ledger may keep {LEDGER_MEMORY}",
        )

    def _read(self) -> None:
        connection = self._connection()
        while not self._end.wait(_READ_EVERY_SECONDS):
            start = time.perf_counter()
            loaded(connection, self.place.server, query="")
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
                self._end.wait(_PROBE_LOOKS_SECONDS)
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
        head = {**self.place.bearer, "Content-Type": "application/json"}
        self.sent.append(json.dumps(event).encode() + b"\n")
        connection.request("POST", "/api/v1/events", body=self.sent[-1], headers=head)
        response = connection.getresponse()
        told = response.read()
        if response.status != 200:
            self.faults.append(f"A probe was answered {response.status}: {told[:200]!r}")

    def _is_shown(self, connection: http.client.HTTPConnection, number: int) -> bool:
        path = f"/api/v1/accounts/{ACCOUNT}/reports/session-usage?customer=probe-{number}"
        connection.request("GET", path, headers=self.place.bearer)
        return bool(json.loads(connection.getresponse().read()).get("sessions_consumed") == 1)

    def _memory(self) -> None:
        worker = _worker_of(self.place.server)
        while not self._end.wait(1.0):
            self.memory_mb.append(_resident_mb(worker))

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.place.server.host, self.place.server.port, timeout=60)


def _same_as_import(scratch: Path, bodies: list[bytes], *, live: dict[str, Any]) -> Figure:
    """The differences between the live report and that of the same events from a file."""
    file, folder = scratch / "all.ndjson", scratch / "import-data"
    file.write_bytes(b"".join(bodies))
    botmeter("account", "create", ACCOUNT, "--data", str(folder))
    botmeter("import", str(file), "--account", ACCOUNT, "--data", str(folder))
    period = live["period"]
    asked = ["report", "--account", ACCOUNT, "--from", period["from"], "--to", period["to"], "--format", "json"]
    imported = json.loads(botmeter(*asked, "--data", str(folder)).said)
    different = [name for name in imported if imported[name] != live[name]]
    told = "".join(f"; {name}" for name in different)
    return Figure(
        subject="(g) parts of the report that differ from an import's",
        value=len(different),
        unit="parts",
        promise=0,
        detail=f"of {len(imported)}; {imported['sessions_consumed']:,} sessions{told}",
    )


def _report(place: _Place) -> dict[str, Any]:
    """The report as the API gives it."""
    connection = http.client.HTTPConnection(place.server.host, place.server.port, timeout=60)
    connection.request("GET", f"/api/v1/accounts/{ACCOUNT}/reports/session-usage", headers=place.bearer)
    found: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return found


def _sent(file: Path, place: _Place, *, path: str, plan: dict[str, Any]) -> dict[str, Any]:
    """What a sending process was told."""
    whole = {"file": str(file), "port": place.server.port, "path": path, **plan}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
    ended = subprocess.run(
        [sys.executable, "-m", "bench.sending"],
        input=json.dumps(whole) + "\n",
        text=True,
        capture_output=True,
        env=environment,
        check=True,
    )
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def _settled(place: _Place) -> None:
    """Returns when everything that was taken in is metered."""
    connection = http.client.HTTPConnection(place.server.host, place.server.port, timeout=60)
    pause = threading.Event()
    while True:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        lag = re.search(r"^botmeter_metering_lag_seconds (\S+)", text, re.MULTILINE)
        if lag is None:
            raise RuntimeError("The server does not tell its metering lag.")
        if float(lag[1]) == 0:
            connection.close()
            return
        pause.wait(0.05)


def _check(told: dict[str, Any]) -> None:
    if set(told["statuses"]) != {"200"}:
        raise RuntimeError(f"Some requests were not taken: {told['statuses']}.")


def _traffic(batch_count: int) -> LiveTraffic:
    return LiveTraffic(first_us=_now_us(), batch_count=batch_count, apart_us=1_000_000 // EVENTS_A_SECOND)


def _now_us() -> int:
    return time.time_ns() // 1_000


def _worker_of(server: Served) -> int:
    """The process that serves: of those that the server has started, the one with most in memory."""
    children = Path(f"/proc/{server.process}/task/{server.process}/children").read_text().split()
    return max(map(int, children), key=_resident_mb)


def _resident_mb(process: int) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
