"""A real server with a signed-in reader, for parts that load pages."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.fresh import ROOT, fresh
from bench.importing import ACCOUNT
from botmeter.domain.period import day_of_us
from botmeter.ledger.folder import Folder

_STARTED_WITHIN_SECONDS = 120


def views(last_on: date) -> tuple[str, ...]:
    """Report addresses of four readers: periods up to the data's last day, each with a filter, split or zone."""

    def span(day_count: int) -> str:
        return f"from={last_on - timedelta(days=day_count - 1)}&to={last_on}"

    return (
        span(30),
        span(7),
        span(90),
        f"{span(30)}&compare=year",
        f"{span(30)}&channel=whatsapp",
        f"{span(30)}&preview=without&split=opened",
        span(365),
        f"{span(30)}&timezone=Asia/Kolkata",
    )


# Every filter, picked and excluded, and some together.
_FILTERS = (
    "bot=bot-1",
    "bot.not=bot-1",
    "bot_version=bot-2/v6",
    "channel=whatsapp&channel=ios",
    "channel.not=email",
    "customer=customer-00000042",
    "customer.not=customer-00000042",
    "opened_by=bot-2",
    "opened_on.not=web",
    "ticket_type=refund",
    "ticket_type.not=refund",
    "hour=mon-09&hour=tue-14",
    "hour.not=sun-03",
    "preview=without",
    "preview=only",
    "bot=bot-1&channel=web&preview=without",
    "opened_by=bot-3&channel=web&hour=fri-16",
    "ticket_type=delivery&bot=bot-4",
    "timezone=Asia/Kolkata&channel=email",
    "timezone=America/New_York&opened_on=web",
)


def filtered_views(last_on: date) -> tuple[str, ...]:
    """Report addresses with each filter, in periods that nobody has looked at."""
    return tuple(
        f"from={last_on - timedelta(days=days + 2)}&to={last_on - timedelta(days=3)}&{filters}"
        for days in (7, 30, 90)
        for filters in _FILTERS
    )


@dataclass(frozen=True)
class Served:
    """Running server, with a signed-in cookie."""

    account: str
    host: str
    port: int
    cookie: str
    last_on: date
    process: int


@contextmanager
def served(
    folder: Path, *, account: str = ACCOUNT, seconds_back: int | None = None, **variables: str
) -> Iterator[Served]:
    """Run `botmeter serve` with a signed-in owner, these environment variables, and its clock set back."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    secret = fresh(invited, folder=str(folder), account=account).answer["secret"]
    last_on = _last_day(folder, account)
    program = "botmeter"
    if seconds_back is not None:
        program, variables = "bench.dated", {**variables, "BENCH_SECONDS_BACK": str(seconds_back)}
    command = [sys.executable, "-m", program, "serve", "--data", str(folder), "--port", str(port)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]), **variables},
    )
    try:
        _wait_until_it_answers(port)
        yield Served(
            account=account,
            host="127.0.0.1",
            port=port,
            cookie=_signed_in(port, secret),
            last_on=last_on,
            process=process.pid,
        )
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def invited(folder: str, account: str) -> dict[str, Any]:
    """Link that signs in an owner, as the demo's."""
    from botmeter.server.start import demo_link, prepare

    prepare(Path(folder), url="http://127.0.0.1", host="127.0.0.1")
    return {"secret": demo_link(account)}


def _wait_until_it_answers(port: int) -> None:
    pause, end = threading.Event(), time.monotonic() + _STARTED_WITHIN_SECONDS
    while time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pause.wait(0.2)
        finally:
            connection.close()
    raise RuntimeError("The server did not start.")


def _signed_in(port: int, secret: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", f"/link/{secret}")
    response = connection.getresponse()
    response.read()
    cookie = re.search(r"botmeter_session=([^;]+)", " ".join(response.headers.get_all("Set-Cookie") or []))
    connection.close()
    if cookie is None:
        raise RuntimeError(f"Sign-in failed with status {response.status}")
    return f"botmeter_session={cookie[1]}"


def _last_day(folder: Path, account: str) -> date:
    with Folder.owned(folder, purpose="bench") as owned, owned.reading(account) as ledger:
        row = ledger.connection.execute("SELECT max(started_at) FROM session").fetchone()
    return day_of_us(row[0]) if row and row[0] else datetime.now(UTC).date()


def loaded(connection: http.client.HTTPConnection, server: Served, *, query: str) -> bytes:
    """Load the report page; any status but 200 fails the measurement."""
    path = f"/a/{server.account}/reports/bot-session-consumption?{query}"
    connection.request("GET", path, headers={"Cookie": server.cookie, "Accept-Encoding": "gzip"})
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise RuntimeError(f"{path} answered {response.status}")
    return body


def metered(server: Served) -> None:
    """Wait until all appended events are metered."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    pause = threading.Event()
    while True:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        lag = re.search(r"^botmeter_metering_lag_seconds (\S+)", text, re.MULTILINE)
        if lag is None:
            raise RuntimeError("The server does not report its metering lag.")
        if float(lag[1]) == 0:
            connection.close()
            return
        pause.wait(0.05)


def first_loads_ms(server: Served, queries: tuple[str, ...]) -> list[float]:
    """Time in ms of each page, loaded once by one reader."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    times = []
    for query in queries:
        start = time.perf_counter()
        loaded(connection, server, query=query)
        times.append((time.perf_counter() - start) * 1000)
    connection.close()
    return times


def cpu_seconds(process: int) -> float:
    """Processor time of a process and its children until now; 0 where there is no /proc."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        stats = [Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split() for each in (process, *children)]
    except FileNotFoundError:
        return 0.0
    return sum(int(each[11]) + int(each[12]) for each in stats) / os.sysconf("SC_CLK_TCK")
