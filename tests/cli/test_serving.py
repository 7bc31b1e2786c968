"""`serve`: what it refuses before it starts, and what its first start leaves in the data folder."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from botmeter.cli.context import in_context, of_process
from botmeter.cli.main import exit_code
from botmeter.domain.errors import Unavailable
from botmeter.ledger.folder import Folder
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.server.start import serve
from support.browsing import running_server


def test_a_port_in_use_is_refused_by_number() -> None:
    with socket.socket() as used:
        used.bind(("127.0.0.1", 0))
        used.listen()
        port = used.getsockname()[1]
        with pytest.raises(Unavailable, match=f"Can't listen on port {port} of 127.0.0.1") as refused:
            serve(host="127.0.0.1", port=port, ready=lambda: None)
    assert refused.value.code == "port_in_use"


def test_a_served_folder_is_not_served_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Folder.owned(tmp_path, purpose="tests") as folder:
        ledgers = OpenLedgers(folder)
        with in_context(replace(of_process(), folder=SharedFolder(ledgers))):
            code = exit_code(["serve", "--data", str(tmp_path)])
        ledgers.close()
    assert code == 1
    assert "is already running" in capsys.readouterr().err  # server_running


def test_all_wrong_settings_end_the_start_at_once_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOTMETER_URL", "tools.example")
    monkeypatch.setenv("BOTMETER_MEMORY", "lots")
    monkeypatch.setenv("BOTMETER_LOG_LEVLE", "info")
    assert exit_code(["serve", "--data", str(tmp_path / "data")]) == 2  # setting_invalid
    warning, *errors = capsys.readouterr().err.splitlines()
    assert warning == "warning: BOTMETER_LOG_LEVLE is not a setting and has no effect. Did you mean BOTMETER_LOG_LEVEL?"
    assert [line.partition(",")[0] for line in errors] == [
        "error: BOTMETER_URL is 'tools.example'",
        "BOTMETER_MEMORY is 'lots'",
    ]
    assert not (tmp_path / "data").exists()


@pytest.mark.slow
def test_a_database_of_users_that_can_t_be_opened_ends_the_start_with_a_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "botmeter", "serve", "--data", str(tmp_path / "data")]
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/missing/people.sqlite3"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert ran.returncode == 1
    assert ran.stderr.startswith("error: The user database does not answer: ")  # people_unavailable
    assert not list((tmp_path / "data").glob("logs/*"))


@pytest.mark.slow
def test_secrets_of_the_first_start_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    script = (
        "import json, sys; from pathlib import Path; from botmeter.server.start import first_link, prepare;"
        f"folder = Path({str(tmp_path)!r}); prepare(folder, url='http://127.0.0.1:1', host='127.0.0.1');"
        "first = first_link();"
        "modes = {file.name: oct(file.stat().st_mode & 0o777) for file in folder.iterdir() if file.is_file()};"
        "print(json.dumps([bool(first), modes]))"
    )
    # The settings of tests have a key of their own.
    plain = {name: value for name, value in os.environ.items() if name != "BOTMETER_SECRET_KEY"}
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True, env=plain)
    has_link, modes = json.loads(ran.stdout)
    assert has_link
    assert {modes["people.sqlite3"], modes["secret.key"]} == {"0o600"}


@pytest.mark.slow
def test_a_mail_server_that_does_not_answer_is_reported_once_the_server_runs(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        mail = f"smtp://127.0.0.1:{closed.getsockname()[1]}"
        with running_server("serve", folder=tmp_path / "data", variables={"BOTMETER_MAIL": mail}) as server:
            lines = lines_of_log(tmp_path / "data.log", until="warning: ")
            assert urllib.request.urlopen(server.at("/healthz")).status == 200  # noqa: S310 - our own server
    assert "does not answer as expected (Connection refused)" in lines[-1]


def lines_of_log(file: Path, *, until: str) -> list[str]:
    """Lines of a growing log up to one that starts so."""
    with file.open(encoding="utf-8") as log:
        lines: list[str] = []
        end, pause = time.monotonic() + 30, threading.Event()
        while not any(line.startswith(until) for line in lines):
            assert time.monotonic() < end, lines
            pause.wait(0.05)
            lines += log.readlines()
        return lines
