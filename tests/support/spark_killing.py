"""Tasks that kill the executor in which they run; a module of its own, which workers import."""

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botmeter.lake.engine import Engine


@dataclass(frozen=True)
class Killing:
    """A task that kills the executor in which its first attempt runs, after its work is done."""

    function: Callable[[Any], Any]
    mark: Path

    def __call__(self, task: Any) -> Any:
        outcome = self.function(task)
        if not self.mark.exists():
            self.mark.touch()
            os.kill(executor_above(os.getpid()), signal.SIGKILL)
        return outcome


def executor_above(process: int) -> int:
    while b"CoarseGrainedExecutorBackend" not in Path(f"/proc/{process}/cmdline").read_bytes():
        process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
        assert process > 1, "The task runs in no executor."
    return process


@dataclass
class KillingEngine:
    """The engine, but for one executor that is killed in each stage."""

    engine: Engine
    folder: Path
    stages: set[str]

    def run(self, function: Callable[[Any], Any], tasks: Sequence[Any]) -> list[Any]:
        name = function.__name__
        if tasks:
            self.stages.add(name)
        return self.engine.run(Killing(function=function, mark=self.folder / name), tasks)
