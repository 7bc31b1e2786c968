"""A server of live events is killed, stopped, and sent everything again: what it acknowledged is there, once."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import duckdb
import pytest

from support.live_server import BATCH_EVENTS, LiveServer, Senders, batch, event_counts, serving

pytestmark = pytest.mark.faults
KILLS = 20


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    with serving(tmp_path / "data") as made:
        yield made


def resent(server: LiveServer, key: str, *, name: str) -> tuple[int, int]:
    """Number of accepted events and of duplicates when the batch is sent again."""
    told = server.send(key, json.dumps(batch(name)).encode()).json()
    assert (told["conflicts"], told["rejected"]) == (0, 0)
    return told["accepted"], told["duplicates"]


def test_a_server_killed_twenty_times_under_load_loses_and_doubles_nothing(server: LiveServer) -> None:
    key, random = server.account("acme"), Random(KILLS)
    senders = Senders(server, key)
    pause = senders._end
    with senders.sending():
        for _ in range(KILLS):
            senders.wait_acknowledged(random.randint(1, 12))
            pause.wait(random.uniform(0, 0.03))
            server.kill_worker()
            server.wait_ready(is_revived=True)
        senders.wait_acknowledged(4)
    assert senders.faults == []
    assert senders.broken
    for name, status in senders.statuses.items():
        found = resent(server, key, name=name)
        assert found == (0, BATCH_EVENTS) or (status != 200 and found == (BATCH_EVENTS, 0)), (name, status, found)
    server.command("verify", "--account", "acme")
    assert server.end() == 0
    assert event_counts(server.folder, "acme") == dict.fromkeys(senders.statuses, BATCH_EVENTS)


def test_commands_that_begin_while_a_killed_worker_restarts_run_in_the_next_one(server: LiveServer) -> None:
    server.account("acme")
    server.kill_worker()
    with server.begun("import", "-", "--account", "acme") as slow:
        # It would keep the folder from the next worker until its input ends.
        assert all("acme" in server.command("account", "list") for _ in range(4))
        server.wait_ready()
        _, messages = slow.communicate("\n".join(json.dumps(event) for event in batch("slow")))
    assert slow.returncode == 0, messages
    assert server.end() == 0
    assert event_counts(server.folder, "acme") == {"slow": BATCH_EVENTS}


def test_a_server_that_is_stopped_under_load_has_on_disk_what_it_acknowledged(server: LiveServer) -> None:
    senders = Senders(server, server.account("acme"))
    with senders.sending(threads=8):
        senders.wait_acknowledged(20)
        server.ask_to_end()
        server.end()
    assert senders.faults == []
    assert set(senders.statuses.values()) <= {200, 503, 0}
    assert "trace stored" not in server.log
    assert unmetered(server.folder, "acme") == 0
    stored = event_counts(server.folder, "acme")
    assert senders.acknowledged <= set(stored)
    assert set(stored.values()) == {BATCH_EVENTS}
    assert not (server.folder / "accounts" / "acme.duckdb.wal").exists()


def test_everything_sent_three_times_in_any_order_at_once_counts_once(server: LiveServer) -> None:
    key, random = server.account("acme"), Random(3)
    names = [str(number) for number in range(60)]
    order = names * 3
    random.shuffle(order)
    told = sent_at_once(server, key, order=order)
    assert [sum(column) for column in zip(*told, strict=True)] == [60 * BATCH_EVENTS, 120 * BATCH_EVENTS]
    assert server.end() == 0
    assert event_counts(server.folder, "acme") == dict.fromkeys(names, BATCH_EVENTS)


def unmetered(folder: Path, account: str) -> int:
    """Number of live events not metered yet, in a ledger that no process has open."""
    with duckdb.connect(str(folder / "accounts" / f"{account}.duckdb"), read_only=True) as connection:
        return connection.execute("SELECT count(*) FROM arrival").fetchall()[0][0]


def sent_at_once(server: LiveServer, key: str, *, order: list[str]) -> list[tuple[int, int]]:
    with ThreadPoolExecutor(max_workers=6) as pool:
        return list(pool.map(lambda name: resent(server, key, name=name), order))
