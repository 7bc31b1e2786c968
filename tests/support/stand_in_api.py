"""Local API of a platform: answers as a test says, or fails."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest

Answer = tuple[int, Any]


class ApiRequest(NamedTuple):
    query: Mapping[str, str]
    headers: Mapping[str, str]


Answering = Callable[[str, ApiRequest], Answer]


def nothing_there(path: str, request: ApiRequest) -> Answer:
    return 404, {}


@dataclass(kw_only=True, slots=True)
class StandInApi:
    """Local API.

    Attributes:
        answer: Path and request → status and JSON; bytes are sent as they are.
        ways: Outcomes of the next requests; later ones are answered. `take`, `drop` (cut without an answer), `endless`
            (bytes without end), `slow head` and `slow body` (a byte now and then), or a status with its headers.
        requests: Path and query of each request.
    """

    answer: Answering = nothing_there
    faults: deque[str | tuple[int, dict[str, str]]] = field(default_factory=deque)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def serving(self) -> Iterator["StandInApi"]:
        """Answer until the `with` ends; pulls may call this machine meanwhile."""
        with (
            pytest.MonkeyPatch.context() as patch,
            ThreadingHTTPServer(("127.0.0.1", 0), _handler(self)) as server,
        ):
            patch.setenv("BOTMETER_PULL_NETWORKS", "127.0.0.0/8")
            server.daemon_threads = True
            self.port = server.server_address[1]
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()


_SLOW_STARTS = {
    "slow head": b"HTTP/1.1 200 OK\r\nX-Slow: ",
    "slow body": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
}


def _write_slowly(file: BufferedIOBase, *, start: bytes) -> None:
    """Write for longer than any test waits, or until the reader is gone."""
    pause = threading.Event()
    with suppress(OSError):
        file.write(start)
        for _ in range(3_000):
            file.write(b"x")
            pause.wait(0.02)


def _handler(api: StandInApi) -> type[BaseHTTPRequestHandler]:
    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query))
            api.requests.append((parts.path, query))
            headers = {name.lower(): value for name, value in self.headers.items()}
            match api.faults.popleft() if api.faults else "take":
                case "drop":
                    self.close_connection = True
                case "endless":
                    self._endless()
                case "slow head" | "slow body" as fault:
                    self.close_connection = True
                    _write_slowly(self.wfile, start=_SLOW_STARTS[fault])
                case (status, more):
                    self._say(status, b"{}", headers=more)
                case _:
                    status, result = api.answer(parts.path, ApiRequest(query, headers))
                    self._say(status, result if isinstance(result, bytes) else json.dumps(result).encode())

        def _say(self, status: int, body: bytes, *, headers: Mapping[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _endless(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(1 << 40))
            self.end_headers()
            self.close_connection = True
            try:
                while True:
                    self.wfile.write(bytes(1 << 20))
            except OSError:
                return

        def log_message(self, *_: object) -> None:
            """Tests read the requests, not a log."""

    return Answers
