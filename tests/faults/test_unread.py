"""Clients that do not read: what they ask for waits on disk, within bounds, and holds up nobody."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from support.live_server import LiveServer, serving

pytestmark = pytest.mark.faults
ROWS, READERS = 60_000, 12
EXPORT = "/api/v1/accounts/acme/sessions/export?from=2026-03-01&to=2026-03-31&format=ndjson"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(tmp_path_factory.mktemp("unread") / "data") as made:
        yield made


@pytest.fixture(scope="module")
def key(server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of an account whose export has about 25 MB."""
    made = server.account("acme")
    file = tmp_path_factory.mktemp("events") / "events.ndjson"
    with file.open("w", encoding="utf-8") as lines:
        for number in range(ROWS):
            event = {
                "event_id": f"e{number}",
                "occurred_at": f"2026-03-{1 + number % 28:02}T10:00:00Z",
                "conversation_id": f"conversation-{number}",
                "customer_id": f"customer-{number}",
                "actor": "customer",
                "bot_id": "b1",
            }
            lines.write(json.dumps(event) + "\n")
    server.command("import", str(file), "--account", "acme")
    return made


def memory_bytes(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) << 10


def test_readers_that_do_not_read_an_export_add_no_memory_and_leave_room_for_others(
    server: LiveServer, key: str
) -> None:
    authorization = f"Bearer {key}"
    whole = server.request("GET", EXPORT, authorization=authorization)
    assert whole.status == 200
    assert whole.body.count(b"\n") == ROWS
    head = f"GET {EXPORT} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {authorization}\r\n\r\n".encode()
    # The most that as many exports take at once while their readers read, which differs from one time to the next.
    before = max(memory_after_reading(server, head=head, size_bytes=len(whole.body)) for _ in range(6))
    with ExitStack() as stack:
        stuck = [stack.enter_context(closing(server.connected())) for _ in range(READERS)]
        for connection in stuck:
            connection.sendall(head)
        statuses = [int(connection.recv(12).split()[1]) for connection in stuck]
        # Those within the account's limit are sent; the others are refused, and told when to try again.
        assert sorted(statuses) == [200] * 4 + [503] * (READERS - 4)
        # Pages and events are answered meanwhile.
        assert server.request("GET", "/sign-in").status == 200
        refused = server.request("GET", EXPORT, authorization=authorization)
        assert (refused.status, refused.json()["code"]) == (503, "exports_busy")
        assert int(refused.headers["retry-after"]) > 0
        assert memory_bytes(server.worker) - before < 60 << 20
        # Who reads after all gets the whole file.
        slow = next(connection for connection, status in zip(stuck, statuses, strict=True) if status == 200)
        assert len(read_all(slow)) > len(whole.body)
    assert not [path for path in server.folder.iterdir() if path.name.startswith("tmp")]


def memory_after_reading(server: LiveServer, *, head: bytes, size_bytes: int) -> int:
    """Memory once four exports at once have been read."""
    with ExitStack() as stack:
        reading = [stack.enter_context(closing(server.connected())) for _ in range(4)]
        for connection in reading:
            connection.sendall(head)
        assert [len(read_all(connection)) > size_bytes for connection in reading] == [True] * 4
    return memory_bytes(server.worker)


def read_all(connection: socket.socket) -> bytes:
    """Read until the end of a chunked answer."""
    pieces = []
    while not pieces or not b"".join(pieces[-2:]).endswith(b"0\r\n\r\n"):
        piece = connection.recv(1 << 20)
        assert piece, "cut off"
        pieces.append(piece)
    return b"".join(pieces)
