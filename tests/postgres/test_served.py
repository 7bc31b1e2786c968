"""Servers whose users are in PostgreSQL: it is stopped and started again, and shared by two."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

from support.crossing_race import notifications_put
from support.live_server import Answer, LiveServer, batch, event_counts
from support.postgres import PostgresServer

REPORT = "/api/v1/accounts/acme/reports/session-usage"
SECONDS = 60


def report(server: LiveServer, key: str) -> Answer:
    return server.request("GET", REPORT, authorization=f"Bearer {key}")


def wait_for(is_so: Callable[[], bool]) -> None:
    pause = Event()
    for _ in range(SECONDS * 10):
        if is_so():
            return
        pause.wait(0.1)
    raise AssertionError("It did not happen.")


def test_a_stopped_database_is_a_sentence_and_events_go_on(
    postgres: PostgresServer, serve: Callable[[str], LiveServer], tmp_path: Path
) -> None:
    server = serve("data")
    key = server.account("acme")
    assert server.send(key, json.dumps(batch("before")).encode()).status == 200
    assert report(server, key).status == 200
    postgres.stop()

    answers = [report(server, key), server.request("GET", "/sign-in", cookie="botmeter_session=" + "x" * 32)]
    assert server.send(key, json.dumps(batch("meanwhile")).encode()).status == 200
    assert server.request("GET", "/healthz").status == 200
    assert server.request("GET", "/readyz").status == 503

    postgres.start()
    wait_for(lambda: report(server, key).status == 200)
    assert [answer.status for answer in answers] == [503, 503]
    assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)
    assert answers[0].json()["code"] == "people_unavailable"
    assert "The user database does not answer" in answers[1].body.decode()
    assert "trace" not in server.log
    assert "The user database does not answer" in server.log
    assert server.end() == 0
    assert set(event_counts(tmp_path / "data", "acme")) == {"before", "meanwhile"}


def test_a_key_not_seen_before_is_refused_as_unavailable(
    postgres: PostgresServer, serve: Callable[[str], LiveServer]
) -> None:
    server = serve("data")
    server.account("acme")
    postgres.stop()
    answer = server.send("bm_never_seen", json.dumps(batch("lost")).encode())
    assert (answer.status, answer.json()["code"]) == (503, "people_unavailable")
    assert "trace" not in server.log
    postgres.start()


def test_two_servers_migrate_one_database_once_and_share_its_limits(
    postgres: PostgresServer, serve: Callable[[str], LiveServer]
) -> None:
    servers: list[LiveServer] = []
    threads = [Thread(target=lambda name=name: servers.append(serve(name))) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(servers) == 2
    assert all("trace" not in server.log for server in servers)

    guesses = [guess(servers[number % 2]) for number in range(24)]
    assert guesses[0] == 200
    alone = guesses.index(429)
    assert set(guesses[alone:]) == {429}
    # The limit of one server, spent on both.
    assert alone <= 11


def guess(server: LiveServer) -> int:
    """Status of a sign-in with a wrong password."""
    page = server.request("GET", "/sign-in")
    token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page.body)
    cookie = page.headers["set-cookie"].partition(";")[0]
    assert token is not None
    form = b"csrfmiddlewaretoken=" + token[1] + b"&username=olga%40example.com&password=guess"
    content_type = "application/x-www-form-urlencoded"
    return server.request("POST", "/sign-in", body=form, cookie=cookie, content_type=content_type).status


def test_a_server_does_not_start_without_its_database(
    postgres: PostgresServer, serve: Callable[[str], LiveServer], tmp_path: Path
) -> None:
    postgres.stop()
    server = LiveServer(tmp_path / "data")
    try:
        wait_for(lambda: "error: " in server.log)
        assert "The user database does not answer" in server.log
        assert "Traceback" not in server.log
    finally:
        server.end()
    postgres.start()


def test_eight_threads_of_two_processes_cross_one_line_of_an_alert_once(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    secret = "shared by both servers, fifty characters or more of it"  # noqa: S105 - of a test
    environment = {**os.environ, "DATABASE_URL": postgres.url, "BOTMETER_SECRET_KEY": secret}
    assert notifications_put(tmp_path / "data", environment=environment) == 1
