"""Questions of a bot before its reply: answered in time, or allowed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from botmeter.client import ClientSettings, Entitlement, Meter

pytestmark = pytest.mark.slow

ANSWER = b"""{"allowed": false, "opens_session": true, "session": null, "left": 0, "cost": "0.10", "currency": "USD",
"reason": "budget_reached", "as_of": "2026-11-22T10:31:07.250000Z"}"""


@contextmanager
def server(status: int, body: bytes, *, released: Event | None = None) -> Iterator[tuple[str, list[str]]]:
    """Address of a server that gives one answer, once released, and the paths that it was asked."""
    paths: list[str] = []

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            if released is not None:
                released.wait(10)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as made:
        Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_address[1]}", paths
        if released is not None:
            released.set()
        made.shutdown()


def asked(url: str, folder: Path, *, within_seconds: float = 5.0) -> Entitlement:
    with Meter(url, "bm_key", settings=ClientSettings(spill_folder=folder)) as meter:
        return meter.entitlement(
            account="acme", customer_id="c 1", bot_id="b1", channel=None, within_seconds=within_seconds
        )


def test_an_answer_is_read(tmp_path: Path) -> None:
    with server(200, ANSWER) as (url, paths):
        answer = asked(url, tmp_path)
    assert paths == ["/api/v1/accounts/acme/entitlement?customer=c+1&bot=b1"]
    assert answer == Entitlement(
        allowed=False,
        is_answered=True,
        opens_session=True,
        left=0,
        cost=Decimal("0.10"),
        currency="USD",
        reason="budget_reached",
        as_of=datetime(2026, 11, 22, 10, 31, 7, 250_000, UTC),
    )


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (403, b'{"code": "scope_missing", "detail": "The key lacks it."}', "The key lacks it. (scope_missing)"),
        (502, b"<html>", "The server answered 502."),
        (200, b"[]", "ValidationError: Expected `object`, got `array`"),
    ],
)
def test_a_refusal_is_allowed_and_says_why(tmp_path: Path, status: int, body: bytes, problem: str) -> None:
    with server(status, body) as (url, _):
        assert asked(url, tmp_path) == Entitlement(allowed=True, is_answered=False, problem=problem)


def test_a_silent_server_is_waited_for_50_ms(tmp_path: Path) -> None:
    with server(200, ANSWER, released=Event()) as (url, _):
        started = time.monotonic()
        answer = asked(url, tmp_path, within_seconds=0.05)
        # The rest is the client's own start and end.
        assert time.monotonic() - started < 10
    assert (answer.allowed, answer.is_answered) == (True, False)


def test_a_server_that_is_away_is_no_failure(tmp_path: Path) -> None:
    answer = asked("http://127.0.0.1:9", tmp_path)
    assert (answer.allowed, answer.is_answered, answer.cost) == (True, False, None)
    assert answer.problem is not None
