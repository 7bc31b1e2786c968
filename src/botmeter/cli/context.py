"""Context of a command, its own process's or another's.

Nothing else in `cli` may use `sys` or read the environment.
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
    """Streams, folders, environment and interruption of a command.

    Attributes:
        program: `botmeter`, or a path.
        cwd: Start of relative paths; None: the process's.
        folder: The data folder, if owned by this process; None: the command opens it.
        interruption: None if signals stop the command.
        served_at: Public URL of the server that runs it; None without one.
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
    """Return the running command's context."""
    return _current.get(None) or of_process()


def of_process() -> CommandContext:
    """Return the process's context."""
    return CommandContext(
        stdin=sys.stdin, stdout=sys.stdout, stderr=sys.stderr, environment=own_environment(), program=sys.argv[0]
    )


@contextmanager
def in_context(context: CommandContext) -> Iterator[None]:
    """Run commands in this context."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)


def variable(name: str) -> str | None:
    """Return a variable; None if missing or empty."""
    return command_context().environment.get(name) or None


def located(path: Path) -> Path:
    """Resolve a path relative to the command's working folder."""
    cwd = command_context().cwd
    return path if cwd is None else cwd / path


def expanded(path: Path) -> Path:
    """Replace a leading `~` with the home folder."""
    if path.parts[:1] == ("~",):
        return Path(variable("HOME") or Path.home()).joinpath(*path.parts[1:])
    return path.expanduser()
