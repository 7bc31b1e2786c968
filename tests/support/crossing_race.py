"""Two processes with eight threads each that cross one line of an alert."""

import subprocess
import sys
import threading
from pathlib import Path

from tests.support import crossing_process

import botmeter

PROCESSES = 2
_SECONDS = 120


def notifications_put(folder: Path, *, environment: dict[str, str]) -> int:
    """Let them cross it at once; return how many put the notification."""
    folder.mkdir(exist_ok=True)
    variables = {**environment, "BOTMETER_DATA": str(folder), "PYTHONPATH": str(Path(botmeter.__file__).parents[1])}
    # Not the script's folder, whose names would hide those of the standard library.
    command = [sys.executable, "-P", str(Path(crossing_process.__file__)), str(folder)]
    # The first one makes the database.
    started = []
    for number in range(PROCESSES):
        started.append(
            subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
        _wait_for(folder, number + 1, process=started[-1])
    (folder / "go").touch()
    outputs = [process.communicate(timeout=_SECONDS) for process in started]
    assert [process.returncode for process in started] == [0] * PROCESSES, outputs
    return sum(int(stdout) for stdout, _stderr in outputs)


def _wait_for(folder: Path, count: int, *, process: "subprocess.Popen[str]") -> None:
    pause = threading.Event()
    for _ in range(_SECONDS * 20):
        if len(list(folder.glob("ready-*"))) >= count:
            return
        assert process.poll() is None, process.communicate()
        pause.wait(0.05)
    raise AssertionError("The program did not start.")
