"""Functions and programs run in their own process, with their costs.

A function runs as `python -m bench.fresh MODULE FUNCTION PARAMETERS` and prints a JSON object.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_LAUNCHED = Path(__file__).with_name("launched.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Child that succeeded.

    Attributes:
        seconds: Wall time of the process.
        cpu_seconds: On all cores, with descendants.
        peak_mb: Peak resident memory, MB of 10^6 bytes.
        load: Load average of the last minute at its end.
        stdout: Standard output.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    load: float
    stdout: str

    @property
    def answer(self) -> dict[str, Any]:
        """JSON object on its last line."""
        answer: dict[str, Any] = json.loads(self.stdout.splitlines()[-1])
        return answer


def fresh(function: Callable[..., dict[str, Any]], **parameters: object) -> Run:
    """Run `function`, defined at the top of a module, in a new process."""
    return run_command(
        [sys.executable, "-m", "bench.fresh", function.__module__, function.__name__, json.dumps(parameters)]
    )


def botmeter(*arguments: str) -> Run:
    """Run the program as users do."""
    script = Path(sys.executable).with_name("botmeter")
    start = [str(script)] if script.exists() else [sys.executable, "-m", "botmeter"]
    return run_command([*start, *arguments])


def run_python(script: str) -> Run:
    """Run a script in a new interpreter."""
    return run_command([sys.executable, "-c", script])


def run_command(command: list[str]) -> Run:
    """Run a command.

    Raises:
        RuntimeError: It could not be started, or ended with another exit code than 0; with its stderr.
    """
    paths = [str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    with (
        tempfile.NamedTemporaryFile() as report,
        tempfile.TemporaryFile() as stdout,
        tempfile.TemporaryFile() as stderr,
    ):
        launch = [sys.executable, "-S", str(_LAUNCHED), report.name]
        launched = subprocess.run([*launch, *command], stdout=stdout, stderr=stderr, env=environment, check=False)
        costs = {"exit_code": launched.returncode} if launched.returncode else json.load(report)
        stdout.seek(0)
        stderr.seek(0)
        if costs.pop("exit_code"):
            message = stderr.read().decode(errors="replace")[-4000:]
            raise RuntimeError(f"{' '.join(command)[:300]} failed:\n{message}")
        return Run(**costs, load=os.getloadavg()[0], stdout=stdout.read().decode())


def main() -> None:
    """Run the function named by the arguments, in the child, and print its result."""
    module, function, parameters = sys.argv[1:]
    print(json.dumps(getattr(importlib.import_module(module), function)(**json.loads(parameters))))


if __name__ == "__main__":
    main()
