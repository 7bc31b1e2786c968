"""A killed erasure is finished by the server's next worker, in the ledger and in the people's database."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.live import message
from support.live_server import LiveServer, serving

pytestmark = pytest.mark.faults
CUSTOMER = "customer-SECRET-1"
DEADLINE_SECONDS = 30
POLL_SECONDS = 0.05


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    with serving(tmp_path / "data") as made:
        yield made


def wait_until(is_done: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(DEADLINE_SECONDS / POLL_SECONDS)):
        if is_done():
            return
        pause.wait(POLL_SECONDS)
    raise AssertionError


def doctor_detail(server: LiveServer) -> str:
    """Detail of the check of the account."""
    with server.begun("doctor", "--account", "acme", "--format", "json") as running:
        checks = json.loads(running.communicate()[0])
    return str(next(check["detail"] for check in checks if check["check"] == "account acme"))


def files_with(folder: Path, text: str) -> set[str]:
    """Files of a data folder that contain a text anywhere, free pages included."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)) for path in files if text.encode() in path.read_bytes()}


def test_a_killed_erasure_leaves_the_customer_nowhere_once_the_server_is_back(server: LiveServer) -> None:
    key = server.account("acme")
    events = [message("e1", "2026-03-10T10:00:00Z", customer_id=CUSTOMER)]
    assert server.send(key, json.dumps(events).encode()).status == 200
    export = f"/api/v1/accounts/acme/sessions/export?format=csv&customer={CUSTOMER}"
    assert server.request("GET", export, authorization=f"Bearer {key}").status == 200
    people = server.folder / "people.sqlite3"
    flag = server.folder / "accounts" / "acme.erasure"
    with closing(sqlite3.connect(people, isolation_level=None)) as other:
        # The people's database can't be written to, so that the erasure waits between its two stores.
        other.execute("BEGIN IMMEDIATE")
        with server.begun("erase", CUSTOMER, "--account", "acme", "--yes") as erasing:
            wait_until(lambda: "an erasure is unfinished" in doctor_detail(server))
            server.kill_worker()
            erasing.communicate()
        assert erasing.returncode != 0
        other.rollback()
    server.wait_ready(is_revived=True)
    wait_until(lambda: not flag.exists())
    server.command("verify", "--account", "acme")
    server.end()
    assert files_with(server.folder, CUSTOMER) == set()
