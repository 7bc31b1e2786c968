"""Context of a command: its streams, working folder, environment, and what can interrupt it.

Usually they are the process's own. A command run for another process has that process's. Nothing else in `cli` may use
`sys` for streams or arguments, or read the environment.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from botmeter.domain.settings import Settings, own_environment

if TYPE_CHECKING:
    from botmeter.ledger.interruption import Interruption
    from botmeter.ledger.open_ledgers import SharedFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """Context of a command.

    Attributes:
        program: How it was called: `botmeter`, or a path to it.
        cwd: Start of relative paths; None for the process's own working folder.
        folder: The data folder that this process owns and shares; None if the command opens its own.
        interruption: Stops the command; None if signals do.
        served_at: Public URL of the server that runs it; None if none does.
    """

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environment: Mapping[str, str]
    program: str
    cwd: Path | None = None
    folder: "SharedFolder | None" = None
    interruption: "Interruption | None" = None
    served_at: str | None = None

    @property
    def settings(self) -> Settings:
        return Settings.from_environment(self.environment)


_current: ContextVar[CommandContext] = ContextVar("command_context")


def command_context() -> CommandContext:
    """Return the context of the running command."""
    return _current.get(None) or of_process()


def of_process() -> CommandContext:
    """Return the process's own context."""
    return CommandContext(
        stdin=sys.stdin, stdout=sys.stdout, stderr=sys.stderr, environment=own_environment(), program=sys.argv[0]
    )


@contextmanager
def in_context(context: CommandContext) -> Iterator[None]:
    """Run commands in this context until the `with` ends, in this thread and those that copy its context."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)


def variable(name: str) -> str | None:
    """Return a variable of the environment; None if it is missing or empty."""
    return command_context().environment.get(name) or None


def located(path: Path) -> Path:
    """Resolve a path of the command line, relative to where the command was called."""
    cwd = command_context().cwd
    return path if cwd is None else cwd / path


def expanded(path: Path) -> Path:
    """Replace a leading `~` with the home folder."""
    if path.parts[:1] == ("~",):
        return Path(variable("HOME") or Path.home()).joinpath(*path.parts[1:])
    return path.expanduser()
