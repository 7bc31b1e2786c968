"""Wrong keys of one network are refused without a read of the database, on every way in."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from botmeter.domain.instant import datetime_from_us
from botmeter.domain.rate_limit import WINDOW_SECONDS
from botmeter.domain.source import Source
from botmeter.people import wrong_secrets
from botmeter.people.keys import known_keys
from botmeter.people.sources import opened_sources
from botmeter.people.wrong_secrets import WRONG_MAX
from support.live import EVENTS_PATH, Live, message, problem_of

Send = Callable[[str], tuple[int, str]]


@pytest.fixture(autouse=True)
def _one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrong_secrets, "present", lambda: datetime_from_us(0))


def outcomes(send: Send) -> list[tuple[int, str]]:
    """Of more different wrong keys than allowed."""
    return [send(f"bm_wrong_{number}") for number in range(WRONG_MAX + 5)]


def refused_after(status: int, code: str) -> list[tuple[int, str]]:
    return [(status, code)] * WRONG_MAX + [(429, "attempts_exceeded")] * 5


def test_wrong_keys_of_event_senders(live: Live, key: str) -> None:
    assert live.send(key, [message("before")]).status == 200
    assert outcomes(lambda wrong: problem_of(live.post(wrong, b"[]"))) == refused_after(401, "key_wrong")
    answer = live.post("bm_another", b"[]")
    assert 0 < int(answer.headers["retry-after"]) <= WINDOW_SECONDS
    # The sender behind the same address works on, even once its key has to be read again.
    known_keys.clear()
    assert live.send(key, [message("after")]).status == 200
    elsewhere = live.request("POST", EVENTS_PATH, b"[]", authorization="Bearer bm_x", x_forwarded_for="203.0.113.9")
    assert problem_of(elsewhere) == (401, "key_wrong")


def test_wrong_addresses_of_sources(live: Live, key: str) -> None:
    address = live.source("acme", Source(name="desk", platform="botmeter"))

    def send(wrong: str) -> tuple[int, str]:
        return problem_of(live.request("POST", f"/api/v1/webhooks/desk/{wrong}", b"[]"))

    assert live.request("GET", address).status == 200
    assert outcomes(send) == refused_after(404, "source_key_wrong")
    opened_sources.clear()
    assert live.request("GET", address).status == 200


def test_wrong_keys_of_readers(client: Client) -> None:
    def send(wrong: str) -> tuple[int, str]:
        answer = client.get("/api/v1/accounts/acme/sessions", headers={"X-API-Key": wrong})
        return answer.status_code, answer.json()["code"]

    assert outcomes(send) == refused_after(401, "key_wrong")
    with CaptureQueriesContext(connection) as queries:
        assert send("bm_another") == (429, "attempts_exceeded")
    assert len(queries) == 0


@pytest.mark.parametrize("path", ["link", "start", "invitation", "password"])
def test_wrong_links(client: Client, path: str) -> None:
    def send(wrong: str) -> tuple[int, str]:
        answer: Any = client.get(f"/{path}/{wrong}", REMOTE_ADDR="203.0.113.9")
        return answer.status_code, "attempts_exceeded" if "attempts_exceeded" in answer.content.decode() else "link"

    assert outcomes(send) == refused_after(404, "link")
    assert client.get(f"/{path}/another", REMOTE_ADDR="203.0.113.10").status_code == 404


def test_wrong_keys_for_metrics(client: Client) -> None:
    def send(wrong: str) -> tuple[int, str]:
        answer = client.get("/metrics", headers={"X-API-Key": wrong}, REMOTE_ADDR="203.0.113.9")
        return answer.status_code, answer.headers.get("Retry-After", "")

    assert outcomes(send) == [(401, "")] * WRONG_MAX + [(429, "60")] * 5
