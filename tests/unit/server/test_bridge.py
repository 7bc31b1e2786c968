"""Django behind the front: the environment of a request, and the sending of its response."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from typing import Any

import pytest

from botmeter.domain.errors import Unavailable
from botmeter.server.front.bridge import Bridge, environ_of
from botmeter.server.front.protocol import Message, Receive, Scope
from botmeter.server.front.request import BodyBudget, Request
from botmeter.server.front.turns import WAITING_BY_SENDER_MAX
from botmeter.web.exchange import SENDER_KEY
from support.asgi_requests import AsgiResponse, ResponseRecorder, body_in, scope_of
from support.bridges import bridge_of

Start = Callable[[str, list[tuple[str, str]]], Any]


def request_of(scope: Scope, receive: Receive | None = None) -> Request:
    return Request(scope, receive or body_in(), budget=BodyBudget(bytes_max=0, holder_bytes_max=0))


def environ(method: str, path: str, *, body: bytes = b"", headers: Iterable[tuple[str, str]] = ()) -> dict[str, Any]:
    return environ_of(request_of(scope_of(method, path, headers=headers)), body)


class Whole:
    """An application with a whole response; it records its environments."""

    streaming = False

    def __init__(self, *chunks: bytes) -> None:
        self.chunks: Iterable[bytes] = chunks
        self.environs: list[dict[str, Any]] = []
        self.close_count = 0

    def __call__(self, environ: dict[str, Any], start: Start) -> "Whole":
        self.environs.append(environ)
        start("201 Created", [("X-One", "1"), ("X-One", "é")])
        return self

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.chunks)

    def close(self) -> None:
        self.close_count += 1


class Streamed(Whole):
    """An application whose answer comes piece by piece; before each it says so."""

    streaming = True

    def __init__(self, *chunks: bytes) -> None:
        super().__init__(*chunks)
        self.before: Callable[[bytes], None] = lambda _: None

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            self.before(chunk)
            yield chunk


async def answered(bridge: Bridge, sent: ResponseRecorder, *, client: str = "127.0.0.1") -> None:
    scope = scope_of("GET", "/")
    scope["client"] = (client, 40_000)
    await bridge.answer(request_of(scope), b"", send=sent)


def answer(application: Any) -> AsgiResponse:
    bridge, sent = bridge_of(application), ResponseRecorder()
    asyncio.run(answered(bridge, sent))
    bridge.close()
    return sent.response()


def test_a_request_has_the_wsgi_environment_of_pep_3333() -> None:
    wsgi = environ(
        "POST",
        "/a/acme?x=1&y=%20",
        body=b"a=1",
        headers=[
            ("Host", "meter.example"),
            ("Content-Type", "text/plain"),
            ("Content-Length", "99"),
            ("X-Request-ID", "r"),
        ],
    )
    assert wsgi.pop("wsgi.input").read() == b"a=1"
    assert wsgi.pop("wsgi.errors").writable()
    assert wsgi == {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a/acme",
        "QUERY_STRING": "x=1&y=%20",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "meter.example",
        "HTTP_X_REQUEST_ID": "r",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "3",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a%20b", "/a b"),
        ("/%ED%9A%8C%EC%9D%98", "/회의"),
        ("/v5%2F..%252F", "/v5/..%2F"),
        ("/%FF%00", None),
    ],
)
def test_a_path_is_decoded_to_its_bytes(path: str, expected: str | None) -> None:
    path_info: str = environ("GET", path)["PATH_INFO"]
    assert path_info.encode("latin-1") == (b"/\xff\0" if expected is None else expected.encode())


def test_a_path_without_raw_bytes_is_used_as_decoded() -> None:
    scope = scope_of("GET", "/%ED%9A%8C")
    scope["raw_path"] = None
    assert environ_of(request_of(scope), b"")["PATH_INFO"].encode("latin-1") == "/회".encode()


def test_repeated_headers_are_joined_and_cookies_by_semicolon() -> None:
    wsgi = environ("GET", "/", headers=[("accept", "a"), ("Accept", "b"), ("cookie", "x=1"), ("cookie", "y=2")])
    assert (wsgi["HTTP_ACCEPT"], wsgi["HTTP_COOKIE"]) == ("a,b", "x=1; y=2")


def test_a_header_with_an_underscore_is_dropped() -> None:
    wsgi = environ("GET", "/", headers=[("x-forwarded-proto", "http"), ("X_Forwarded_Proto", "https")])
    assert wsgi["HTTP_X_FORWARDED_PROTO"] == "http"


def test_head_requests_stay_head() -> None:
    assert environ("HEAD", "/healthz")["REQUEST_METHOD"] == "HEAD"


def test_a_client_without_an_address_has_an_empty_one() -> None:
    scope = scope_of("GET", "/")
    scope["client"] = scope["server"] = None
    wsgi = environ_of(request_of(scope), b"")
    assert (
        wsgi["REMOTE_ADDR"],
        wsgi["SERVER_NAME"],
        wsgi["SERVER_PORT"],
    ) == ("", "localhost", "80")


def test_a_whole_response_is_sent_at_once_and_closed() -> None:
    application = Whole(b"a", b"b")
    bridge, sent = bridge_of(application), ResponseRecorder()
    asyncio.run(answered(bridge, sent))
    bridge.close()
    start, body = sent.messages
    assert start["status"] == 201
    assert start["headers"] == [(b"x-one", b"1"), (b"x-one", b"\xe9")]
    assert body == {"type": "http.response.body", "body": b"ab", "more_body": False}
    assert application.close_count == 1


def test_a_streamed_response_is_sent_in_pieces_and_closed() -> None:
    application = Streamed(b"a", b"b")
    bridge, sent = bridge_of(application), ResponseRecorder()
    asyncio.run(answered(bridge, sent))
    bridge.close()
    assert b"".join(message.get("body", b"") for message in sent.messages) == b"ab"
    assert [message["more_body"] for message in sent.messages[1:]][-2:] == [True, False]
    assert application.close_count == 1


def test_a_disconnected_client_ends_and_closes_the_response() -> None:
    application = Streamed()
    application.chunks = repeat(b"x")
    disconnected = asyncio.Event()

    async def receive() -> Message:
        await disconnected.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message.get("body"):
            disconnected.set()

    async def run() -> None:
        await bridge_of(application).answer(request_of(scope_of("GET", "/"), receive), b"", send=send)

    asyncio.run(run())
    assert application.close_count == 1


def test_a_broken_connection_ends_the_response() -> None:
    application = Streamed(b"a", b"b")

    async def broken(message: Message) -> None:
        raise OSError("the connection is closed")

    async def run() -> None:
        await bridge_of(application).answer(request_of(scope_of("GET", "/")), b"", send=broken)

    asyncio.run(run())
    assert application.close_count == 1


def test_requests_over_the_waiting_limit_are_refused_and_others_answered() -> None:
    application = Whole(b"a")
    started, go = threading.Event(), threading.Event()

    def slow(environ: dict[str, Any], start: Start) -> Whole:
        started.set()
        assert go.wait(30)
        return application(environ, start)

    async def run() -> None:
        bridge = bridge_of(slow)
        sent = [ResponseRecorder() for _ in range(WAITING_BY_SENDER_MAX + 1)]
        waiting = [asyncio.create_task(answered(bridge, each)) for each in sent]
        await asyncio.to_thread(started.wait)
        with pytest.raises(Unavailable) as caught:
            await answered(bridge, ResponseRecorder())
        assert caught.value.code == "server_busy"
        other = asyncio.create_task(answered(bridge, ResponseRecorder(), client="192.0.2.9"))
        go.set()
        await asyncio.gather(*waiting, other)
        assert all(each.response().status == 201 for each in sent)
        await answered(bridge, ResponseRecorder())
        bridge.close()

    asyncio.run(run())


def test_a_client_that_leaves_while_it_waits_is_not_answered() -> None:
    started, go, count = threading.Event(), threading.Event(), 0

    def slow(environ: dict[str, Any], start: Start) -> Whole:
        nonlocal count
        count += 1
        started.set()
        assert go.wait(30)
        return Whole(b"a")(environ, start)

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def run() -> None:
        bridge = bridge_of(slow)
        first = asyncio.create_task(answered(bridge, ResponseRecorder()))
        await asyncio.to_thread(started.wait)
        left = asyncio.create_task(bridge.answer(request_of(scope_of("GET", "/"), gone), b"", send=ResponseRecorder()))
        await asyncio.sleep(0)
        go.set()
        await asyncio.gather(first, left)
        bridge.close()

    asyncio.run(run())
    assert count == 1


def test_a_sender_that_the_application_names_has_its_own_turn_from_then_on() -> None:
    running: list[str] = []
    started, go = threading.Event(), threading.Event()

    def naming(environ: dict[str, Any], start: Start) -> Whole:
        running.append(environ["PATH_INFO"])
        if environ.get("HTTP_AUTHORIZATION"):
            environ[SENDER_KEY] = "key 1"
        if environ["PATH_INFO"] == "/slow":
            started.set()
            assert go.wait(30)
        return Whole(b"a")(environ, start)

    async def ask(bridge: Bridge, path: str, **headers: str) -> None:
        scope = scope_of("GET", path, headers=headers.items())
        await bridge.answer(request_of(scope), b"", send=ResponseRecorder())

    async def run() -> None:
        bridge = bridge_of(naming)
        await ask(bridge, "/first", authorization="Bearer known")
        flood = [asyncio.create_task(ask(bridge, "/slow"))]
        await asyncio.to_thread(started.wait)
        flood += [asyncio.create_task(ask(bridge, f"/{number}")) for number in range(9)]
        await asyncio.sleep(0)
        known = asyncio.create_task(ask(bridge, "/known", authorization="Bearer known"))
        guessed = asyncio.create_task(ask(bridge, "/guessed", authorization="Bearer guessed"))
        await asyncio.sleep(0)
        go.set()
        await asyncio.gather(*flood, known, guessed)
        bridge.close()

    asyncio.run(run())
    assert running.index("/known") <= 3
    assert running.index("/guessed") == 12


def test_a_failed_application_releases_its_slot() -> None:
    def failing(environ: dict[str, Any], start: Start) -> Whole:
        raise LookupError("of the application")

    async def run() -> None:
        bridge = bridge_of(failing, threads=1)
        for _ in range(3):
            with pytest.raises(LookupError, match="of the application"):
                await answered(bridge, ResponseRecorder())
        bridge.close()

    asyncio.run(run())


def test_a_response_that_fails_while_sent_is_closed() -> None:
    application = Streamed(b"a", b"b")

    def fail(chunk: bytes) -> None:
        if chunk == b"b":
            raise LookupError("of the answer")

    application.before = fail
    with pytest.raises(LookupError, match="of the answer"):
        answer(application)
    assert application.close_count == 1
