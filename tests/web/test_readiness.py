"""Readiness: every reason for which nothing more should be sent, as a sentence."""

import os
from pathlib import Path
from typing import NoReturn

import pytest
from django.db import OperationalError, connection

from botmeter.live.queue import BYTES_MAX
from botmeter.live.server_state import ServerState, new_server_state
from botmeter.web.health import FREE_BYTES_MIN, disk_problem, readiness_problem
from botmeter.web.notifications.rendering import render

pytestmark = pytest.mark.django_db


def test_a_server_without_a_problem_is_ready(state: ServerState) -> None:
    assert readiness_problem(state) is None


def test_a_server_whose_queue_is_full_is_not_ready(state: ServerState) -> None:
    state.ingestion.capacity.size_bytes = BYTES_MAX
    assert readiness_problem(state) == "The queue of live events is full."
    state.ingestion.capacity.size_bytes = 0
    assert readiness_problem(state) is None


def test_a_stopping_server_is_not_ready(state: ServerState) -> None:
    state.stopping.set()
    assert readiness_problem(state) == "The server is stopping."


def test_two_servers_in_one_process_answer_from_their_own_ledgers(state: ServerState) -> None:
    other = new_server_state(state.ledgers, render=render)
    other.stopping.set()
    assert readiness_problem(state) is None
    assert readiness_problem(other) is not None


def test_a_server_is_not_ready_while_the_database_of_people_is_down(state: ServerState) -> None:
    def unanswered(*_: object) -> NoReturn:
        raise OperationalError

    with connection.execute_wrapper(unanswered):
        assert readiness_problem(state) == "The user database does not answer."


@pytest.mark.parametrize(("free_bytes", "is_ready"), [(FREE_BYTES_MIN, True), (99_999_999, False), (0, False)])
def test_a_server_with_a_nearly_full_disk_is_not_ready(
    state: ServerState, free_bytes: int, is_ready: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Disk:
        f_frsize = 1
        f_bavail = free_bytes

    monkeypatch.setattr(os, "statvfs", lambda _: Disk)
    problem = readiness_problem(state)
    assert (problem is None) is is_ready
    assert is_ready or "100 MB is the minimum" in str(problem)


def test_a_missing_folder_is_reported_without_its_path(tmp_path: Path) -> None:
    problem = disk_problem(tmp_path / "gone")
    assert problem == "The data folder can't be read."
