"""Connections that say nothing, ask for nothing, or do not read: they are closed, and others are served meanwhile."""

import re
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from time import monotonic

import pytest

from support.live_server import LiveServer, serving

pytestmark = pytest.mark.faults
GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
SILENT_MAX, BY_CLIENT_MAX = 256, 512
# Some are left to the 30 seconds: the guard closes a connection once.
LEFT_MAX = 10


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(tmp_path_factory.mktemp("connections") / "data") as made:
        yield made


@pytest.fixture(scope="module", autouse=True)
def unread(server: LiveServer) -> Iterator[tuple[socket.socket, float]]:
    """A client that asks for more than the system holds, and reads none of it; and when it began."""
    page = server.request("GET", "/sign-in").body.decode()
    sheet = re.search(r"/static/[^\"]*\.css", page)
    assert sheet is not None
    request = f"GET {sheet[0]} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    with closing(server.connected()) as connection:
        connection.setblocking(False)
        connection.send(request * 400)
        yield connection, monotonic()


def is_established(server: LiveServer, connection: socket.socket) -> bool:
    """True if the server's side of a connection is open."""
    table = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()
    rows = [row.split() for row in table[1:]]
    ports = f":{server.port:04X}", f":{connection.getsockname()[1]:04X}"
    return any(row[1].endswith(ports[0]) and row[2].endswith(ports[1]) and row[3] == "01" for row in rows)


def connected(server: LiveServer, stack: ExitStack, *, source: str = "127.0.0.1") -> socket.socket:
    made = socket.create_connection(("127.0.0.1", server.port), timeout=60, source_address=(source, 0))
    return stack.enter_context(closing(made))


def seconds_until_closed(connections: dict[str, socket.socket], *, within_seconds: float) -> dict[str, float]:
    """Name → seconds after which a connection was closed; nothing of those that were not."""
    began, closed_after = monotonic(), {}
    with selectors.DefaultSelector() as selector:
        for name, connection in connections.items():
            selector.register(connection, selectors.EVENT_READ, name)
        while len(closed_after) < len(connections) and (left := began + within_seconds - monotonic()) > 0:
            for key, _ in selector.select(left):
                name, connection = key.data, connections[key.data]
                if is_at_end(connection):
                    closed_after[name] = monotonic() - began
                    selector.unregister(connection)
    return closed_after


def is_at_end(connection: socket.socket) -> bool:
    try:
        return not connection.recv(1 << 16)
    except ConnectionError:
        return True


def count_after_closing(connections: list[socket.socket], *, at_most: int) -> int:
    """Number of open connections, once there are at most so many, or too many for long."""
    left = {str(number): connection for number, connection in enumerate(connections)}
    for _ in range(20):
        for name in seconds_until_closed(left, within_seconds=1.0):
            del left[name]
        if len(left) <= at_most:
            break
    return len(left)


def test_silent_connections_are_closed_after_half_a_minute(server: LiveServer) -> None:
    openings = {
        "silent": b"",
        "half a head": b"GET / HTTP/1.1\r\nHost: 127.0",
        "idle after an answer": GET,
        "idle HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    }
    with ExitStack() as stack:
        connections = {name: connected(server, stack) for name in openings}
        for name, opening in openings.items():
            connections[name].sendall(opening)
        closed_after = seconds_until_closed(connections, within_seconds=60)
    assert set(closed_after) == set(openings)
    assert closed_after["silent"] < 45


def test_a_flood_of_silent_connections_leaves_room_and_costs_others_nothing(server: LiveServer) -> None:
    with ExitStack() as stack:
        used = connected(server, stack)
        used.sendall(GET)
        assert used.recv(1 << 16).startswith(b"HTTP/1.1 200")
        silent = [connected(server, stack) for _ in range(3_000)]
        for _ in range(10):
            began = monotonic()
            used.sendall(GET)
            assert used.recv(1 << 16).startswith(b"HTTP/1.1 200")
            assert server.request("GET", "/healthz").status == 200
            assert monotonic() - began < 10
        assert count_after_closing(silent, at_most=SILENT_MAX + LEFT_MAX) <= SILENT_MAX + LEFT_MAX
        used.sendall(GET)
        assert used.recv(1 << 16).startswith(b"HTTP/1.1 200")
    assert "connections were closed to leave room for others" in server.log


def test_a_client_has_a_number_of_connections_and_others_are_not_concerned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOTMETER_TRUSTED_PROXIES", "none")
    with serving(tmp_path / "data") as server, ExitStack() as stack:
        of_another = connected(server, stack, source="127.0.0.3")
        of_another.sendall(GET)
        many = [connected(server, stack, source="127.0.0.2") for _ in range(BY_CLIENT_MAX + 200)]
        for connection in many:
            connection.sendall(GET)
        assert count_after_closing(many, at_most=BY_CLIENT_MAX) <= BY_CLIENT_MAX
        assert seconds_until_closed({"of another": of_another}, within_seconds=1) == {}


def test_more_connections_than_the_process_may_open_files_end_nothing(tmp_path: Path) -> None:
    with serving(tmp_path / "data", files_max=700) as server, ExitStack() as stack:
        assert "may open 700 files, so that it accepts 350 connections at most." in server.log
        worker = server.worker
        opened = [connected(server, stack) for _ in range(1_000)]
        assert server.request("GET", "/sign-in").status == 200
        key = server.account("acme")
        assert server.request("GET", "/api/v1/accounts/acme/sessions", authorization=f"Bearer {key}").status == 200
        assert count_after_closing(opened, at_most=SILENT_MAX + LEFT_MAX) <= SILENT_MAX + LEFT_MAX
        assert server.worker == worker


def test_a_client_that_does_not_read_an_answer_is_cut_off_after_a_minute(
    server: LiveServer, unread: tuple[socket.socket, float]
) -> None:
    connection, began = unread
    pause = threading.Event()
    while is_established(server, connection):
        assert monotonic() - began < 80
        pause.wait(0.5)
