"""Bodies of strangers: slow, large or malformed ones are refused, and hold up no form."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from time import monotonic

import pytest

from support.live import EVENTS_PATH, message
from support.live_server import LiveServer, serving

pytestmark = pytest.mark.faults
SLOW_LARGE, SLOW_FORMS = 4, 150
FORM = b"email=ada%40example.org&password=wrong-password"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTMETER_LOG_LEVEL", "info")
        with serving(tmp_path_factory.mktemp("bodies") / "data") as made:
            yield made


def sent(server: LiveServer, stack: ExitStack, *, data: bytes) -> socket.socket:
    connection = stack.enter_context(closing(server.connected()))
    connection.sendall(data)
    return connection


def head(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "\r\n"]).encode()


def status_line(connection: socket.socket) -> bytes:
    with connection.makefile("rb") as answer:
        return answer.readline()


def test_slow_uploads_of_strangers_hold_up_no_form(server: LiveServer) -> None:
    form = "Content-Type: application/x-www-form-urlencoded"
    with ExitStack() as stack:
        large = [
            sent(server, stack, data=head("/sign-in", form, f"Content-Length: {16 << 20}") + bytes(1_000))
            for _ in range(SLOW_LARGE)
        ]
        # At once, although their bodies have not arrived.
        assert {status_line(connection).split()[1] for connection in large} == {b"413"}
        slow = [
            sent(server, stack, data=head("/sign-in", form, "Content-Length: 65000") + bytes(60_000))
            for _ in range(SLOW_FORMS)
        ]
        for _ in range(10):
            for connection in slow[-20:]:
                connection.sendall(b"x")
            began = monotonic()
            answer = server.request("POST", "/sign-in", body=FORM, content_type=form.partition(": ")[2])
            # Refused for its lack of a token, by the page itself.
            assert answer.status == 403
            assert monotonic() - began < 10
    assert server.request("GET", "/healthz").status == 200


def test_no_body_is_read_for_a_wrong_key(server: LiveServer) -> None:
    with ExitStack() as stack:
        began = monotonic()
        for path, status in ((EVENTS_PATH, b"401"), ("/api/v1/webhooks/desk/wh_wrong", b"404")):
            waiting = sent(server, stack, data=head(path, "Authorization: Bearer bm_wrong", "Content-Length: 10000000"))
            assert status_line(waiting).split()[1] == status
        assert monotonic() - began < 10


def test_a_large_body_of_a_key_is_read_and_one_of_a_wrong_key_is_not(server: LiveServer) -> None:
    key = server.account("merging")
    path = "/api/v1/accounts/merging/customers/merge"
    body = json.dumps({"customer_id": "c", "aliases": [f"{number:0400}" for number in range(1_000)]}).encode()
    assert len(body) > 400_000
    answer = server.request("POST", path, body=body, authorization=f"Bearer {key}", content_type="application/json")
    assert answer.status == 200, answer.body
    with ExitStack() as stack:
        for other, status in ((path, b"401"), ("/api/v1/accounts/merging/sessions", b"413")):
            waiting = sent(server, stack, data=head(other, "Authorization: Bearer bm_wrong", "Content-Length: 400000"))
            assert status_line(waiting).split()[1] == status


@pytest.mark.parametrize("chunks", [b"zz\r\nabc\r\n", b"3\r\nabcdef\r\n", b"fffffffffffffffff\r\n"])
def test_malformed_chunks_are_refused_with_a_line_in_the_log(server: LiveServer, chunks: bytes) -> None:
    key = server.account(f"chunks-{len(chunks)}")
    number = f"number-{len(chunks)}"
    with ExitStack() as stack:
        request = head(
            EVENTS_PATH, f"Authorization: Bearer {key}", "Transfer-Encoding: chunked", f"X-Request-ID: {number}"
        )
        connection = sent(server, stack, data=request + chunks)
        with connection.makefile("rb") as answer:
            assert answer.readline().split()[1] == b"400"
            assert b"body_incomplete" in answer.read()
    assert any(number in line and "status=400" in line for line in server.log.splitlines())
    assert server.send(key, json.dumps([message("after")]).encode()).status == 200


@pytest.mark.parametrize(
    "lengths",
    [
        ("Content-Length: 4", "Content-Length: 44"),
        ("Content-Length: 4, 44",),
        ("Content-Length: +4",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding : chunked",),
    ],
)
def test_a_message_of_unclear_length_is_refused_with_all_that_follows(
    server: LiveServer, lengths: tuple[str, ...]
) -> None:
    hidden = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with ExitStack() as stack:
        connection = sent(server, stack, data=head("/sign-in", *lengths) + hidden)
        with connection.makefile("rb") as answer:
            text = answer.read()
    assert text.startswith(b"HTTP/1.1 400 ")
    assert text.count(b"HTTP/1.1 ") == 1


def test_a_length_beside_chunks_is_ignored(server: LiveServer) -> None:
    with ExitStack() as stack:
        began = monotonic()
        lengths = ("Content-Length: 400", "Transfer-Encoding: chunked")
        connection = sent(server, stack, data=head("/sign-in", *lengths) + b"0\r\n\r\n")
        # The page's own refusal, without a wait for 400 bytes.
        assert status_line(connection).split()[1] == b"403"
        assert monotonic() - began < 10


@pytest.mark.parametrize("length", [100_000, 200_000])
def test_a_long_header_is_not_logged(server: LiveServer, length: int) -> None:
    for name in ("Host", "X-Anything", "Cookie", "Authorization", "X-Request-ID", "X-Forwarded-For"):
        before = len(server.log)
        with ExitStack() as stack:
            request = f"GET /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\n{name}: {'a' * length}\r\n\r\n"
            assert status_line(sent(server, stack, data=request.encode())).startswith(b"HTTP/1.1 ")
        assert len(server.log) - before < 6_000
