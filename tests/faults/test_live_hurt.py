"""A server of live events meets senders that are slow, gone, many, or mean; and goes on answering everybody else."""

import gzip
import json
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from random import Random
from typing import Any

import pytest

from botmeter.live.event_body import MEDIA_TYPES
from support.live import EVENTS_PATH, message
from support.live_server import BATCH_EVENTS, LiveServer, batch, serving

pytestmark = pytest.mark.faults
IDLE, SLOW, MEAN = 10_000, 200, 300
# What this process and its tests have open besides.
SPARE = 500


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(tmp_path_factory.mktemp("hurt") / "data") as made:
        yield made


@pytest.fixture(scope="module")
def key(server: LiveServer) -> Iterator[str]:
    """Of an account whose ledger is clean after all that was done to it."""
    yield server.account("acme")
    server.command("verify", "--account", "acme")


@pytest.fixture
def descriptors() -> Iterator[None]:
    """As many open files as ten thousand connections need; the limit is as before afterwards."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    expected = IDLE + SPARE
    if hard != resource.RLIM_INFINITY and hard < expected:
        pytest.skip(f"This machine lets a process have {hard:,} open files at most; the test needs {expected:,}.")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, expected), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def head(key: str, *, length: int) -> bytes:
    return (
        f"POST {EVENTS_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def is_accepted(server: LiveServer, key: str, *, name: str) -> bool:
    """True if a new batch is accepted now."""
    answer = server.send(key, json.dumps(batch(name)).encode())
    assert answer.status == 200, answer.body
    return bool(answer.json()["accepted"] == BATCH_EVENTS)


def is_known(server: LiveServer, key: str, *, name: str) -> bool:
    """True if the batch had been accepted before; it is accepted now."""
    return bool(server.send(key, json.dumps(batch(name)).encode()).json()["duplicates"] == BATCH_EVENTS)


def received(connection: socket.socket) -> bytes:
    with connection.makefile("rb") as answer:
        return answer.readline()


def test_senders_that_trickle_hold_up_nobody_and_are_answered_when_they_are_done(server: LiveServer, key: str) -> None:
    body = json.dumps([message("slow")]).encode()
    with ExitStack() as stack:
        slow = [stack.enter_context(closing(server.connected())) for _ in range(SLOW)]
        for connection in slow:
            connection.sendall(head(key, length=len(body)))
        for sent in range(20):
            for connection in slow:
                connection.sendall(body[sent : sent + 1])
            assert is_accepted(server, key, name=f"beside-{sent}")
        assert server.request("GET", "/sign-in").status == 200
        for connection in slow:
            connection.sendall(body[20:])
        answers = {received(connection) for connection in slow}
    assert {answer.split()[1] for answer in answers} == {b"200"}


def test_a_connection_that_is_cut_in_the_body_takes_nothing(server: LiveServer, key: str) -> None:
    body = json.dumps(batch("cut")).encode()
    for part in (0, 1, len(body) // 2, len(body) - 1):
        with closing(server.connected()) as connection:
            connection.sendall(head(key, length=len(body)) + body[:part])
            # As a machine that is switched off: nothing more comes, and nothing is waited for.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert is_accepted(server, key, name="cut")


def test_ten_thousand_idle_connections_leave_room_for_pages_and_events(
    server: LiveServer, key: str, descriptors: None
) -> None:
    with ExitStack() as stack:
        idle = []
        for _ in range(IDLE):
            idle.append(stack.enter_context(closing(server.connected())))
            # Those that never send a request are closed, as test_connections.py shows.
            idle[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        for connection in idle:
            assert received(connection).split()[1] == b"200"
        assert server.request("GET", "/sign-in").status == 200
        assert is_accepted(server, key, name="among-idle")
        # They are still connected, and any of them may ask.
        for connection in (idle[0], idle[IDLE // 2], idle[-1]):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert received(connection).split()[1] == b"200"
    assert server.request("GET", "/healthz").status == 200


def test_a_bomb_is_refused_and_takes_no_memory_to_speak_of(server: LiveServer, key: str) -> None:
    bomb = gzip.compress(bytes(1 << 30), compresslevel=1)
    before = peak_bytes(server.worker)
    for _ in range(5):
        answer = server.send(key, bomb, content_encoding="gzip")
        assert (answer.status, answer.json()["code"]) == (413, "body_too_large")
    assert peak_bytes(server.worker) - before < 256 << 20
    assert is_accepted(server, key, name="after-bomb")


def peak_bytes(process: int) -> int:
    """The most memory that a process had so far."""
    with open(f"/proc/{process}/status", encoding="ascii") as status_file:  # noqa: PTH123 - no file of a disk
        line = next(line for line in status_file if line.startswith("VmHWM:"))
    return int(line.split()[1]) << 10


def test_random_bytes_in_any_media_type_are_refused_and_break_nothing(server: LiveServer, key: str) -> None:
    random = Random(9)
    headers: tuple[dict[str, Any], ...] = (
        *({"content_type": media_type} for media_type in (*MEDIA_TYPES, "text/plain", "\xe9")),
        {"content_encoding": "gzip"},
        {"ce_specversion": "1.0", "ce_id": "%ff", "content_type": "application/json"},
        {},
    )
    address = server.command("source", "create", "desk", "--platform", "chatwoot", "--account", "acme").strip()
    webhook = "/" + address.split("/", 3)[3]
    pieces = [
        json.dumps(batch("mean")).encode(),
        b"[",
        b"{",
        b'"',
        b"\n",
        b"\\u0000",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"1e999",
    ]
    for number in range(MEAN):
        body = random.randbytes(random.randint(0, 200)) if number % 2 else b"".join(random.choices(pieces, k=4))
        assert server.send(key, body, **random.choice(headers)).status < 500
        assert server.request("POST", webhook, body=body).status == 200
    assert is_accepted(server, key, name="after-mean")


def test_a_full_disk_is_reported_nothing_is_half_stored_and_sending_works_when_there_is_room(
    server: LiveServer,
) -> None:
    key = server.account("full")
    worker, file = server.worker, server.folder / "accounts" / "full.duckdb"
    assert is_accepted(server, key, name="full-before")
    log = file.with_suffix(".duckdb.wal")
    largest = max(path.stat().st_size for path in (file, log) if path.exists())
    hard = resource.prlimit(worker, resource.RLIMIT_FSIZE)[1]
    # The system refuses to write past a file's largest size as it does on a full disk.
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (largest + 100_000, hard))
    names = [f"full-{number}" for number in range(400)]
    answers: dict[str, int] = {}
    for name in names:
        answer = server.send(key, json.dumps(batch(name)).encode())
        answers[name] = answer.status
        if answer.status != 200:
            assert (answer.status, answer.json()["code"]) == (503, "disk_full"), answer.body
            assert int(answer.headers["retry-after"]) > 0
            if list(answers.values()).count(503) == 3:
                break
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (hard, hard))
    assert 503 in answers.values()
    for name, status in answers.items():
        assert is_known(server, key, name=name) is (status == 200)
    assert is_accepted(server, key, name="full-after")
    assert os.getpgid(worker)
    server.command("verify", "--account", "full")
