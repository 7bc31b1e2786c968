"""A bot's client and a real server: what the bot said is in the report, also when the server went away meanwhile."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from botmeter.client import ClientSettings, Meter
from support.live_server import READY_SECONDS, LiveServer, event_counts, serving

pytestmark = pytest.mark.faults
START = datetime(2026, 3, 10, 9, tzinfo=UTC)
REPORT = "/api/v1/accounts/acme/reports/session-usage?from=2026-03-01&to=2026-03-31"
_CHECK_SECONDS = 0.05


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    with serving(tmp_path / "data") as made:
        yield made


def meter_of(server: LiveServer, key: str, *, folder: Path) -> Meter:
    return Meter(server.url, key, settings=ClientSettings(spill_folder=folder))


def say(meter: Meter, customer: str, *, hours: int = 0) -> None:
    """A customer writes and the order bot answers, so many hours after the start."""
    who = {"conversation_id": f"talk of {customer}", "customer_id": customer, "bot_id": "orders", "channel": "web"}
    at = START + timedelta(hours=hours)
    meter.message(event_id=f"{customer}:{hours}", occurred_at=at, actor="customer", **who)
    meter.message(event_id=f"{customer}:{hours}-answer", occurred_at=at + timedelta(seconds=2), actor="bot", **who)


def wait_reported(server: LiveServer, key: str, *, sessions: int) -> None:
    """Until the served report counts so many sessions, which it does a moment after the events were taken in."""
    pause = threading.Event()
    for _ in range(int(READY_SECONDS / _CHECK_SECONDS)):
        reported = server.request("GET", REPORT, authorization=f"Bearer {key}").json()
        if reported["sessions_consumed"] == sessions:
            return
        pause.wait(_CHECK_SECONDS)
    raise AssertionError(reported)


def test_what_a_bot_says_is_in_the_served_report(server: LiveServer, tmp_path: Path) -> None:
    key = server.account("acme")
    with meter_of(server, key, folder=tmp_path / "spilled") as meter:
        say(meter, "ada")
        say(meter, "ada", hours=23)
        say(meter, "ada", hours=24)
        say(meter, "grace")
        assert meter.flush(READY_SECONDS)
        assert meter.status().accepted_count == 8
        wait_reported(server, key, sessions=3)


def test_a_message_that_the_platform_delivers_twice_counts_once(server: LiveServer, tmp_path: Path) -> None:
    key = server.account("acme")
    for attempt in range(2):
        with meter_of(server, key, folder=tmp_path / str(attempt)) as meter:
            say(meter, "ada")
            assert meter.flush(READY_SECONDS)
    assert meter.status().duplicate_count == 2
    wait_reported(server, key, sessions=1)


def test_what_a_bot_says_while_the_server_is_killed_is_there_once(server: LiveServer, tmp_path: Path) -> None:
    key = server.account("acme")
    with meter_of(server, key, folder=tmp_path / "spilled") as meter:
        say(meter, "before")
        assert meter.flush(READY_SECONDS)
        server.kill_worker()
        for number in range(50):
            say(meter, f"meanwhile-{number}")
        server.wait_ready(is_revived=True)
        say(meter, "after")
        assert meter.flush(READY_SECONDS), meter.status()
        assert meter.status().trouble is None
        wait_reported(server, key, sessions=52)
    assert not list((tmp_path / "spilled").rglob("*.ndjson"))
    assert server.end() == 0
    assert sum(event_counts(server.folder, "acme").values()) == 2 * 52


def test_what_a_bot_says_without_a_server_is_sent_by_its_next_start(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        key = server.account("acme")
    settings = ClientSettings(spill_folder=tmp_path / "spilled", close_seconds=0.1)
    with Meter(server.url, key, settings=settings) as meter:
        say(meter, "ada")
    assert meter.status().accepted_count == 0
    with serving(tmp_path / "data") as server, meter_of(server, key, folder=tmp_path / "spilled") as meter:
        say(meter, "grace")
        assert meter.flush(READY_SECONDS)
        wait_reported(server, key, sessions=2)
