"""Files of a server and of commands, under the umask of most systems: readable by their owner alone."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.live_server import LiveServer, batch, serving

pytestmark = pytest.mark.faults


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def readable_by_others(*folders: Path) -> list[Path]:
    paths = [path for folder in folders for path in (folder, *folder.rglob("*"))]
    return [path for path in paths if path.lstat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)]


@pytest.mark.usefixtures("open_umask")
def test_no_file_or_folder_of_a_server_and_its_commands_can_be_used_by_others(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o700)
    with serving(tmp_path / "data") as server:
        key = server.account("acme")
        assert server.send(key, json.dumps(batch("first")).encode()).status == 200
        write_files(server, out)
        # The backup closed the file; now it has a log again.
        assert server.send(key, json.dumps(batch("second")).encode()).status == 200
        assert len(list(out.iterdir())) == 3
        assert (server.folder / "accounts" / "acme.duckdb.wal").exists()
        assert (server.folder / "people.sqlite3-wal").exists()
        assert readable_by_others(server.folder, out) == []
        assert "wrong" not in server.command("doctor", "--format", "csv")
    assert readable_by_others(tmp_path / "data", out) == []


def write_files(server: LiveServer, out: Path) -> None:
    period = ("--from", "2026-03-01", "--to", "2026-03-31")
    for name in ("rows.csv", "rows.xlsx"):
        server.command("sessions", "--account", "acme", *period, "-o", str(out / name))
    server.command("backup", str(out / "acme.backup"), "--account", "acme")
    server.command("user", "create", "ada@example.org", "--account", "acme", "--role", "owner")
