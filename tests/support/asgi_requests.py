"""Requests to an ASGI application in this process: whole, in pieces or cut off."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from botmeter.server.front.protocol import Application, Message, Receive, Scope


@dataclass(frozen=True)
class AsgiResponse:
    """Answer with lower-case header names; `is_whole` if its end was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool = True

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class ResponseRecorder:
    """Receiver of an application's answer."""

    messages: list[Message] = field(default_factory=list)

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    def response(self) -> AsgiResponse:
        start, *bodies = self.messages
        assert start["type"] == "http.response.start"
        return AsgiResponse(
            status=start["status"],
            headers={name.decode(): value.decode("latin-1") for name, value in start["headers"]},
            body=b"".join(body["body"] for body in bodies),
            is_whole=bool(bodies) and not bodies[-1]["more_body"],
        )


def scope_of(method: str, path: str, *, headers: Iterable[tuple[str, str]] = ()) -> Scope:
    """Scope of a request; `path` as in a request line."""
    plain, _, query = path.partition("?")
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": _decoded_path(plain),
        "raw_path": plain.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", 40_000),
        "server": ("127.0.0.1", 8000),
    }


def body_in(*pieces: bytes) -> Receive:
    """Body in these pieces; further reads block, as on an open connection."""
    remaining = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces or (b"",)]
    remaining[-1]["more_body"] = False
    return _receiver(remaining, afterwards=_wait_forever)


def body_cut_after(*pieces: bytes) -> Receive:
    """Body whose connection ends after these pieces."""
    remaining = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    return _receiver([*remaining, {"type": "http.disconnect"}], afterwards=_wait_forever)


def body_stalled_after(*pieces: bytes) -> Receive:
    """Incomplete body that stalls after these pieces."""
    remaining = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    return _receiver(remaining, afterwards=_wait_forever)


def endless_body(piece: bytes) -> Receive:
    """Endless body of such pieces."""

    async def receive() -> Message:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": piece, "more_body": True}

    return receive


async def answer_of(application: Application, scope: Scope, *, receive: Receive) -> AsgiResponse:
    recorder = ResponseRecorder()
    await application(scope, receive, recorder)
    return recorder.response()


@dataclass(frozen=True)
class AsgiClient:
    """Whole requests to an application, in turn or at once; `run` completes a coroutine."""

    application: Application
    run: Callable[[Awaitable[Any]], Any] = asyncio.run  # type: ignore[assignment]

    def __call__(self, method: str, path: str, body: bytes = b"", /, **headers: str) -> AsgiResponse:
        """Send a request; header names have underscores."""
        (response,) = self.at_once([self.request(method, path, body=body, **headers)])
        return response

    def request(self, method: str, path: str, /, *, body: bytes = b"", **headers: str) -> "tuple[Scope, Receive]":
        """Prepare a request for `at_once`."""
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        if method == "POST" and "content_length" not in headers:
            named.append(("content-length", str(len(body))))
        return scope_of(method, path, headers=named), body_in(body)

    def at_once(self, requests: Sequence[tuple[Scope, Receive]]) -> list[AsgiResponse]:
        """Send requests concurrently."""

        async def gathered() -> list[AsgiResponse]:
            requests_in_flight = [answer_of(self.application, scope, receive=receive) for scope, receive in requests]
            return await asyncio.gather(*requests_in_flight)

        responses: list[AsgiResponse] = self.run(gathered())
        return responses


async def _wait_forever() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


def _receiver(messages: Sequence[Message], *, afterwards: Receive) -> Receive:
    remaining = list(messages)

    async def receive() -> Message:
        return remaining.pop(0) if remaining else await afterwards()

    return receive


def _decoded_path(path: str) -> str:
    return unquote(path, errors="replace")
