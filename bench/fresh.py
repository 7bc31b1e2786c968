"""Functions and programs run in their own process, with their costs.

A function runs as `python -m bench.fresh MODULE FUNCTION PARAMETERS` and prints a JSON object. Peak memory is the
child's alone, from `wait4`.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """Child that succeeded.

    Attributes:
        seconds: Wall time of the process.
        cpu_seconds: On all cores, with descendants.
        peak_mb: Peak resident memory, MB of 10^6 bytes.
        load: Load average of the last minute at its end.
        said: Standard output.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    load: float
    said: str

    @property
    def answer(self) -> dict[str, Any]:
        """JSON object on its last line."""
        found: dict[str, Any] = json.loads(self.said.splitlines()[-1])
        return found


def fresh(function: Callable[..., dict[str, Any]], **parameters: object) -> Ran:
    """Run `function`, defined at the top of a module, in a new process."""
    return ran([sys.executable, "-m", "bench.fresh", function.__module__, function.__name__, json.dumps(parameters)])


def botmeter(*arguments: str) -> Ran:
    """Run the program as users do."""
    script = Path(sys.executable).with_name("botmeter")
    start = [str(script)] if script.exists() else [sys.executable, "-m", "botmeter"]
    return ran([*start, *arguments])


def ran(command: list[str]) -> Ran:
    """Run a command.

    Raises:
        RuntimeError: Exit code other than 0; with its stderr.
    """
    places = [str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places))}
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
        started = time.perf_counter()
        child = subprocess.Popen(command, stdout=said, stderr=complained, env=environment)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        # Otherwise Popen waits for a child that is already gone.
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        complained.seek(0)
        if child.returncode:
            complaint = complained.read().decode(errors="replace")[-4000:]
            raise RuntimeError(f"{' '.join(command)[:300]} failed:\n{complaint}")
        # ru_maxrss is in KiB on Linux, in bytes on macOS.
        unit = 1 if sys.platform == "darwin" else 1024
        return Ran(
            seconds=seconds,
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            peak_mb=usage.ru_maxrss * unit / 1e6,
            load=os.getloadavg()[0],
            said=said.read().decode(),
        )


def main() -> None:
    """Run the function named by the arguments, in the child, and print its result."""
    module, function, parameters = sys.argv[1:]
    print(json.dumps(getattr(importlib.import_module(module), function)(**json.loads(parameters))))


if __name__ == "__main__":
    main()
