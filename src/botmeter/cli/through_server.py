"""Commands forwarded to the server that owns the folder, before they read or ask for anything."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import UnsupportedOperation
from pathlib import Path
from typing import Any, TextIO

from botmeter.cli.context import command_context
from botmeter.cli.data_dir import data_folder
from botmeter.server import owner_client, owner_socket

_VARIABLES = frozenset({"COLORTERM", "COLUMNS", "HOME", "LINES", "NO_COLOR", "NUMBA_CACHE_DIR", "PATH", "TERM"})
_PREFIXES = ("BOTMETER_", "XDG_")


def code_from_server(data: Path | None, *, arguments: Sequence[str]) -> int | None:
    """Run the command in the folder's server; return its exit code, or None to run here.

    Args:
        arguments: Without the program.

    Raises:
        Conflict, Unavailable: As `owner_client`.
    """
    context = command_context()
    if context.folder is not None:
        return None
    folder = data_folder(data)
    server = owner_client.connected(folder, wait_seconds=context.settings.wait_seconds)
    if server is None:
        return None
    with server:
        for stream in (context.stdout, context.stderr):
            stream.flush()
        with _descriptors((context.stdin, context.stdout, context.stderr)) as descriptors:
            owner_client.send_request(server, _request(arguments), descriptors=descriptors, folder=folder)
        return int(_answer(server, folder=folder)["exit_code"])


def _request(arguments: Sequence[str]) -> dict[str, Any]:
    context = command_context()
    return {
        "arguments": list(arguments),
        "program": context.program,
        "cwd": str(context.cwd or Path.cwd()),
        "environment": {
            name: value
            for name, value in context.environment.items()
            if name in _VARIABLES or name.startswith(_PREFIXES)
        },
        "streams": [
            {"encoding": stream.encoding, "errors": stream.errors}
            for stream in (context.stdin, context.stdout, context.stderr)
        ],
    }


def _answer(server: socket.socket, *, folder: Path) -> dict[str, Any]:
    while True:
        try:
            return owner_client.answer_of(server, folder=folder)
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
