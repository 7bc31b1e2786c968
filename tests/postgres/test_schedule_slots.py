"""Two servers with data folders of their own, on one PostgreSQL, use each slot once."""

from pathlib import Path

import pytest

from botmeter.ledger.folder import Folder
from support.postgres import PostgresServer
from support.racing_schedules import SLOTS, used_slots


def test_sixteen_threads_of_two_processes_use_each_slot_once(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres.url)
    monkeypatch.setenv("BOTMETER_SECRET_KEY", "shared by both servers, fifty characters or more of it")
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        with Folder.owned(folder, purpose="a test"):
            pass
    assert used_slots(folders) == SLOTS
