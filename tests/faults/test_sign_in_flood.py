"""Floods of sign-ins by strangers, at a real server."""

import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from time import perf_counter
from urllib.parse import urlencode, urlsplit

import pytest

from botmeter.people.guesses import PASSWORDS
from support.live_server import LiveServer, serving

pytestmark = pytest.mark.faults
EMAIL, PASSWORD, WRONG = "olga@example.org", "correct horse battery", "a guess"
PAGE_SECONDS_MAX = 5.0
"""Of a page during a flood; 11 seconds before hashes had a pool of their own."""
_PAGES = 15


class Visitor:
    """A browser's cookies, behind a proxy on this machine that names its address."""

    def __init__(self, server: LiveServer, *, address: str = "203.0.113.9") -> None:
        self._server, self._address = server, address
        self._cookies: dict[str, str] = {}
        self._token = ""

    def post(self, path: str, **form: str) -> HTTPResponse:
        """Submit the form of a page, opened first."""
        if not self._token:
            self._request("GET", path)
        form["csrfmiddlewaretoken"] = self._token
        return self._request("POST", path, body=urlencode(form).encode())

    def sign_in(self, email: str = EMAIL, *, password: str) -> int:
        return self.post("/sign-in", username=email, password=password).status

    def end_session(self) -> None:
        """Forget what a browser forgets when a session ends."""
        del self._cookies["botmeter_session"]
        self._token = ""

    def _request(self, method: str, path: str, *, body: bytes | None = None) -> HTTPResponse:
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Forwarded-For": self._address,
        }
        with closing(HTTPConnection("127.0.0.1", self._server.port, timeout=60)) as connection:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            page = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        if token := re.search(r'name="csrfmiddlewaretoken" value="([^"]+)', page):
            self._token = token[1]
        return answer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with a person."""
    with serving(tmp_path_factory.mktemp("flooded") / "data") as server:
        link = server.command("user", "create", EMAIL, "--name", "Olga").split()[0]
        assert Visitor(server).post(urlsplit(link).path, password=PASSWORD).status == 302
        yield server


@contextmanager
def flooded(server: LiveServer, *, threads: int = 30) -> Iterator[Counter[int]]:
    """Wrong passwords from ever new addresses; yields the counts of statuses."""
    end, statuses = threading.Event(), Counter[int]()

    def flood(thread: int) -> None:
        number = 0
        while not end.is_set():
            number += 1
            visitor = Visitor(server, address=f"10.{thread}.{number // 250}.{number % 250}")
            statuses[visitor.sign_in(f"n{number}@{thread}.example.org", password=WRONG)] += 1

    with ThreadPoolExecutor(threads) as pool:
        runs = [pool.submit(flood, thread) for thread in range(threads)]
        try:
            yield statuses
        finally:
            end.set()
            for run in runs:
                run.result()


def test_pages_stay_quick_and_known_browsers_sign_in_during_a_flood(server: LiveServer) -> None:
    known = Visitor(server)
    assert known.sign_in(password=PASSWORD) == 302
    with flooded(server) as statuses:
        seconds = []
        for _ in range(_PAGES):
            started = perf_counter()
            assert server.request("GET", "/readyz").status == 200
            seconds.append(perf_counter() - started)
        known.end_session()
        assert known.sign_in(password=PASSWORD) == 302
    assert max(seconds) < PAGE_SECONDS_MAX, seconds
    # Strangers have fewer threads of pages than the queue of hashes has places; what hashes refuse is tested elsewhere.
    assert set(statuses) <= {200, 503}, statuses
    assert statuses[200] > 0


def test_sixty_parallel_guesses_evaluate_exactly_the_limit(server: LiveServer) -> None:
    visitors = [Visitor(server, address=f"198.51.100.{number}") for number in range(60)]

    def guess(visitor: Visitor) -> int:
        # What the pool refuses was not evaluated, and is tried again.
        while (status := visitor.sign_in(password=WRONG)) == 503:
            pass
        return status

    before = failures(server.folder)
    with ThreadPoolExecutor(60) as pool:
        statuses = Counter(pool.map(guess, visitors))
    assert statuses == {200: PASSWORDS.free_count, 429: 60 - PASSWORDS.free_count}
    assert failures(server.folder) - before == PASSWORDS.free_count


def failures(folder: Path) -> int:
    """Evaluated wrong passwords of the person, by the audit log."""
    with closing(sqlite3.connect(folder / "people.sqlite3")) as connection:
        query = "SELECT count(*) FROM people_auditentry WHERE action = 'sign_in_failed' AND who = ?"
        return int(connection.execute(query, (EMAIL,)).fetchone()[0])
