"""Commands forwarded to the server that owns the folder, before they read or ask for anything."""

import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import UnsupportedOperation
from pathlib import Path
from typing import Any, TextIO

from botmeter import __version__
from botmeter.cli.context import command_context
from botmeter.cli.data_dir import data_folder
from botmeter.domain.errors import Conflict, Unavailable
from botmeter.ledger.folder_files import is_free
from botmeter.server import owner_socket

_VARIABLES = frozenset({"COLORTERM", "COLUMNS", "HOME", "LINES", "NO_COLOR", "NUMBA_CACHE_DIR", "PATH", "TERM"})
_PREFIXES = ("BOTMETER_", "XDG_")
_RETRY_SECONDS = 0.05
# An owner that accepted sends its version at once, unless suspended or swapped out.
_GREETING_SECONDS = 30.0


def code_from_server(data: Path | None, *, arguments: Sequence[str]) -> int | None:
    """Run the command in the folder's server; return its exit code, or None to run here.

    Args:
        arguments: Without the program.

    Raises:
        Conflict: `server_other_version`.
        Unavailable: `server_gone`, `server_out_of_descriptors`, `server_silent`.
    """
    if command_context().folder is not None:
        return None
    folder = data_folder(data)
    server = _server(folder)
    if server is None:
        return None
    with server:
        for stream in (command_context().stdout, command_context().stderr):
            stream.flush()
        try:
            return _code(server, folder=folder, arguments=arguments)
        except ConnectionError:
            raise Unavailable(
                "server_gone",
                f"The server that owns {folder} ended before the command did. Acknowledged changes are kept, the "
                "others were undone. Try again.",
            ) from None


def _server(folder: Path) -> socket.socket | None:
    """Connect to a server, which may be starting; None once the folder is free."""
    end = time.monotonic() + command_context().settings.wait_seconds
    while True:
        server = owner_socket.connected(folder)
        if server is not None or is_free(folder) or time.monotonic() >= end:
            return server
        time.sleep(_RETRY_SECONDS)


def _code(server: socket.socket, *, folder: Path, arguments: Sequence[str]) -> int:
    server.settimeout(_GREETING_SECONDS)
    try:
        greeting, _ = owner_socket.received(server)
    except TimeoutError:
        raise Unavailable(
            "server_silent",
            f"The server that owns {folder} has not answered for {_GREETING_SECONDS:g} seconds. Nothing was changed. "
            "Try again, or see its log.",
        ) from None
    server.settimeout(None)
    if greeting["botmeter"] != __version__:
        raise Conflict(
            "server_other_version",
            f"The server that owns {folder} is Botmeter {greeting['botmeter']}, and this command is Botmeter "
            f"{__version__}. Use the same version, or restart the server.",
        )
    context = command_context()
    streams = (context.stdin, context.stdout, context.stderr)
    request = {
        "arguments": list(arguments),
        "program": context.program,
        "cwd": str(context.cwd or Path.cwd()),
        "environment": {
            name: value
            for name, value in context.environment.items()
            if name in _VARIABLES or name.startswith(_PREFIXES)
        },
        "streams": [{"encoding": stream.encoding, "errors": stream.errors} for stream in streams],
    }
    # A server that refuses the command answers and closes without reading it.
    with _descriptors(streams) as descriptors, suppress(ConnectionError):
        owner_socket.send(server, request, descriptors=descriptors)
    answer = _answer(server)
    if "exit_code" not in answer:
        raise Unavailable(
            "server_out_of_descriptors",
            f"The server that owns {folder} has too many open files to run a command. Nothing was changed; try again, "
            "or raise its limit of open files.",
        )
    return int(answer["exit_code"])


def _answer(server: socket.socket) -> dict[str, Any]:
    while True:
        try:
            answer, _ = owner_socket.received(server)
            return dict(answer)
        except KeyboardInterrupt:
            # The server rolls back, reports it, and answers.
            with suppress(OSError):
                owner_socket.send(server, "stop")


@contextmanager
def _descriptors(streams: Sequence[TextIO]) -> Iterator[tuple[int, ...]]:
    null_device = os.open(os.devnull, os.O_RDWR)
    try:
        yield tuple(_descriptor(stream, default=null_device) for stream in streams)
    finally:
        os.close(null_device)


def _descriptor(stream: TextIO, *, default: int) -> int:
    try:
        return stream.fileno()
    except (UnsupportedOperation, ValueError):
        return default
