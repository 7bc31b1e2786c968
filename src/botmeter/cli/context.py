"""Where a command meets its surroundings: its streams, working folder, environment, and who may stop it.

Usually they are the process's own. A command that is run for another process has that one's. Nothing else in
`cli` may look at `sys` or `os.environ` for them.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from botmeter.ledger.interruption import Interruption
    from botmeter.ledger.open_ledgers import SharedFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """What a command finds around it.

    Attributes:
        stdin: Where it reads if it is told to.
        stdout: Where its data go.
        stderr: Where its talk goes.
        environment: The variables.
        program: How it was called: `botmeter`, or a path to it.
        cwd: Where relative paths begin; None: at the process's own working folder.
        folder: The data folder that this process owns and shares; None: a command opens its own.
        interruption: What stops it; None: the process's signals do.
        served_at: The address of the server that runs it; None: none does.
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


_present: ContextVar[CommandContext] = ContextVar("surroundings")


def command_context() -> CommandContext:
    """The surroundings of the command that is being run."""
    found = _present.get(None)
    return found if found is not None else of_process()


def of_process() -> CommandContext:
    """The process's own, as they are at this moment."""
    return CommandContext(
        stdin=sys.stdin, stdout=sys.stdout, stderr=sys.stderr, environment=os.environ, program=sys.argv[0]
    )


@contextmanager
def in_context(found: CommandContext) -> Iterator[None]:
    """Commands find `found` around them until the end of the `with`, in this thread and those that copy its context."""
    token = _present.set(found)
    try:
        yield
    finally:
        _present.reset(token)


def variable(name: str) -> str | None:
    """The environment's value; None where there is none or it is empty."""
    return command_context().environment.get(name) or None


def located(path: Path) -> Path:
    """The file that a person means by `path`: relative ones begin where the command was called."""
    cwd = command_context().cwd
    return path if cwd is None else cwd / path


def home() -> Path:
    """The person's home folder."""
    named = variable("HOME")
    return Path(named) if named else Path.home()


def expanded(path: Path) -> Path:
    """`path` with a leading `~` as the person's home folder."""
    if path.parts[:1] == ("~",):
        return home().joinpath(*path.parts[1:])
    return path.expanduser()
