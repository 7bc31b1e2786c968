"""`/readyz`: every reason for which nothing more should be sent, as a sentence."""

import os
from pathlib import Path

import pytest
from django.test import Client

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.queue import BYTES_MAX
from botmeter.live.server_state import ServerState, new_server_state
from botmeter.web.health import FREE_BYTES_MIN, disk_problem, ready
from support.server_state import request_with

pytestmark = pytest.mark.django_db


def readiness(client: Client) -> tuple[int, str]:
    answer = client.get("/readyz")
    return answer.status_code, answer.content.decode()


def test_a_server_without_a_problem_is_ready(client: Client, ledgers: OpenLedgers) -> None:
    assert readiness(client) == (200, "ready\n")


def test_a_server_whose_queue_is_full_is_not_ready(client: Client, state: ServerState) -> None:
    state.ingestion.capacity.size_bytes = BYTES_MAX
    assert readiness(client) == (503, "The queue of live events is full.\n")
    state.ingestion.capacity.size_bytes = 0
    assert readiness(client)[0] == 200


def test_a_stopping_server_is_alive_and_not_ready(client: Client, state: ServerState) -> None:
    state.stopping.set()
    assert readiness(client) == (503, "The server is stopping.\n")
    assert client.get("/healthz").status_code == 200


def test_a_server_without_open_ledgers_is_not_ready(client: Client) -> None:
    assert readiness(client)[0] == 503


def test_two_servers_in_one_process_answer_from_their_own_ledgers(state: ServerState) -> None:
    other = new_server_state(state.ledgers)
    other.stopping.set()
    assert ready(request_with(state)).status_code == 200
    assert ready(request_with(other)).status_code == 503


@pytest.mark.parametrize(("free_bytes", "status"), [(FREE_BYTES_MIN, 200), (99_999_999, 503), (0, 503)])
def test_a_server_with_a_nearly_full_disk_is_not_ready(
    client: Client, ledgers: OpenLedgers, free_bytes: int, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Disk:
        f_frsize = 1
        f_bavail = free_bytes

    monkeypatch.setattr(os, "statvfs", lambda _: Disk)
    code, sentence = readiness(client)
    assert code == status
    assert status == 200 or "100 MB is the minimum" in sentence


def test_a_missing_folder_is_reported_without_its_path(tmp_path: Path) -> None:
    problem = disk_problem(tmp_path / "gone")
    assert problem == "The data folder can't be read."
