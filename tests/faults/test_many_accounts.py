"""A server with many accounts has few threads for each."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from tests.support.ledgers import NOW_US

from botmeter.domain.account import Account
from botmeter.domain.instant import present
from botmeter.ledger.folder import Folder
from botmeter.metering.policy import FRESHCHAT
from botmeter.people.links import digest_of
from support.live import message
from support.live_server import LiveServer, serving

pytestmark = pytest.mark.faults

EVENT = json.dumps([message("a")]).encode()
ACCOUNT_COUNT = 20
THREADS_OF_ACCOUNT = 3
"""Commits, metering and DuckDB's; there were eleven."""
THREADS_OF_SERVER = 40
"""At its start 31; pools of libraries grow by some when they are first used."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    path = tmp_path / "data"
    with Folder.owned(path, purpose="a test") as folder:
        for number in range(ACCOUNT_COUNT):
            folder.create(Account(name=f"account-{number}"), policy=FRESHCHAT, now_us=NOW_US)
    with serving(path) as started:
        with closing(sqlite3.connect(path / "people.sqlite3")) as people, people:
            people.executemany(
                "INSERT INTO people_apikey (account, name, start, digest, scopes, created_at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (f"account-{n}", "k", "bm_", digest_of(f"bm_{n}"), '["admin"]', present())
                    for n in range(ACCOUNT_COUNT)
                ],
            )
        yield started


def _open_files(server: LiveServer) -> int:
    targets = set()
    for each in Path(f"/proc/{server.worker}/fd").iterdir():
        # Of a connection that was closed meanwhile.
        with suppress(FileNotFoundError):
            targets.add(str(each.readlink()))
    return len([target for target in targets if target.endswith(".duckdb")])


def _threads(server: LiveServer) -> int:
    return sum(1 for _ in Path(f"/proc/{server.worker}/task").iterdir())


def test_an_account_takes_few_threads(server: LiveServer) -> None:
    for number in range(ACCOUNT_COUNT):
        assert server.send(f"bm_{number}", EVENT, content_type="application/json").json()["accepted"] == 1
    assert _threads(server) <= THREADS_OF_SERVER + THREADS_OF_ACCOUNT * ACCOUNT_COUNT
    for number in range(ACCOUNT_COUNT):
        path = f"/api/v1/accounts/account-{number}/reports/session-usage?from=2026-03-10&to=2026-03-10"
        answer = server.request("GET", path, authorization=f"Bearer bm_{number}")
        assert (answer.status, answer.json()["sessions_consumed"]) == (200, 1)
    assert _open_files(server) == ACCOUNT_COUNT
    assert _threads(server) <= THREADS_OF_SERVER + THREADS_OF_ACCOUNT * ACCOUNT_COUNT
