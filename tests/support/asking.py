"""Requests to an ASGI application in this process: whole, in pieces or cut off."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from botmeter.server.front.protocol import Application, Message, Receive, Scope


@dataclass(frozen=True)
class Asked:
    """Answer with lower-case header names; `is_whole` if its end was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool = True

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Sent:
    """Receiver of an application's answer."""

    messages: list[Message] = field(default_factory=list)

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    def asked(self) -> Asked:
        start, *bodies = self.messages
        assert start["type"] == "http.response.start"
        return Asked(
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
        "path": _decoded(plain),
        "raw_path": plain.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", 40_000),
        "server": ("127.0.0.1", 8000),
    }


def body_in(*pieces: bytes) -> Receive:
    """Body in these pieces; further reads block, as on an open connection."""
    left = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces or (b"",)]
    left[-1]["more_body"] = False
    return _received(left, then=_for_ever)


def cut_after(*pieces: bytes) -> Receive:
    """Body whose connection ends after these pieces."""
    left = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    return _received([*left, {"type": "http.disconnect"}], then=_for_ever)


def stalled_after(*pieces: bytes) -> Receive:
    """Incomplete body that stalls after these pieces."""
    left = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    return _received(left, then=_for_ever)


def trickled(piece: bytes) -> Receive:
    """Endless body of such pieces."""

    async def receive() -> Message:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": piece, "more_body": True}

    return receive


async def answer_to(application: Application, scope: Scope, *, receive: Receive) -> Asked:
    sent = Sent()
    await application(scope, receive, sent)
    return sent.asked()


@dataclass(frozen=True)
class Asker:
    """Whole requests to an application, in turn or at once; `run` completes a coroutine."""

    application: Application
    run: Callable[[Awaitable[Any]], Any] = asyncio.run  # type: ignore[assignment]

    def __call__(self, method: str, path: str, body: bytes = b"", /, **headers: str) -> Asked:
        """Send a request; header names have underscores."""
        (asked,) = self.at_once([self.request(method, path, body=body, **headers)])
        return asked

    def request(self, method: str, path: str, /, *, body: bytes = b"", **headers: str) -> "tuple[Scope, Receive]":
        """Prepare a request for `at_once`."""
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        if method == "POST" and "content_length" not in headers:
            named.append(("content-length", str(len(body))))
        return scope_of(method, path, headers=named), body_in(body)

    def at_once(self, requests: Sequence[tuple[Scope, Receive]]) -> list[Asked]:
        """Send requests concurrently."""

        async def answered() -> list[Asked]:
            asking = [answer_to(self.application, scope, receive=receive) for scope, receive in requests]
            return await asyncio.gather(*asking)

        found: list[Asked] = self.run(answered())
        return found


async def _for_ever() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


def _received(messages: Sequence[Message], *, then: Receive) -> Receive:
    left = list(messages)

    async def receive() -> Message:
        return left.pop(0) if left else await then()

    return receive


def _decoded(path: str) -> str:
    return unquote(path, errors="replace")
