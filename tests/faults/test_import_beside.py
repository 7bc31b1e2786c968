"""A large import in a server under live events: they are acknowledged meanwhile, and nothing is lost or doubled."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from botmeter.ledger.append_beside import BESIDE_FROM_BYTES
from support.live_server import BATCH_EVENTS, LiveServer, Senders, event_counts, serving

pytestmark = pytest.mark.faults
COLUMNS = "event_id,occurred_at,conversation_id,customer_id,actor,bot_id,channel"
PAUSE_SECONDS = 0.02
KILLS = 6


@dataclass
class TimedSenders(Senders):
    """Senders that note how long each answer takes, and pause between two batches."""

    seconds: list[float] = field(default_factory=list)

    def _sent(self, name: str) -> int:
        began = time.monotonic()
        status = super()._sent(name)
        self.seconds.append(time.monotonic() - began)
        self._end.wait(PAUSE_SECONDS)
        return status


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    with serving(tmp_path / "data") as made:
        yield made


def file_of(folder: Path, name: str, *, event_count: int) -> Path:
    """A file of events of the same days and bots as the live ones, and of some of their customers."""
    drawn = random.Random(name)
    lines = [COLUMNS]
    for number in range(event_count):
        customer = drawn.randrange(event_count // 12)
        at = f"2026-03-{1 + drawn.randrange(28):02}T{drawn.randrange(24):02}:{drawn.randrange(60):02}:00Z"
        lines.append(f"{name}:{number},{at},v{customer},c{customer},{'customer' if number % 2 else 'bot'},b1,web")
    file = folder / f"{name}.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    assert file.stat().st_size > BESIDE_FROM_BYTES
    return file


def test_live_events_are_acknowledged_soon_during_a_large_import(server: LiveServer, tmp_path: Path) -> None:
    senders = TimedSenders(server, server.account("acme"))
    file = file_of(tmp_path, "file", event_count=300_000)
    with senders.sending(threads=2):
        senders.wait_acknowledged(4)
        senders.seconds.clear()
        began = time.monotonic()
        assert "300,000" in server.command("import", str(file), "--account", "acme")
        took = time.monotonic() - began
        seconds = sorted(senders.seconds)
        senders.wait_acknowledged(4)
    p99 = seconds[int(len(seconds) * 0.99)]
    assert (senders.faults, set(senders.statuses.values())) == ([], {200})
    assert len(seconds) > 10
    # Measured on two busy cores: 0.12 to 0.4 s, and a median of 0.05 to 0.08 s; more where the import is slower.
    assert p99 < max(1, took / 4)
    assert server.end() == 0
    assert event_counts(server.folder, "acme") == dict.fromkeys(senders.statuses, BATCH_EVENTS) | {"file": 300_000}


def test_a_server_killed_during_large_imports_has_each_whole_or_not_at_all(server: LiveServer, tmp_path: Path) -> None:
    drawn, event_count = random.Random(KILLS), 100_000
    senders = TimedSenders(server, server.account("acme"))
    names = [f"file{number}" for number in range(KILLS)]
    ended = {}
    with senders.sending(threads=2):
        for name in names:
            file = file_of(tmp_path, name, event_count=event_count)
            with server.begun("import", str(file), "--account", "acme") as command:
                senders.wait_acknowledged(drawn.randint(1, 30))
                server.kill_worker()
                command.communicate()
            ended[name] = command.returncode == 0
            server.wait_ready(is_revived=True)
        senders.wait_acknowledged(4)
    assert senders.faults == []
    assert server.end() == 0
    stored = event_counts(server.folder, "acme")
    for name in names:
        assert stored.pop(name, 0) in ({event_count} if ended[name] else {0, event_count})
    assert senders.acknowledged <= set(stored) <= set(senders.statuses)
    assert set(stored.values()) == {BATCH_EVENTS}
