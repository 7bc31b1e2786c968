"""Local receiver of webhooks: keeps what it gets, and answers as a test says."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

Way = str | tuple[int, dict[str, str]]


class Received(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(kw_only=True, slots=True)
class Receiver:
    """Local receiver.

    Attributes:
        ways: Outcomes of the next requests; later ones get 204. `drop` (cut without an answer), `silent`, `slow head`
            and `slow body` (a byte now and then), `long` (200 with a body without end), or a status with its headers.
    """

    ways: deque[Way] = field(default_factory=deque)
    received: list[Received] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/botmeter?for=acme"

    @contextmanager
    def serving(self) -> Iterator["Receiver"]:
        with ThreadingHTTPServer(("127.0.0.1", 0), _answering(self)) as server:
            server.daemon_threads = True
            self.port = server.server_address[1]
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield self
            finally:
                self.ended.set()
                server.shutdown()
                thread.join()


def _answering(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, body))
            self.close_connection = True
            match receiver.ways.popleft() if receiver.ways else (204, {}):
                case "drop":
                    return
                case "silent":
                    receiver.ended.wait()
                case "slow head":
                    self._drip(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                case "slow body":
                    self._drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
                case "long":
                    self._drip(b"HTTP/1.1 200 OK\r\n\r\n" + b"long " * 1_000)
                case (int(status), dict(more)):
                    self.send_response(status)
                    for name, value in more.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", "2")
                    self.end_headers()
                    with suppress(OSError):
                        self.wfile.write(b"ok")

        def _drip(self, start: bytes) -> None:
            with suppress(OSError):
                self.wfile.write(start)
                while not receiver.ended.wait(0.02):
                    self.wfile.write(b"x")

        def log_message(self, *_: object) -> None:
            """Tests read the requests, not a log."""

    return Answering
