"""Open connections, and which to close to leave room for others.

The server library accepts all; surplus ones are closed soon after.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from botmeter.domain.client_address import TrustedProxies, client_network, parsed_address

BY_CLIENT_MAX: Final = 512
"""An office behind one address has a hundred people with six connections each, most of them idle and free to close."""
SILENT_BY_CLIENT_MAX: Final = 256
"""Without a request so far, also of proxies, which connect when they have one."""
IDLE_SECONDS_MAX: Final = 120.0
"""Without a request in progress. The server closes those that send none after 30 s; the rest do not read an answer."""
_FULL_SHARE: Final = 0.9
_ROOM_SHARE: Final = 0.8
# Time in which a request follows its connection, and is seen even by a busy server.
_REQUEST_WITHIN_SECONDS: Final = 3.0
# Longer than a scan takes.
_UNSEEN_SECONDS: Final = 5.0


class Peer(NamedTuple):
    """Other side of a connection."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """Numbers of connections, altogether and by client."""

    total_max: int
    by_client_max: int = BY_CLIENT_MAX
    silent_by_client_max: int = SILENT_BY_CLIENT_MAX
    idle_seconds_max: float = IDLE_SECONDS_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenConnection:
    """Connection, by its descriptor; `since` is when it was first seen."""

    descriptor: int
    peer: Peer
    since: float


@dataclass(slots=True, kw_only=True)
class _Use:
    in_flight_count: int = 0
    last_at: float = 0.0


class ConnectionUses:
    """Requests of each connection; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._uses: defaultdict[Peer, _Use] = defaultdict(_Use)

    def __len__(self) -> int:
        return len(self._uses)

    def begin(self, peer: Peer, *, now: float) -> None:
        with self._lock:
            use = self._uses[peer]
            use.in_flight_count += 1
            use.last_at = now

    def end(self, peer: Peer, *, now: float) -> None:
        with self._lock:
            use = self._uses[peer]
            use.in_flight_count -= 1
            use.last_at = now

    def forget_closed(self, open_peers: set[Peer], *, now: float) -> None:
        """Forget closed connections, but not recent ones, which may be unseen."""
        with self._lock:
            gone = [
                peer
                for peer, use in self._uses.items()
                if not use.in_flight_count and now - use.last_at > _UNSEEN_SECONDS and peer not in open_peers
            ]
            for peer in gone:
                del self._uses[peer]

    def status(self, connection: OpenConnection) -> "ConnectionStatus":
        with self._lock:
            use = self._uses.get(connection.peer)
            if use is None:
                return ConnectionStatus(connection=connection, is_silent=True, is_in_use=False, since=connection.since)
            since = max(use.last_at, connection.since)
            is_in_use = use.in_flight_count > 0
            return ConnectionStatus(connection=connection, is_silent=False, is_in_use=is_in_use, since=since)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionStatus:
    """Connection without a request so far, with one in progress, or idle."""

    connection: OpenConnection
    is_silent: bool
    is_in_use: bool
    since: float

    @property
    def order(self) -> tuple[bool, bool, float]:
        return (self.is_in_use, not self.is_silent, self.since)


def surplus(
    statuses: Iterable[ConnectionStatus], *, limits: ConnectionLimits, proxies: TrustedProxies, now: float
) -> list[OpenConnection]:
    """Connections to close, in order."""
    everything = sorted(statuses, key=lambda status: status.order)
    closed = {
        status.connection
        for status in everything
        if not status.is_in_use and now - status.since > limits.idle_seconds_max
    }
    by_client: defaultdict[str, list[ConnectionStatus]] = defaultdict(list)
    for status in everything:
        by_client[client_network(status.connection.peer.host)].append(status)
    for of_client in by_client.values():
        silent = [s for s in of_client if s.is_silent and now - s.since > _REQUEST_WITHIN_SECONDS]
        closed.update(_first(silent, len(silent) - limits.silent_by_client_max))
        if len(of_client) > limits.by_client_max and not _is_proxy(of_client[0], proxies):
            closed.update(_first(of_client, len(of_client) - limits.by_client_max))
    if len(everything) > limits.total_max * _FULL_SHARE:
        waiting = [s for s in everything if not s.is_in_use and now - s.since > _REQUEST_WITHIN_SECONDS]
        closed.update(_first(waiting, len(everything) - int(limits.total_max * _ROOM_SHARE)))
    return [status.connection for status in everything if status.connection in closed]


def _first(statuses: list[ConnectionStatus], count: int) -> list[OpenConnection]:
    return [status.connection for status in statuses[: max(count, 0)]]


def _is_proxy(status: ConnectionStatus, proxies: TrustedProxies) -> bool:
    address = parsed_address(status.connection.peer.host)
    return address is not None and proxies.include(address)
