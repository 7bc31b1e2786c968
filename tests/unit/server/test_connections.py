"""Connections closed to leave room: the silent first, then the idle; those in use last."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from botmeter.domain.client_address import TrustedProxies
from botmeter.server.connections.descriptor_limit import CONNECTIONS_MAX, connections_max, low_limit_warning
from botmeter.server.connections.guard import SEND_BUFFER_BYTES, UNREAD_SECONDS, ConnectionGuard
from botmeter.server.connections.open_connections import ConnectionLimits, ConnectionUses, OpenConnection, Peer, surplus

LIMITS = ConnectionLimits(total_max=100, by_client_max=6, silent_by_client_max=3, idle_seconds_max=60.0)
PROXIES = TrustedProxies.from_text("10.0.0.0/8")


class World:
    """Connections and their requests at the instant `now`."""

    def __init__(self) -> None:
        self.uses = ConnectionUses()
        self.connections: list[OpenConnection] = []
        self.now = 1_000.0

    def connect(self, host: str, *, count: int = 1, age: float = 0.0) -> list[OpenConnection]:
        first = len(self.connections)
        made = [
            OpenConnection(descriptor=number, peer=Peer(host, number), since=self.now - age)
            for number in range(first, first + count)
        ]
        self.connections += made
        return made

    def begin(self, *connections: OpenConnection, age: float = 0.0) -> None:
        for connection in connections:
            self.uses.begin(connection.peer, now=self.now - age)

    def end(self, *connections: OpenConnection, age: float = 0.0) -> None:
        for connection in connections:
            self.uses.end(connection.peer, now=self.now - age)

    def serve(self, *connections: OpenConnection, age: float = 0.0) -> None:
        self.begin(*connections, age=age)
        self.end(*connections, age=age)

    def closed(self, limits: ConnectionLimits = LIMITS) -> list[OpenConnection]:
        statuses = [self.uses.status(connection) for connection in self.connections]
        return surplus(statuses, limits=limits, proxies=PROXIES, now=self.now)


@pytest.fixture
def world() -> World:
    return World()


def test_the_oldest_silent_connections_beyond_the_limit_are_closed_also_of_a_proxy(world: World) -> None:
    for host in ("192.0.2.1", "10.0.0.1"):
        oldest = world.connect(host, count=2, age=9)
        world.connect(host, count=3, age=4)
        world.connect(host, age=1)
        assert [connection for connection in world.closed() if connection.peer[0] == host] == oldest


def test_a_client_has_a_number_of_connections_and_its_longest_idle_ones_are_closed(world: World) -> None:
    busy, idle = world.connect("192.0.2.1", count=3, age=50), world.connect("192.0.2.1", count=4, age=50)
    world.begin(*busy, age=30)
    world.serve(*idle[2:], age=20)
    world.serve(*idle[:2], age=10)
    assert world.closed() == idle[2:3]
    assert not World().closed()


def test_a_connection_that_was_used_is_kept_before_younger_ones_that_never_were(world: World) -> None:
    used = world.connect("192.0.2.1", count=3, age=50)
    world.serve(*used, age=40)
    silent = world.connect("192.0.2.1", count=4, age=1)
    assert world.closed() == silent[:1]


def test_a_client_with_too_many_requests_in_progress_loses_the_oldest(world: World) -> None:
    connections = world.connect("192.0.2.1", count=7, age=50)
    for age, connection in enumerate(connections):
        world.begin(connection, age=age)
    assert world.closed() == [connections[6]]


def test_a_trusted_proxy_has_as_many_connections_as_it_needs(world: World) -> None:
    world.begin(*world.connect("10.0.0.1", count=50))
    world.begin(*world.connect("::ffff:10.0.0.2", count=30))
    assert world.closed() == []


def test_addresses_of_one_ipv6_network_are_one_client(world: World) -> None:
    connections = [*world.connect("2001:db8::1", count=4), *world.connect("2001:db8::2", count=3)]
    world.begin(*connections)
    world.begin(*world.connect("2001:db8:0:1::1", count=5))
    assert len(world.closed()) == 1


def test_a_connection_without_a_request_in_progress_is_closed_in_the_end(world: World) -> None:
    unread, idle, long, silent = (*world.connect("192.0.2.1", count=3, age=90), *world.connect("192.0.2.2", age=61))
    world.serve(unread, age=61)
    world.serve(idle, age=59)
    world.begin(long, age=80)
    assert set(world.closed()) == {unread, silent}


def test_a_nearly_full_server_closes_what_waits_longest_and_nothing_that_is_in_use(world: World) -> None:
    hosts = [f"192.0.2.{number}" for number in range(31)]
    waiting = [world.connect(host, count=3, age=50 - number)[0] for number, host in enumerate(hosts)]
    assert len(world.connections) == 93
    closed = world.closed()
    assert len(closed) == 13
    assert waiting[0] in closed
    assert waiting[-1] not in closed
    world.begin(*world.connections)
    assert world.closed() == []


def test_connections_that_have_just_opened_are_given_time_for_their_request(world: World) -> None:
    for number in range(31):
        world.connect(f"192.0.2.{number}", count=3, age=1)
    assert world.closed() == []


def test_uses_of_closed_connections_are_forgotten(world: World) -> None:
    kept, gone, running, unseen = world.connect("192.0.2.1", count=4)
    world.serve(kept, gone, age=9)
    world.begin(running, age=9)
    world.serve(unseen, age=1)
    world.uses.forget_closed({kept.peer}, now=world.now)
    assert len(world.uses) == 3
    world.end(running)
    world.uses.forget_closed({kept.peer}, now=world.now + 9)
    assert len(world.uses) == 1


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0))) as made:
        yield made


def test_the_guard_closes_surplus_connections_of_this_process_and_no_others(listening: socket.socket) -> None:
    limits = ConnectionLimits(total_max=100, by_client_max=9, silent_by_client_max=2)
    guard = ConnectionGuard(ConnectionUses(), limits=limits, proxies=PROXIES, port=listening.getsockname()[1])
    assert guard.scan(now=0.0) == 0
    with ExitStack() as stack:
        other = stack.enter_context(closing(socket.create_server(("127.0.0.1", 0))))
        elsewhere = [stack.enter_context(closing(s)) for s in socket.socketpair()]
        clients, accepted = [], []
        for _ in range(5):
            clients.append(stack.enter_context(closing(socket.create_connection(listening.getsockname(), timeout=9))))
            accepted.append(stack.enter_context(closing(listening.accept()[0])))
            guard.scan(now=10.0 * len(clients))
        assert [client.recv(1) for client in clients[:2]] == [b""] * 2
        accepted[4].sendall(b"x")
        assert clients[4].recv(1) == b"x"
        elsewhere[0].sendall(b"y")
        assert elsewhere[1].recv(1) == b"y"
        assert other.getsockname()
        assert guard.scan(now=51.0) == 0


def test_connections_inherit_the_time_limit_for_clients_that_do_not_read(listening: socket.socket) -> None:
    port = listening.getsockname()[1]
    ConnectionGuard(ConnectionUses(), limits=LIMITS, proxies=PROXIES, port=port).scan(now=0.0)
    with closing(socket.create_connection(listening.getsockname(), timeout=9)), closing(listening.accept()[0]) as made:
        assert made.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == UNREAD_SECONDS * 1_000
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * SEND_BUFFER_BYTES


@pytest.mark.parametrize(
    ("files", "connections"), [(1_048_576, CONNECTIONS_MAX), (22_000, 20_000), (4_096, 2_096), (1_024, 512), (1, 1)]
)
def test_connections_leave_room_for_other_files(files: int, connections: int) -> None:
    assert connections_max(files) == connections


def test_a_low_limit_of_files_is_a_warning_that_says_what_to_change() -> None:
    assert low_limit_warning(4_096) is None
    assert low_limit_warning(1_024) == (
        "This process may open 1,024 files, so that it accepts 512 connections at most. Raise the limit (ulimit -n, or "
        "LimitNOFILE= of systemd) to 22,000."
    )
