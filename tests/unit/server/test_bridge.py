"""Django behind the front: what it is told of a request, and what becomes of what it answers."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from typing import Any

import pytest

from botmeter.domain.errors import Unavailable
from botmeter.server.front.bridge import WAITING_MAX, Bridge, environ_of
from botmeter.server.front.protocol import Message, Receive, Scope
from botmeter.server.front.request import BodyMemory, Request
from support.asgi_requests import AsgiResponse, ResponseRecorder, body_in, scope_of

Start = Callable[[str, list[tuple[str, str]]], Any]


def request_of(scope: Scope, receive: Receive | None = None) -> Request:
    return Request(scope, receive or body_in(), memory=BodyMemory(0))


def environ(method: str, path: str, *, body: bytes = b"", headers: Iterable[tuple[str, str]] = ()) -> dict[str, Any]:
    return environ_of(request_of(scope_of(method, path, headers=headers)), body)


class Whole:
    """An application whose answer is whole; it keeps what it was asked."""

    streaming = False

    def __init__(self, *chunks: bytes) -> None:
        self.chunks: Iterable[bytes] = chunks
        self.asked: list[dict[str, Any]] = []
        self.close_count = 0

    def __call__(self, environ: dict[str, Any], start: Start) -> "Whole":
        self.asked.append(environ)
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


async def answered(bridge: Bridge, sent: ResponseRecorder) -> None:
    await bridge.answer(request_of(scope_of("GET", "/")), b"", send=sent)


def answer(application: Any) -> AsgiResponse:
    bridge, sent = Bridge(application, threads=1), ResponseRecorder()
    asyncio.run(answered(bridge, sent))
    bridge.close()
    return sent.response()


def test_a_request_is_told_as_wsgi_has_it() -> None:
    told = environ(
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
    assert told.pop("wsgi.input").read() == b"a=1"
    assert told.pop("wsgi.errors").writable()
    assert told == {
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
    ("path", "told"),
    [
        ("/a%20b", "/a b"),
        ("/%ED%9A%8C%EC%9D%98", "/회의"),
        ("/v5%2F..%252F", "/v5/..%2F"),
        ("/%FF%00", None),
    ],
)
def test_a_path_is_the_bytes_that_it_names(path: str, told: str | None) -> None:
    found: str = environ("GET", path)["PATH_INFO"]
    assert found.encode("latin-1") == (b"/\xff\0" if told is None else told.encode())


def test_a_path_without_its_bytes_is_taken_as_it_was_read() -> None:
    scope = scope_of("GET", "/%ED%9A%8C")
    scope["raw_path"] = None
    assert environ_of(request_of(scope), b"")["PATH_INFO"].encode("latin-1") == "/회".encode()


def test_a_header_that_is_there_twice_is_one_with_both_values_and_cookies_stay_cookies() -> None:
    told = environ("GET", "/", headers=[("accept", "a"), ("Accept", "b"), ("cookie", "x=1"), ("cookie", "y=2")])
    assert (told["HTTP_ACCEPT"], told["HTTP_COOKIE"]) == ("a,b", "x=1; y=2")


def test_a_header_with_an_underscore_can_not_pass_for_a_proxy_s() -> None:
    told = environ("GET", "/", headers=[("x-forwarded-proto", "http"), ("X_Forwarded_Proto", "https")])
    assert told["HTTP_X_FORWARDED_PROTO"] == "http"


def test_head_is_asked_as_head() -> None:
    assert environ("HEAD", "/healthz")["REQUEST_METHOD"] == "HEAD"


def test_a_client_that_has_no_address_is_nobody() -> None:
    scope = scope_of("GET", "/")
    scope["client"] = scope["server"] = None
    told = environ_of(request_of(scope), b"")
    assert (told["REMOTE_ADDR"], told["SERVER_NAME"], told["SERVER_PORT"]) == ("", "localhost", "80")


def test_an_answer_that_is_whole_is_sent_at_once_and_closed() -> None:
    application = Whole(b"a", b"b")
    bridge, sent = Bridge(application), ResponseRecorder()
    asyncio.run(answered(bridge, sent))
    bridge.close()
    start, body = sent.messages
    assert start["status"] == 201
    assert start["headers"] == [(b"x-one", b"1"), (b"x-one", b"\xe9")]
    assert body == {"type": "http.response.body", "body": b"ab", "more_body": False}
    assert application.close_count == 1


def test_an_answer_that_is_streamed_is_sent_piece_by_piece_and_closed() -> None:
    application = Streamed(b"a", b"b")
    bridge, sent = Bridge(application), ResponseRecorder()
    asyncio.run(answered(bridge, sent))
    bridge.close()
    assert [message.get("body") for message in sent.messages] == [None, b"a", b"b", b""]
    assert [message["more_body"] for message in sent.messages[1:]] == [True, True, False]
    assert application.close_count == 1


def test_a_reader_who_goes_ends_the_answer_and_closes_it() -> None:
    application = Streamed()
    application.chunks = repeat(b"x")
    gone = asyncio.Event()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message.get("body"):
            gone.set()

    async def asked() -> None:
        await Bridge(application).answer(request_of(scope_of("GET", "/"), receive), b"", send=send)

    asyncio.run(asked())
    assert application.close_count == 1


def test_a_reader_whose_connection_takes_nothing_more_ends_the_answer_too() -> None:
    application = Streamed(b"a", b"b")

    async def broken(message: Message) -> None:
        raise OSError("the connection is gone")

    async def asked() -> None:
        await Bridge(application).answer(request_of(scope_of("GET", "/")), b"", send=broken)

    asyncio.run(asked())
    assert application.close_count == 1


def test_more_than_may_wait_are_told_to_come_again_and_the_others_are_answered() -> None:
    application = Whole(b"a")
    begun, go = threading.Event(), threading.Event()

    def slow(environ: dict[str, Any], start: Start) -> Whole:
        begun.set()
        assert go.wait(30)
        return application(environ, start)

    async def asked() -> None:
        bridge = Bridge(slow, threads=1)
        sent = [ResponseRecorder() for _ in range(WAITING_MAX + 1)]
        waiting = [asyncio.create_task(answered(bridge, each)) for each in sent]
        await asyncio.to_thread(begun.wait)
        with pytest.raises(Unavailable) as caught:
            await answered(bridge, ResponseRecorder())
        assert caught.value.code == "server_busy"
        go.set()
        await asyncio.gather(*waiting)
        assert all(each.response().status == 201 for each in sent)
        await answered(bridge, ResponseRecorder())
        bridge.close()

    asyncio.run(asked())


def test_an_application_that_fails_gives_its_place_back() -> None:
    def failing(environ: dict[str, Any], start: Start) -> Whole:
        raise LookupError("of the application")

    async def asked() -> None:
        bridge = Bridge(failing, threads=1)
        for _ in range(WAITING_MAX + 2):
            with pytest.raises(LookupError, match="of the application"):
                await answered(bridge, ResponseRecorder())
        bridge.close()

    asyncio.run(asked())


def test_an_answer_that_fails_on_its_way_is_closed() -> None:
    application = Streamed(b"a", b"b")

    def fail(chunk: bytes) -> None:
        if chunk == b"b":
            raise LookupError("of the answer")

    application.before = fail
    with pytest.raises(LookupError, match="of the answer"):
        answer(application)
    assert application.close_count == 1
