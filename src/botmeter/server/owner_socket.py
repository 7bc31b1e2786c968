"""The socket by which the owner of a data folder is reached: where it is, who may use it, how messages are cut.

`owner.socket` lies in the data folder and is its owner's alone. The owner says its version first. Then comes the
command as JSON, together with the three descriptors that it reads from and writes to; the answer is its exit code.
"""

import json
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from botmeter.domain.errors import NotAllowed

NAME = "owner.socket"
# What a socket's address can hold on every system that we run on, with its end.
ADDRESS_BYTES_MAX = 103
_DESCRIPTORS = Path("/proc/self/fd")
_LENGTH = struct.Struct(">I")
_PIECE_BYTES = 1 << 16
# A command line is at most 2 MiB on Linux; JSON can write a byte as six letters.
MESSAGE_BYTES_MAX = 16 << 20
_CREDENTIALS = struct.Struct("3i")


@contextmanager
def bound(folder: Path) -> Iterator[socket.socket]:
    """The owner's end, listening until the end of the `with`; what an owner left that was killed is replaced.

    Raises:
        NotAllowed: `folder_path_too_long`.
    """
    import tempfile

    with socket.socket(socket.AF_UNIX) as listener:
        # In a folder that nobody else can enter, so that nobody connects before the mode is set.
        private = Path(tempfile.mkdtemp(prefix=".owner-", dir=folder))
        try:
            with _address(private / "s") as address:
                listener.bind(address)
            (private / "s").chmod(0o600)
            listener.listen()
            (private / "s").rename(folder / NAME)
        finally:
            (private / "s").unlink(missing_ok=True)
            private.rmdir()
        try:
            yield listener
        finally:
            with suppress(OSError):
                (folder / NAME).unlink()


def connected(folder: Path) -> socket.socket | None:
    """A connection to the folder's owner; None if nobody listens there.

    Raises:
        NotAllowed: `server_other_user`, `folder_path_too_long`.
    """
    path = folder / NAME
    if not path.exists():
        return None
    connection = socket.socket(socket.AF_UNIX)
    try:
        with _address(path) as address:
            connection.connect(address)
    except (FileNotFoundError, ConnectionError):
        # Left by an owner that was killed.
        connection.close()
        return None
    except PermissionError:
        connection.close()
        raise _other_user(folder) from None
    except BaseException:
        connection.close()
        raise
    if not is_own(connection):
        connection.close()
        raise _other_user(folder)
    return connection


def is_own(connection: socket.socket) -> bool:
    """Whether the other end belongs to the same user; where the system can't say, the socket's mode is what guards."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return bool(_CREDENTIALS.unpack(peer)[1] == os.geteuid())


def send(connection: socket.socket, message: Any, *, descriptors: tuple[int, ...] = ()) -> None:
    """Sends one message, and copies of our descriptors with it."""
    content = json.dumps(message).encode()
    framed = _LENGTH.pack(len(content)) + content
    sent = socket.send_fds(connection, [framed], list(descriptors)) if descriptors else 0
    connection.sendall(framed[sent:])


def received(connection: socket.socket, *, descriptor_count: int = 0) -> tuple[Any, list[int]]:
    """The next message and the descriptors that came with it, which are the caller's to close.

    Raises:
        ConnectionError: The other end is gone, or says what is no message.
    """
    descriptors: list[int] = []
    try:
        content = _content(connection, descriptors, wanted=descriptor_count)
        return json.loads(content), descriptors
    except BaseException as problem:
        for descriptor in descriptors:
            os.close(descriptor)
        if isinstance(problem, ValueError):
            raise ConnectionAbortedError from None
        raise


def _content(connection: socket.socket, descriptors: list[int], *, wanted: int) -> bytes:
    framed = bytearray()
    flags = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
    while len(framed) < _LENGTH.size or len(framed) < _LENGTH.size + _length(framed):
        piece, came, *_ = socket.recv_fds(connection, _PIECE_BYTES, wanted, flags)
        descriptors += came
        if not piece:
            raise ConnectionResetError
        framed += piece
    if len(descriptors) != wanted:
        raise ConnectionAbortedError
    return bytes(framed[_LENGTH.size :])


def _length(framed: bytearray) -> int:
    length = int(_LENGTH.unpack_from(framed)[0])
    if length > MESSAGE_BYTES_MAX:
        raise ConnectionAbortedError
    return length


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """A name for the socket at `path` that fits into an address: a long one begins at its folder's descriptor."""
    if len(os.fsencode(path)) <= ADDRESS_BYTES_MAX:
        yield str(path)
        return
    if not _DESCRIPTORS.is_dir():
        raise NotAllowed(
            "folder_path_too_long",
            f"The data folder {path.parent} can't be shared with commands: its path is longer than "
            f"{ADDRESS_BYTES_MAX - len(NAME) - 1} bytes. Move it, or name it by a shorter path.",
        )
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"{_DESCRIPTORS}/{folder}/{path.name}"
    finally:
        os.close(folder)


def _other_user(folder: Path) -> NotAllowed:
    return NotAllowed(
        "server_other_user",
        f"The data folder {folder} is owned by a server of another user; run the command as that user.",
    )
