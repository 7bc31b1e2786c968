"""Operations on a data folder, killed just before one of their system calls.

An operation runs in a process of its own; strace counts its calls, or ends it at one of them as `kill -9` would.
"""

import multiprocessing
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

import pytest

CALLS: Final = ("fsync", "fdatasync", "rename", "link", "unlink", "unlinkat", "ftruncate", "pwrite64")
"""Calls that change a file's content, name or length, or make it durable."""
_ENDS_WITHIN_SECONDS: Final = 60
_CONTEXT: Final = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.support.killable"])
_TRACED_CALL: Final = re.compile(r"^(\d+) +(\w+)\(", re.MULTILINE)

Acknowledge = Callable[[str], None]
Operation = Callable[[Path, Acknowledge], None]
"""Works on a folder, and acknowledges what it may no longer lose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KillPoint:
    """The nth call of this name in one thread; the call itself is not made."""

    call: str
    number: int

    def __str__(self) -> str:
        return f"{self.call}-{self.number}"

    def and_earlier(self) -> Iterator["KillPoint"]:
        """This one, then those at half of its calls each time, down to the first call."""
        number = self.number
        while number:
            yield KillPoint(call=self.call, number=number)
            number //= 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """End of an operation.

    Attributes:
        acknowledged: In order.
    """

    was_killed: bool
    acknowledged: tuple[str, ...]


def require_strace() -> None:
    """Skip where there is no strace, or the system forbids tracing; in CI a missing one is a failure."""
    if shutil.which("strace") is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs strace.")
        pytest.skip("strace is not installed")
    traced = subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, text=True, check=False)
    if traced.returncode:
        pytest.skip(f"the system forbids tracing: {traced.stderr.strip()}")


def kill_points(operation: Operation, folder: Path, *, calls: Sequence[str] = CALLS) -> list[KillPoint]:
    """Points of an operation, which is run to its end; of each call in turn."""
    trace = folder.with_suffix(".trace")
    with _started(operation, folder) as process:
        process.run(["-e", f"trace={','.join(calls)}", "-o", str(trace)])
    counts = Counter(_TRACED_CALL.findall(trace.read_text()))
    most = {call: max((count for (_, name), count in counts.items() if name == call), default=0) for call in calls}
    return [
        KillPoint(call=call, number=number)
        for number in range(1, max(most.values()) + 1)
        for call in calls
        if number <= most[call]
    ]


def kill_at_most(points: Sequence[KillPoint], *, most: int, is_killed_at: Callable[[KillPoint], bool]) -> None:
    """Try so many of the points, the first and the last included; fail if a quarter of them is never reached.

    A thread that another one outran makes fewer calls than when they were counted, so an earlier one is tried instead.
    """
    count = min(most, len(points))
    chosen = [points[number * (len(points) - 1) // max(1, count - 1)] for number in range(count)]
    killed = sum(any(is_killed_at(each) for each in point.and_earlier()) for point in chosen)
    assert killed > count * 3 // 4


def killed_at(point: KillPoint, operation: Operation, *, folder: Path) -> Ended:
    """Run the operation until that point; an operation that does not come there ends by itself."""
    inject = f"inject={point.call}:signal=SIGKILL:when={point.number}"
    with _started(operation, folder) as process:
        return process.run(["-e", f"trace={point.call}", "-e", inject, "-o", os.devnull])


@contextmanager
def _started(operation: Operation, folder: Path) -> Iterator["_Traced"]:
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_work, args=(operation, folder), kwargs={"pipe": theirs})
    process.start()
    theirs.close()
    try:
        yield _Traced(process=process, pipe=ours)
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()


def _work(operation: Operation, folder: Path, *, pipe: Connection) -> None:
    pipe.recv()
    operation(folder, pipe.send)
    pipe.send(None)
    # Without cleaning up: what strace should end is the operation, not the interpreter.
    os._exit(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Traced:
    process: ForkServerProcess
    pipe: Connection

    def run(self, options: list[str]) -> Ended:
        command = ["strace", "-f", *options, "-p", str(self.process.pid)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
            assert strace.stderr is not None
            assert "attached" in strace.stderr.readline()
            self.pipe.send("go")
            acknowledged = tuple(self._received())
            self.process.join(_ENDS_WITHIN_SECONDS)
            assert self.process.exitcode is not None, "The operation did not end."
        assert self.process.exitcode in {0, -9}, f"The operation failed with {self.process.exitcode}."
        return Ended(was_killed=self.process.exitcode != 0, acknowledged=acknowledged)

    def _received(self) -> Iterator[str]:
        try:
            while self.pipe.poll(_ENDS_WITHIN_SECONDS):
                acknowledgement = self.pipe.recv()
                if acknowledgement is None:
                    return
                yield acknowledgement
        except (EOFError, ConnectionResetError):
            return
