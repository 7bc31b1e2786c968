"""The log of a server that runs: every line of it, its engine's too, in the form that was asked for."""

import json
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from support.browsing import running_server

pytestmark = pytest.mark.faults


def test_every_line_of_a_server_s_log_is_json_from_its_start_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOTMETER_LOG_LEVEL", "info")
    monkeypatch.setenv("BOTMETER_LOG_LEVLE", "debug")
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    with running_server("serve", "--log-format", "json", folder=tmp_path / "data") as server:
        with closing(HTTPConnection(server.url.removeprefix("http://"), timeout=30)) as connection:
            connection.request("GET", "/sign-in?next=secret", headers={"X-Request-ID": "mine-1"})
            assert connection.getresponse().headers["X-Request-ID"] == "mine-1"
        secret = server.link.rpartition("/")[2]
    log = (tmp_path / "data.log").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in log.splitlines()]
    assert {"_granian", "botmeter.serve", "botmeter.access"} <= {line["logger"] for line in lines}
    warnings = [line["message"] for line in lines if line["message"].startswith("warning: ")]
    assert [sentence.split()[1] for sentence in warnings] == ["BOTMETER_LOG_LEVLE"]
    (own,) = (line for line in lines if line.get("request_id") == "mine-1")
    assert (own["route"], own["status"]) == ("sign-in", 200)
    assert "secret" not in log
    assert secret not in log
