"""The client in programs of their own, which end, fork and are killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.stand_in_server import StandIn

import botmeter
from botmeter.client import ClientSettings, Meter

pytestmark = pytest.mark.faults

START = """
import os, sys, threading
from pathlib import Path
from botmeter.client import ClientSettings, Meter
url, folder = sys.argv[1:]
troubled = threading.Event()
settings = ClientSettings(spill_folder=Path(folder), on_trouble=lambda trouble: troubled.set())
meter = Meter(url, "bm_of_a_test", settings=settings)
def say(event_id, conversation="c1"):
    meter.message(event_id=event_id, conversation_id=conversation, customer_id="ada", actor="customer")
"""


@pytest.fixture
def server() -> Iterator[StandIn]:
    with StandIn().serving() as server:
        yield server


def started(program: str, *, url: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", START + program, url, str(folder)],
        env={**os.environ, "PYTHONPATH": str(Path(botmeter.__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(program: str, *, url: str, folder: Path) -> None:
    process = started(program, url=url, folder=folder)
    _, output = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert "Traceback" not in output


def nobody() -> str:
    server = StandIn()
    with server.serving():
        """The port is known, and free again."""
    return server.url


def delivered(server: StandIn, folder: Path) -> list[str]:
    """Events on the server after a client has started on the folder and sent those that waited there."""
    with Meter(server.url, "bm_of_a_test", settings=ClientSettings(spill_folder=folder)) as meter:
        assert meter.flush(30)
    return list(server.intake.events)


def test_a_program_that_just_ends_has_sent_its_last_events(server: StandIn, tmp_path: Path) -> None:
    run("say('a'); say('b')", url=server.url, folder=tmp_path)
    assert list(server.intake.events) == ["a", "b"]


def test_a_program_that_ends_without_a_server_leaves_its_events_for_the_next_one(
    server: StandIn, tmp_path: Path
) -> None:
    run("say('a'); say('b')", url=nobody(), folder=tmp_path)
    run("say('c')", url=server.url, folder=tmp_path)
    assert list(server.intake.events) == ["a", "b", "c"]


def test_a_program_that_is_killed_loses_nothing_that_had_to_wait(server: StandIn, tmp_path: Path) -> None:
    program = (
        "[say(f'e{n:04d}') for n in range(1_000)]; troubled.wait(); print('kept', flush=True); threading.Event().wait()"
    )
    process = started(program, url=nobody(), folder=tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "kept\n"
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert delivered(server, tmp_path) == [f"e{number:04d}" for number in range(1_000)]


def test_a_forked_child_sends_its_own_events_and_the_parent_its_own(server: StandIn, tmp_path: Path) -> None:
    program = """
say("parent-1", "p")
child = os.fork()
if child == 0:
    say("child-1", "c")
    say("child-2", "c")
    sys.exit(0)
say("parent-2", "p")
assert os.waitpid(child, 0)[1] == 0
"""
    run(program, url=server.url, folder=tmp_path)
    assert sorted(server.intake.events) == ["child-1", "child-2", "parent-1", "parent-2"]
    assert sum(map(len, server.intake.requests)) == 4, "Nothing was sent by both."


def test_a_forked_child_that_says_nothing_leaves_the_parents_folder_alone(server: StandIn, tmp_path: Path) -> None:
    program = """
say("a")
assert troubled.wait()
child = os.fork()
if child == 0:
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
assert meter.status().spilled_bytes > 0
"""
    run(program, url=nobody(), folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["slot-001"]
    assert delivered(server, tmp_path) == ["a"]


def test_processes_that_share_a_folder_lose_nothing_to_one_another(server: StandIn, tmp_path: Path) -> None:
    url = nobody()
    program = "[say(f'{os.getpid()}-{n}') for n in range(100)]; assert troubled.wait()"
    processes = [started(program, url=url, folder=tmp_path) for _ in range(4)]
    for process in processes:
        _, output = process.communicate(timeout=60)
        assert process.returncode == 0, output
    expected = {f"{process.pid}-{number}" for process in processes for number in range(100)}
    assert set(delivered(server, tmp_path)) == expected
