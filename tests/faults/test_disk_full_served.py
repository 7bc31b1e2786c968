"""A full disk under a server: pages and the API answer, what writes is refused, and all works when there is room."""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from support.live_server import BATCH_EVENTS, READY_SECONDS, Answer, LiveServer, batch, commanded, ran, serving
from support.small_disk import fill, make_room, small_disk

pytestmark = pytest.mark.faults
EMAIL, SIGN_INS_MAX = "ada@example.org", 40
PASSWORD = "correct horse battery"  # noqa: S105 - of people in tests
PERIOD = "from=2026-03-01&to=2026-03-31"
API = (
    f"reports/session-usage?{PERIOD}",
    f"sessions?{PERIOD}",
    f"sessions/export?format=csv&{PERIOD}",
    f"sessions/export?format=xlsx&{PERIOD}",
)
POLL_SECONDS = 0.05


class Person:
    """Browser without scripts: it keeps cookies and follows redirections."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> tuple[int, str]:
        return self._answer(path, None)

    def post(self, path: str, **fields: str) -> tuple[int, str]:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path)[1])
        assert token is not None
        return self._answer(path, urlencode(fields | {"csrfmiddlewaretoken": token[1]}).encode())

    def _answer(self, path: str, body: bytes | None) -> tuple[int, str]:
        try:
            with self._opener.open(f"{self.url}{path}", body, timeout=READY_SECONDS) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as answer:
            return answer.code, answer.read().decode()


@dataclass
class Served:
    server: LiveServer
    key: str
    person: Person
    disk: Path

    def pages(self) -> list[str]:
        """Addresses of all pages that the report links to."""
        report = self.person.get("/")[1]
        found = {address.replace("&amp;", "&") for address in re.findall(r'href="(/a/acme[^"#]*)', report)}
        return sorted(found)

    def api(self, path: str) -> Answer:
        return self.server.request("GET", f"/api/v1/accounts/acme/{path}", authorization=f"Bearer {self.key}")

    def send(self, name: str) -> Answer:
        return self.server.send(self.key, json.dumps(batch(name)).encode())

    def wait_healthy(self) -> None:
        """Wait for the next worker; on a full disk it is never ready for events."""
        pause = threading.Event()
        for _ in range(int(READY_SECONDS / POLL_SECONDS)):
            try:
                if self.server.request("GET", "/healthz").status == 200:
                    return
            except (OSError, HTTPException):
                pass
            pause.wait(POLL_SECONDS)
        raise AssertionError(self.server.log)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("BOTMETER_LOG_FORMAT", "json")
    with small_disk(tmp_path) as disk, serving(disk) as server:
        key = server.account("acme")
        person = Person(server.url)
        made = Served(server=server, key=key, person=person, disk=disk)
        assert made.send("before").status == 200
        link = server.command("user", "create", EMAIL, "--account", "acme", "--role", "owner").strip()
        assert person.post(urlsplit(link).path, password=PASSWORD)[0] == 200
        yield made


def unanswered(served: Served, pages: list[str]) -> dict[str, int]:
    """Pages and API routes that don't answer with 200."""
    statuses = {path: served.person.get(path)[0] for path in pages}
    statuses |= {path: served.api(path).status for path in API}
    return {path: status for path, status in statuses.items() if status != 200}


def test_on_a_full_disk_pages_and_the_api_answer_and_writes_are_refused(served: Served) -> None:
    pages = served.pages()
    assert len(pages) > 10
    fill(served.disk)
    assert unanswered(served, pages) == {}
    sent = served.send("refused")
    assert (sent.status, sent.json()["code"]) == (503, "disk_full")
    refusal = refused_sign_in(served)
    assert "<code>disk_full</code>" in refusal
    fill(served.disk)
    served.server.kill_worker()
    served.wait_healthy()
    fill(served.disk)
    assert unanswered(served, pages) == {}
    make_room(served.disk)
    served.server.wait_ready()
    accepted = served.send("refused").json()
    assert accepted["accepted"] + accepted["duplicates"] == BATCH_EVENTS
    assert Person(served.server.url).post("/sign-in", username=EMAIL, password=PASSWORD)[0] == 200
    served.server.command("verify", "--account", "acme")
    assert [line for line in served.server.log.splitlines() if not is_plain_json(line)] == []
    assert list(served.disk.rglob("*.draft*")) == []


def refused_sign_in(served: Served) -> str:
    """Page of the first refusal: the database's log can have room for a few sign-ins."""
    for _ in range(SIGN_INS_MAX):
        status, page = Person(served.server.url).post("/sign-in", username=EMAIL, password=PASSWORD)
        if status != 200:
            assert status == 503, page
            return page
    raise AssertionError("Every sign-in was stored.")


def is_plain_json(line: str) -> bool:
    """Return True for an object without a raw trace."""
    return line.startswith("{") and "Traceback" not in str(json.loads(line))


def test_without_a_server_a_full_disk_lets_commands_read_and_refuses_the_start_with_a_sentence(served: Served) -> None:
    assert served.send("unsettled").status == 200
    served.server.kill()
    fill(served.disk)
    assert "sessions" in commanded(served.disk, "report", "--account", "acme")
    make_room(served.disk)
    # Its end closes the people's database, which then has no log that a start could open.
    commanded(served.disk, "user", "list")
    fill(served.disk)
    started = ran(served.disk, "serve", "--port", str(served.server.port))
    assert (started.returncode, started.stderr) == (
        1,
        "error: The disk is full; nothing was changed. Make room and try again.\n",
    )
