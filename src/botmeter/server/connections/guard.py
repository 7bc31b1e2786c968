"""Thread that closes surplus connections, and sets options of the listening socket."""

import logging
import math
import os
import socket
import stat
import threading
import time
from contextlib import suppress
from typing import Final

from botmeter.domain.client_address import TrustedProxies
from botmeter.server.connections.open_connections import ConnectionLimits, ConnectionUses, OpenConnection, Peer, surplus

SCAN_SECONDS: Final = 0.5
_BUSY_SHARE_MAX: Final = 0.1
"""Of a core: a scan of 9,000 connections takes 80 ms, so that the next one is 0.8 s later."""
_LISTENING_WITHIN_SECONDS: Final = 0.02
UNREAD_SECONDS: Final = 60
"""A connection whose client takes no byte for this long is closed by the system (Linux)."""
SEND_BUFFER_BYTES: Final = 1 << 18
"""Of the system, for each connection; it would grow to 4 MiB for clients that do not read. Linux doubles it."""
# With more, most of the time would be spent on connections that are open again at once.
_CLOSED_AT_ONCE: Final = 5_000
_CLOSED_IN_A_ROW: Final = 100
_ROW_PAUSE_SECONDS: Final = 0.005
# Closes at once, discards what was not read.
_LINGER: Final = b"\1\0\0\0\0\0\0\0"
_LOGGED_EVERY_SECONDS: Final = 60.0
_FOLDER: Final = "/dev/fd"

_log: Final = logging.getLogger("botmeter.front")


class ConnectionGuard:
    """Connections to a port of this process: without `port`, the first on which it listens."""

    def __init__(
        self, uses: ConnectionUses, *, limits: ConnectionLimits, proxies: TrustedProxies, port: int | None = None
    ) -> None:
        self._uses = uses
        self._limits = limits
        self._proxies = proxies
        self._port = port
        self._pause = threading.Event()
        self._known: dict[int, OpenConnection | None] = {}
        self._closed: set[OpenConnection] = set()
        self._closed_count = 0
        self._logged_at = -math.inf

    def start(self) -> None:
        threading.Thread(target=self._run, name="connections", daemon=True).start()

    def _run(self) -> None:
        took_seconds = 0.0
        while not self._pause.wait(self._pause_seconds(took_seconds)):
            began = time.monotonic()
            try:
                self.scan(now=began)
            except Exception:  # noqa: BLE001 - logged; without this thread, nobody could connect some day
                _log.exception("A scan of connections failed.")
            took_seconds = time.monotonic() - began

    def _pause_seconds(self, took_seconds: float) -> float:
        return max(SCAN_SECONDS if self._port else _LISTENING_WITHIN_SECONDS, took_seconds / _BUSY_SHARE_MAX)

    def scan(self, *, now: float) -> int:
        connections = self._connections(now=now)
        self._uses.forget_closed({connection.peer for connection in connections}, now=now)
        statuses = [self._uses.status(connection) for connection in connections]
        closed = surplus(statuses, limits=self._limits, proxies=self._proxies, now=now)
        for number, connection in enumerate(closed[:_CLOSED_AT_ONCE]):
            _close(connection)
            self._closed.add(connection)
            if number % _CLOSED_IN_A_ROW == _CLOSED_IN_A_ROW - 1:
                # The server closes its sides in the thread that serves everybody.
                self._pause.wait(_ROW_PAUSE_SECONDS)
        self._log_closed(len(closed[:_CLOSED_AT_ONCE]), open_count=len(connections), now=now)
        return len(closed)

    def _log_closed(self, count: int, *, open_count: int, now: float) -> None:
        self._closed_count += count
        if self._closed_count and now >= self._logged_at + _LOGGED_EVERY_SECONDS:
            _log.warning(
                "%d connections were closed to leave room for others; %d are open.", self._closed_count, open_count
            )
            self._closed_count, self._logged_at = 0, now

    def _connections(self, *, now: float) -> list[OpenConnection]:
        known: dict[int, OpenConnection | None] = {}
        for name in os.listdir(_FOLDER):  # noqa: PTH208 - a list of 15,000 numbers
            descriptor = int(name)
            try:
                status = os.fstat(descriptor)
            except OSError:
                continue
            if not stat.S_ISSOCK(status.st_mode):
                continue
            # A socket's inode is its own; a descriptor's number is used again.
            inode = status.st_ino
            known[inode] = self._known[inode] if inode in self._known else self._identified(descriptor, now=now)
        self._known = known
        open_ones = {connection for connection in known.values() if connection is not None}
        # The server closes its side a little later.
        self._closed &= open_ones
        return list(open_ones - self._closed)

    def _identified(self, descriptor: int, *, now: float) -> OpenConnection | None:
        with suppress(OSError), _copied(descriptor) as copy:
            if copy.family not in {socket.AF_INET, socket.AF_INET6}:
                return None
            port, is_listening = copy.getsockname()[1], copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            if is_listening and self._port in {None, port}:
                self._port = port
                _set_options(copy)
            elif port == self._port:
                host, port, *_ = copy.getpeername()
                return OpenConnection(descriptor=descriptor, peer=Peer(host, port), since=now)
        return None


def _set_options(listening: socket.socket) -> None:
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_SECONDS * 1_000)


def _close(connection: OpenConnection) -> None:
    # A copy of the descriptor stays that of this connection, even if the server closes its own meanwhile.
    with suppress(OSError), _copied(connection.descriptor) as copy:
        if copy.getpeername()[:2] == connection.peer:
            copy.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
            copy.shutdown(socket.SHUT_RDWR)


def _copied(descriptor: int) -> socket.socket:
    copy = os.dup(descriptor)
    try:
        return socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        raise
