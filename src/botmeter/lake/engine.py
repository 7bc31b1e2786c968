"""Port through which a run has its tasks done, and the engine of one machine."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")


class Engine(Protocol):
    """Runs tasks, which are functions of plain values over files."""

    def run(self, function: Callable[[Task], Outcome], tasks: Sequence[Task]) -> list[Outcome]:
        """Outcome of each task, in their order."""


class Here:
    """Engine that runs tasks one after another in this process."""

    def run(self, function: Callable[[Task], Outcome], tasks: Sequence[Task]) -> list[Outcome]:
        return [function(task) for task in tasks]
