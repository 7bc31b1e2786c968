"""A lost user database beside accounts that were in use: no command and no start takes it for a first start."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = pytest.mark.faults


def ran(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "botmeter", *arguments, "--data", str(data)]
    return subprocess.run(command, capture_output=True, check=False, text=True, timeout=60)


def prepared(data: Path, **more: bool) -> subprocess.CompletedProcess[str]:
    """The steps of `serve` before it listens; prints the link of the first start."""
    script = (
        "import pathlib; from botmeter.server.start import first_link, prepare;"
        f"prepare(pathlib.Path({str(data)!r}), url='http://127.0.0.1:1', host='127.0.0.1', **{more});"
        "print(first_link())"
    )
    return subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, text=True, timeout=60)


def test_a_lost_database_of_users_is_no_first_start(data: Path) -> None:
    people = data / "people.sqlite3"
    assert len(prepared(data).stdout) > 40
    people.unlink()
    refused = [ran(data, "user", "list"), ran(data, "serve", "--port", "1")]
    assert not people.exists()
    # As left by an earlier version, which made no mark.
    (data / "people.created").unlink()
    people.touch()
    refused.append(prepared(data))
    # As created by a server whose file was taken away.
    with closing(sqlite3.connect(people)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    refused.append(prepared(data))
    for each in refused:
        assert (each.returncode, each.stdout) == (1, "")
        assert "botmeter serve --new-users" in each.stderr  # people_missing
    people.write_bytes(b"noise" * 2_000)
    assert "can't be read" in ran(data, "serve", "--port", "1").stderr  # people_corrupt
    people.unlink()
    assert len(prepared(data, new_users=True).stdout) > 40
    assert "Leave out --new-users" in prepared(data, new_users=True).stderr  # people_exist
