"""`/readyz`: every reason for which nothing more should be sent, as a sentence."""

import os
from pathlib import Path

import pytest
from django.test import Client

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live import readiness

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_checks", {})


def said(client: Client) -> tuple[int, str]:
    answer = client.get("/readyz")
    return answer.status_code, answer.content.decode()


def test_a_server_with_nothing_against_it_is_ready(client: Client, ledgers: OpenLedgers) -> None:
    assert said(client) == (200, "ready\n")


def test_a_reason_that_was_added_is_told_for_as_long_as_it_holds(client: Client, ledgers: OpenLedgers) -> None:
    full: list[str | None] = ["The queue is full."]
    readiness.add("queue", lambda: full[0])
    readiness.add("other", lambda: None)
    assert said(client) == (503, "The queue is full.\n")
    full[0] = None
    assert said(client)[0] == 200
    full[0] = "The queue is full again."
    readiness.remove("queue")
    assert said(client)[0] == 200


def test_a_server_that_stops_is_alive_and_not_ready(client: Client, ledgers: OpenLedgers) -> None:
    readiness.stopping()
    assert said(client) == (503, "The server is stopping.\n")
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(("free_bytes", "status"), [(readiness.FREE_BYTES_MIN, 200), (99_999_999, 503), (0, 503)])
def test_a_disk_that_is_nearly_full_is_no_place_for_more(
    client: Client, ledgers: OpenLedgers, free_bytes: int, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Disk:
        f_frsize = 1
        f_bavail = free_bytes

    monkeypatch.setattr(os, "statvfs", lambda _: Disk)
    code, sentence = said(client)
    assert code == status
    assert status == 200 or "the least is 100 MB" in sentence


def test_a_folder_that_is_gone_is_told_without_its_path(tmp_path: Path) -> None:
    problem = readiness.disk_problem(tmp_path / "gone")
    assert problem == "The data folder can't be reached."
