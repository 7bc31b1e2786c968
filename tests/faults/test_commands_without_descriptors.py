"""Commands of a server that has no file descriptors left."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from support.live_server import READY_SECONDS, LiveServer, serving

pytestmark = pytest.mark.faults
CHECK_SECONDS = 0.05
REPORT = "commands can't connect and wait"
# Of a connection, and of a connection and what the server needs before the command's own descriptors.
TOO_FEW = (1, 5)


def open_descriptors(process: int) -> set[int]:
    return {int(descriptor.name) for descriptor in Path(f"/proc/{process}/fd").iterdir()}


@contextmanager
def limited(process: int, *, free_count: int) -> Iterator[None]:
    """Leave a process this many descriptors during the `with`."""
    used = open_descriptors(process)
    free = (number for number in range(len(used) + free_count + 1) if number not in used)
    limits = resource.prlimit(process, resource.RLIMIT_NOFILE)
    resource.prlimit(process, resource.RLIMIT_NOFILE, ([*free][free_count], limits[1]))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_NOFILE, limits)


def cpu_seconds(process: int) -> float:
    user, system = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    with serving(tmp_path / "data") as made:
        made.account("acme")
        yield made


def test_commands_wait_for_descriptors_without_load_and_then_run(server: LiveServer) -> None:
    pause = Event()
    with limited(server.worker, free_count=0):
        waiting = server.begun("account", "list")
        for _ in range(int(READY_SECONDS / CHECK_SECONDS)):
            if REPORT in server.log:
                break
            pause.wait(CHECK_SECONDS)
        before = cpu_seconds(server.worker)
        pause.wait(1.0)
        spent = cpu_seconds(server.worker) - before
    with waiting:
        out, messages = waiting.communicate()
    assert (waiting.returncode, messages) == (0, "")
    assert "acme" in out
    assert server.log.count(REPORT) == 1
    assert spent < 0.3


def test_a_command_without_descriptors_for_it_is_refused_and_loses_none(server: LiveServer) -> None:
    open_before = len(open_descriptors(server.worker))
    for free_count in TOO_FEW:
        with limited(server.worker, free_count=free_count), server.begun("account", "list") as refused:
            out, messages = refused.communicate()
        assert (refused.returncode, out) == (1, "")
        assert "has too many open files to run a command. Nothing was changed" in messages  # server_out_of_descriptors
    assert len(open_descriptors(server.worker)) <= open_before
    assert "acme" in server.command("account", "list")
