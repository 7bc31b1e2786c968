"""Context of a command; nothing else in `cli` may use `sys` or read the environment."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from botmeter.domain.settings import own_environment
from botmeter.server.command_context import CommandContext

if TYPE_CHECKING:
    from botmeter.lake.root import LakeRoot

COMMAND_LINE = "command line"
"""Recorded as the author of changes made by a command."""

_current: ContextVar[CommandContext] = ContextVar("command_context")


def command_context() -> CommandContext:
    """Context of the running command."""
    return _current.get(None) or of_process()


def of_process() -> CommandContext:
    """Context of the process."""
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
    """Variable; None if missing or empty."""
    return command_context().environment.get(name) or None


def located(path: Path) -> Path:
    """Resolve a path relative to the command's working folder."""
    cwd = command_context().cwd
    return path if cwd is None else cwd / path


def lake_root(address: str) -> "LakeRoot":
    """Lake at an address; a relative folder is resolved as `located` does."""
    from botmeter.lake.root import LakeRoot

    is_folder = bool(address) and "://" not in address
    return LakeRoot.at(str(located(Path(address))) if is_folder else address)


def read_file(path: Path, *, bytes_max: int) -> bytes:
    """Read the start of a file, or of stdin (`-`); raises `OSError` or `ValueError`."""
    if str(path) == "-":
        return command_context().stdin.buffer.read(bytes_max)
    with located(path).open("rb") as file:
        return file.read(bytes_max)


def reason_of(problem: OSError | ValueError, *, otherwise: str) -> str:
    """The system's reason, or `otherwise` for a `ValueError`."""
    return problem.strerror or str(problem) if isinstance(problem, OSError) else otherwise


def expanded(path: Path) -> Path:
    """Replace a leading `~` with the home folder."""
    if path.parts[:1] == ("~",):
        return Path(variable("HOME") or Path.home()).joinpath(*path.parts[1:])
    return path.expanduser()
