"""Unix socket by which commands of the same user reach a data folder's owner.

The client sends the command as JSON with descriptors; the answer is the exit code.
"""

import errno
import json
import os
import secrets
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from botmeter.domain.durable_files import FILE_MODE, UMASK
from botmeter.domain.errors import NotAllowed
from botmeter.ledger.folder_files import SOCKET_DRAFTS

NAME = "owner.socket"
# Maximum length of a socket address on all supported systems, with its terminator.
ADDRESS_BYTES_MAX = 103
_DESCRIPTORS = Path("/proc/self/fd")
_LENGTH = struct.Struct(">I")
_PIECE_BYTES = 1 << 16
# A command line has at most 2 MiB on Linux, and JSON may escape a byte as six characters.
MESSAGE_BYTES_MAX = 16 << 20
_CREDENTIALS = struct.Struct("3i")


@contextmanager
def bound(folder: Path) -> Iterator[socket.socket]:
    """Listen during the `with`; replaces the socket of a killed owner."""
    draft = folder / SOCKET_DRAFTS.replace("*", secrets.token_hex(8))
    with socket.socket(socket.AF_UNIX) as listener:
        # Private from the start. It needs no block of a full disk, as a folder of its own would.
        mask = os.umask(UMASK)
        try:
            with _address(draft) as address:
                listener.bind(address)
        finally:
            os.umask(mask)
        try:
            draft.chmod(FILE_MODE)
            listener.listen()
            draft.rename(folder / NAME)
        finally:
            draft.unlink(missing_ok=True)
        try:
            yield listener
        finally:
            with suppress(OSError):
                (folder / NAME).unlink()


def connected(folder: Path) -> socket.socket | None:
    """Connect to the folder's owner, if any. Raises NotAllowed `server_other_user`."""
    path = folder / NAME
    if not path.exists():
        return None
    with ExitStack() as opened:
        connection = opened.enter_context(socket.socket(socket.AF_UNIX))
        other_user = NotAllowed(
            "server_other_user", f"The data folder {folder} is served by another user. Run the command as that user."
        )
        try:
            with _address(path) as address:
                connection.connect(address)
        except (FileNotFoundError, ConnectionError):
            # Left behind by an owner that was killed.
            return None
        except PermissionError:
            raise other_user from None
        if not is_own(connection):
            raise other_user
        opened.pop_all()
    return connection


def is_own(connection: socket.socket) -> bool:
    """Compare both ends' users; without SO_PEERCRED the socket's mode protects."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return bool(_CREDENTIALS.unpack(peer)[1] == os.geteuid())


def send(connection: socket.socket, message: Any, *, descriptors: tuple[int, ...] = ()) -> None:
    """Send a message with copies of descriptors."""
    content = json.dumps(message).encode()
    framed = _LENGTH.pack(len(content)) + content
    sent = socket.send_fds(connection, [framed], list(descriptors)) if descriptors else 0
    # The peer may have answered and closed by now, and `sendall` of nothing would still send, and fail.
    if rest := framed[sent:]:
        connection.sendall(rest)


def received(connection: socket.socket, *, descriptor_count: int = 0) -> tuple[Any, list[int]]:
    """Receive a message and its descriptors, which the caller must close.

    Raises:
        ConnectionError: The peer is gone, or sent something else.
        OSError: EMFILE, if the process has no room for the descriptors.
    """
    descriptors: list[int] = []
    try:
        content = _content(connection, descriptors, count=descriptor_count)
        return json.loads(content), descriptors
    except BaseException as problem:
        for descriptor in descriptors:
            os.close(descriptor)
        if isinstance(problem, ValueError):
            raise ConnectionAbortedError from None
        raise


def _content(connection: socket.socket, descriptors: list[int], *, count: int) -> bytes:
    framed = bytearray()
    flags = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
    # No byte beyond the message: the next one can follow at once.
    while missing := _missing_bytes(framed):
        piece, new_descriptors, message_flags, _ = socket.recv_fds(connection, min(missing, _PIECE_BYTES), count, flags)
        descriptors += new_descriptors
        if message_flags & socket.MSG_CTRUNC:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        if not piece:
            raise ConnectionResetError
        framed += piece
    if len(descriptors) != count:
        raise ConnectionAbortedError
    return bytes(framed[_LENGTH.size :])


def _missing_bytes(framed: bytearray) -> int:
    if len(framed) < _LENGTH.size:
        return _LENGTH.size - len(framed)
    return _LENGTH.size + _length(framed) - len(framed)


def _length(framed: bytearray) -> int:
    length = int(_LENGTH.unpack_from(framed)[0])
    if length > MESSAGE_BYTES_MAX:
        raise ConnectionAbortedError
    return length


@contextmanager
def _address(path: Path) -> Iterator[str]:
    if len(os.fsencode(path)) <= ADDRESS_BYTES_MAX:
        yield str(path)
        return
    if not _DESCRIPTORS.is_dir():
        raise NotAllowed(
            "folder_path_too_long",
            f"The path of the data folder {path.parent} is longer than {ADDRESS_BYTES_MAX - len(NAME) - 1} bytes, so "
            "commands can't reach its server. Move it, or use a shorter path.",
        )
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"{_DESCRIPTORS}/{folder}/{path.name}"
    finally:
        os.close(folder)
