"""Requests of other processes to the owner of a data folder."""

import io
import os
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botmeter import __version__
from botmeter.domain.errors import Conflict, NotAllowed, Unavailable
from botmeter.ledger.folder_files import is_free
from botmeter.server import owner_socket
from botmeter.server.answer_errors import raise_error_in

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_RETRY_SECONDS = 0.05
# An owner that accepted sends its version at once, unless suspended or swapped out.
_GREETING_SECONDS = 30.0
# A link with the default address is better than a long wait for one that is suspended.
_ADDRESS_SECONDS = 2.0


def connected(folder: Path, *, wait_seconds: float) -> socket.socket | None:
    """Connect to a server, which may be starting; None once the folder is free, or after the wait."""
    end = time.monotonic() + wait_seconds
    while True:
        server = owner_socket.connected(folder)
        if server is not None or is_free(folder) or time.monotonic() >= end:
            return server
        time.sleep(_RETRY_SECONDS)


def served_at(folder: Path) -> str | None:
    """Public URL of the folder's server; None without one, or if it doesn't answer."""
    # Another user's server is none of ours, and the commands that ask need no server.
    with suppress(NotAllowed, OSError):
        server = owner_socket.connected(folder)
        if server is not None:
            with server:
                server.settimeout(_ADDRESS_SECONDS)
                return owner_socket.received(server)[0].get("served_at") or None
    return None


def send_request(server: socket.socket, request: dict[str, Any], *, descriptors: Sequence[int], folder: Path) -> None:
    """Send a request with its standard streams.

    Raises:
        Conflict: `server_other_version`.
        Unavailable: `server_gone`, `server_silent`.
    """
    server.settimeout(_GREETING_SECONDS)
    try:
        greeting, _ = owner_socket.received(server)
    except TimeoutError:
        raise Unavailable(
            "server_silent",
            f"The server that owns {folder} has not answered for {_GREETING_SECONDS:g} seconds. Nothing was changed. "
            "Try again, or see its log.",
        ) from None
    except ConnectionError:
        raise server_gone(folder) from None
    server.settimeout(None)
    if greeting["botmeter"] != __version__:
        raise Conflict(
            "server_other_version",
            f"The server that owns {folder} is Botmeter {greeting['botmeter']}, and this program is Botmeter "
            f"{__version__}. Use the same version, or restart the server.",
        )
    # A server that refuses the request answers and closes without reading it.
    with suppress(ConnectionError):
        owner_socket.send(server, request, descriptors=tuple(descriptors))


def answer_of(server: socket.socket, *, folder: Path) -> dict[str, Any]:
    """Wait for the answer.

    Raises:
        Unavailable: `server_gone`, `server_out_of_descriptors`.
    """
    try:
        answer, _ = owner_socket.received(server)
    except ConnectionError:
        raise server_gone(folder) from None
    if "is_refused" in answer:
        raise Unavailable(
            "server_out_of_descriptors",
            f"The server that owns {folder} has too many open files to run a command. Nothing was changed; try again, "
            "or raise its limit of open files.",
        )
    return dict(answer)


def server_gone(folder: Path) -> Unavailable:
    """Error of a server that ended."""
    return Unavailable(
        "server_gone",
        f"The server that owns {folder} ended before it answered. Acknowledged changes are kept, the others were "
        "undone. Try again.",
    )


class AnswerStream(io.RawIOBase):
    """Bytes of an answer; an error of the owner is raised at their end. Closing it stops the owner."""

    def __init__(self, server: socket.socket, question: object, *, folder: Path) -> None:
        """Send the question over a connection, which the stream owns."""
        self._server, self._folder, self._is_complete = server, folder, False
        self._pipe, theirs = os.pipe()
        null_device = os.open(os.devnull, os.O_RDWR)
        request = {"question": question, "streams": [{"encoding": "utf-8", "errors": "strict"}] * 3}
        try:
            send_request(server, request, descriptors=(null_device, theirs, null_device), folder=folder)
        except BaseException:
            self.close()
            raise
        finally:
            os.close(theirs)
            os.close(null_device)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        count = os.readv(self._pipe, [buffer])
        if not count and not self._is_complete:
            raise_error_in(answer_of(self._server, folder=self._folder))
            self._is_complete = True
        return count

    def close(self) -> None:
        if not self.closed:
            super().close()
            os.close(self._pipe)
            self._server.close()
