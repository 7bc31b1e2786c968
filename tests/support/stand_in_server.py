"""HTTP server that accepts events as Botmeter's does, or fails as a test says."""

import gzip
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Record = dict[str, object]


def problem(code: str, detail: str) -> bytes:
    return json.dumps({"type": "about:blank", "title": code, "code": code, "detail": detail}).encode()


class Intake:
    """Server state: unique events in order of arrival, and all requests."""

    def __init__(self) -> None:
        self.events: dict[str, Record] = {}
        self.requests: list[list[Record]] = []
        self.rejects: Callable[[Record], bool] = lambda _: False

    def receipt(self, body: bytes) -> Record:
        records = [json.loads(line) for line in body.splitlines()]
        self.requests.append(records)
        counts = {"accepted": 0, "duplicates": 0, "conflicts": 0, "rejected": 0}
        rejections = []
        for index, record in enumerate(records):
            known = self.events.get(record["event_id"])
            if self.rejects(record):
                counts["rejected"] += 1
                rejections.append(
                    {"index": index, "event_id": record["event_id"], "code": "too_odd", "detail": "It is too odd."}
                )
            elif known is None:
                counts["accepted"] += 1
                self.events[record["event_id"]] = record
            else:
                counts["duplicates" if known == record else "conflicts"] += 1
        return {**counts, "rejections": rejections}


class StandIn:
    """Local server.

    Attributes:
        ways: Outcomes of the next requests; later ones are accepted. `take`, `cut` (accepted, answer lost), `drop` (cut
            before acceptance), `wait` (no answer until `released`), `page` (a proxy's sign-in page), or a status with
            its headers.
    """

    def __init__(self) -> None:
        self.intake = Intake()
        self.ways: deque[str | tuple[int, dict[str, str]]] = deque()
        self.released = threading.Event()
        self.headers: list[dict[str, str]] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def serving(self) -> Iterator["StandIn"]:
        with ThreadingHTTPServer(("127.0.0.1", self.port), self._answering()) as server:
            server.daemon_threads = True
            self.port = server.server_address[1]
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield self
            finally:
                self.released.set()
                server.shutdown()
                thread.join()

    def _answering(self) -> type[BaseHTTPRequestHandler]:
        stand_in = self

        class Answering(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
                stand_in.headers.append(dict(self.headers.items()) | {":path": self.path})
                way = stand_in.ways.popleft() if stand_in.ways else "take"
                match way:
                    case "take":
                        self.answer(200, json.dumps(stand_in.intake.receipt(body)).encode())
                    case "cut":
                        stand_in.intake.receipt(body)
                        self.close_connection = True
                    case "drop":
                        self.close_connection = True
                    case "wait":
                        stand_in.released.wait()
                        self.close_connection = True
                    case "page":
                        self.answer(200, b"<html>Sign in</html>")
                    case (status, headers):
                        self.answer(status, problem(f"made_{status}", f"A test wanted {status}."), headers=headers)

            def answer(self, status: int, body: bytes, *, headers: dict[str, str] | None = None) -> None:
                self.send_response(status)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Tests read the requests, not a log."""

        return Answering
