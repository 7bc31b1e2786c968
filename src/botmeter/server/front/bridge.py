"""Bridge to Django, which answers WSGI requests in threads.

Bodies are read before a thread is used, and streams are sent after it: a thread never waits for a client.
"""

import asyncio
import io
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from botmeter.server.front.body import ClientDisconnected
from botmeter.server.front.protocol import Receive, Send
from botmeter.server.front.request import Request
from botmeter.server.front.senders import Senders
from botmeter.server.front.sending import SEND_LIMITS, SendLimits, send_stream
from botmeter.server.front.spool import Spool, SpooledStream
from botmeter.server.front.turns import Turns
from botmeter.web.exchange import AFTER_SENDING_KEY, SENDER_KEY
from botmeter.web.request_ids import HEADER

THREADS: Final = 16
"""Concurrent requests. Most of their time is spent in DuckDB, which has threads of its own."""
WHOLE_BYTES_MAX: Final = 1 << 20
"""Streams of a known length up to this, such as static files, are sent as a whole."""

_OWN_NAMES: Final = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}

StartResponse = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], StartResponse], Any]
"""Django's WSGI handler, which returns its response."""


class Bridge:
    """WSGI application for an event loop."""

    def __init__(
        self,
        application: Wsgi,
        *,
        spool: Spool,
        environ: Mapping[str, object] = MappingProxyType({}),
        threads: int = THREADS,
        limits: SendLimits = SEND_LIMITS,
    ) -> None:
        self._application = application
        self._spool = spool
        self._environ = environ
        self._limits = limits
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="page")
        self._turns = Turns(threads)
        self._senders = Senders()

    async def answer(self, request: Request, body: bytes, *, send: Send) -> None:
        """Answer a request whose body was received; raises Unavailable `server_busy`."""
        loop = asyncio.get_running_loop()
        after_sending: list[Callable[[], None]] = []
        environ = {**environ_of(request, body), **request.notes, **self._environ, AFTER_SENDING_KEY: after_sending}
        exchange = _Exchange(loop, send, spool=self._spool, limits=self._limits)
        watch = loop.create_task(_watched(request.receive, exchange))
        try:
            async with self._turns.turn(self._senders.sender_of(request)):
                # Who has left while waiting gets no thread.
                if not exchange.is_disconnected:
                    await loop.run_in_executor(self._threads, exchange.run, self._application, environ)
            if SENDER_KEY in environ:
                self._senders.remember(request, environ[SENDER_KEY])
        finally:
            try:
                if exchange.sending is not None:
                    await asyncio.wrap_future(exchange.sending)
            finally:
                watch.cancel()
                for release in after_sending:
                    release()

    def close(self) -> None:
        self._threads.shutdown(wait=True)


class _Exchange:
    def __init__(self, loop: asyncio.AbstractEventLoop, send: Send, *, spool: Spool, limits: SendLimits) -> None:
        self._loop = loop
        self._send = send
        self._spool = spool
        self._limits = limits
        self._start: dict[str, Any] = {}
        self.sending: Future[None] | None = None
        self.stream: SpooledStream | None = None
        self.is_disconnected = False

    def run(self, application: Wsgi, environ: dict[str, Any]) -> None:
        with closing(application(environ, self._started)) as response, suppress(ClientDisconnected):
            if response.streaming and not self._is_small():
                self._spool_all(response)
            else:
                self._send_all(self._start, _body(b"".join(response), is_last=True))

    def _started(self, status: str, headers: list[tuple[str, str]], *_exc_info: Any) -> None:
        self._start = {
            "type": "http.response.start",
            "status": int(status[:3]),
            "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        }

    def _is_small(self) -> bool:
        lengths = [int(value) for name, value in self._start["headers"] if name == b"content-length"]
        return bool(lengths) and lengths[0] <= WHOLE_BYTES_MAX

    def _spool_all(self, pieces: Iterable[bytes]) -> None:
        stream = self.stream = SpooledStream(self._spool, self._loop)
        sent = send_stream(stream, self._send, start=self._start, limits=self._limits)
        self.sending = asyncio.run_coroutine_threadsafe(sent, self._loop)
        if self.is_disconnected:
            stream.fail()
            return
        try:
            for piece in pieces:
                stream.write(piece)
        except BaseException:
            stream.fail()
            raise
        stream.end()

    def _send_all(self, *messages: dict[str, Any]) -> None:
        if self.is_disconnected:
            raise ClientDisconnected
        sending = asyncio.run_coroutine_threadsafe(self._sent(messages), self._loop)
        try:
            sending.result(self._limits.seconds)
        except Exception as problem:
            sending.cancel()
            raise ClientDisconnected from problem

    async def _sent(self, messages: Iterable[dict[str, Any]]) -> None:
        for message in messages:
            await self._send(message)


async def _watched(receive: Receive, exchange: _Exchange) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    exchange.is_disconnected = True
    if exchange.stream is not None:
        await exchange.stream.close()


def _body(piece: bytes, *, is_last: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": piece, "more_body": not is_last}


def environ_of(request: Request, body: bytes) -> dict[str, Any]:
    """WSGI environment (PEP 3333)."""
    scope = request.scope
    server, port = scope.get("server") or ("localhost", 80)
    client = scope.get("client")
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(request.raw_path).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server,
        "SERVER_PORT": str(port or 0),
        "REMOTE_ADDR": client[0] if client else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in {**request.headers, HEADER.lower(): request.number}.items():
        # WSGI maps `x-forwarded-proto` and `x_forwarded_proto` to one name, and a proxy only overwrites the first.
        if "_" in name:
            continue
        environ[_OWN_NAMES.get(name) or f"HTTP_{name.upper().replace('-', '_')}"] = value
    # The body was read whole, even if it was sent in chunks.
    environ["CONTENT_LENGTH"] = str(len(body))
    return environ
