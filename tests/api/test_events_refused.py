"""Refusals of `POST /api/v1/events`: each has its status and code, and nothing of the request is kept."""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest

from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import present
from botmeter.ledger import live_append as taking_in
from botmeter.live.event_body import BODY_BYTES_MAX
from botmeter.people.keys import ACCOUNT_SCOPES, KeyDraft, Scope, new_key, revoke_key
from botmeter.server import events
from botmeter.web.api.codes import CODES
from support.asgi_requests import AsgiResponse
from support.live import EVENTS_PATH, NDJSON, Live, counts, message, problem_of

GOOD = json.dumps([message("good")]).encode()
LARGE = b"x" * (BODY_BYTES_MAX + 1)


def refused(live: Live, response: AsgiResponse) -> tuple[int, str]:
    """The problem, which is one of those that the document lists, and of which nothing stayed."""
    status, code = problem_of(response)
    assert (code, status) in {(known, its) for known, its, _ in CODES}
    assert ("retry-after" in response.headers) is (status in {429, 503})
    assert live.event_ids("acme") == []
    assert live.quarantined("acme") == []
    return status, code


@pytest.mark.parametrize(
    ("body", "headers", "query", "problem"),
    [
        (b"", {}, "", (400, "body_empty")),
        (b"[]", {}, "", (400, "body_empty")),
        (b"[{]", {}, "", (400, "json_invalid")),
        (b"\xff\xfe", {}, "", (400, "json_invalid")),
        (
            GOOD,
            {"content_type": "application/cloudevents+json; charset=utf-8"},
            "?atomic=maybe",
            (400, "parameter_invalid"),
        ),
        (GOOD, {}, "?atomic=true&atomic=true", (400, "parameter_repeated")),
        (GOOD, {}, "?account=globex", (400, "parameter_unknown")),
        (GOOD, {}, "?source=a%00b", (400, "source_invalid")),
        (GOOD, {}, f"?source={'x' * 2000}", (400, "source_invalid")),
        (GOOD, {}, "?source=%FF", (400, "parameter_invalid")),
        (GOOD, {}, "?" + "&".join(["source=a"] * 40), (413, "parameters_too_many")),
        (GOOD, {"content_type": "text/csv"}, "", (415, "media_type_unknown")),
        (GOOD, {"content_encoding": "br"}, "", (415, "content_encoding_unknown")),
        (GOOD, {"content_encoding": "gzip"}, "", (400, "body_not_gzip")),
        (GOOD, {"ce_specversion": "1.0", "ce_Bad_": "x"}, "", (400, "cloudevent_invalid")),
        (LARGE, {}, "", (413, "body_too_large")),
        (gzip.compress(bytes(200 << 20), mtime=0), {"content_encoding": "gzip"}, "", (413, "body_too_large")),
        (b"{}\n" * 5_001, {"content_type": NDJSON}, "", (413, "events_too_many")),
    ],
)
def test_an_unreadable_request_is_refused_as_a_whole(
    live: Live, key: str, body: bytes, headers: dict[str, str], query: str, problem: tuple[int, str]
) -> None:
    assert refused(live, live.post(key, body, query=query, **headers)) == problem


@pytest.mark.parametrize("body", [LARGE, b"{}\n" * 5_001])
def test_a_request_that_is_too_large_is_refused_with_advice_to_split_it(live: Live, key: str, body: bytes) -> None:
    detail = live.post(key, body, content_type=NDJSON).json()["detail"]
    assert "Split the events into requests of at most 5,000 events and 10,485,760 bytes" in detail


def revoked() -> str:
    made = new_key("acme", KeyDraft(name="k", scopes=ACCOUNT_SCOPES), created_by=None)
    assert revoke_key(made.key)
    return made.secret


def expired() -> str:
    draft = KeyDraft(name="k", scopes=ACCOUNT_SCOPES, expires_at=present() - timedelta(days=1))
    return new_key("acme", draft, created_by=None).secret


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        (dict, "key_missing"),
        (lambda: {"authorization": "Basic YTpi"}, "key_missing"),
        (lambda: {"authorization": "Bearer "}, "key_missing"),
        (lambda: {"x_api_key": "  "}, "key_missing"),
        (lambda: {"authorization": "Bearer bm_made-up"}, "key_wrong"),
        (lambda: {"x_api_key": "\u00e9"}, "key_wrong"),
        (lambda: {"authorization": f"Bearer {revoked()}"}, "key_revoked"),
        (lambda: {"authorization": f"Bearer {expired()}"}, "key_expired"),
    ],
)
def test_a_request_without_a_working_key_is_refused(live: Live, key: str, headers: Any, code: str) -> None:
    response = live.request("POST", EVENTS_PATH, GOOD, **headers())
    assert refused(live, response) == (401, code)
    assert response.headers["www-authenticate"].startswith("Bearer")


def test_a_revoked_key_stops_working_at_once(live: Live, key: str) -> None:
    made = new_key("acme", KeyDraft(name="k", scopes=(Scope.EVENTS_WRITE,)), created_by=None)
    assert counts(live.post(made.secret, b'[{"event_id":"a"}]')) == (0, 0, 0, 1)
    revoke_key(made.key)
    assert problem_of(live.post(made.secret, GOOD)) == (401, "key_revoked")


def test_the_body_of_a_request_with_an_invalid_key_is_not_read(live: Live, key: str) -> None:
    from support.asgi_requests import body_stalled_after, scope_of

    request = scope_of("POST", EVENTS_PATH, headers=[("authorization", "Bearer bm_made-up")]), body_stalled_after()
    (response,) = live.request.at_once([request])
    assert refused(live, response) == (401, "key_wrong")


def test_a_key_over_its_rate_waits_for_the_next_minute(live: Live, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "REQUESTS_A_MINUTE", 0)
    response = live.post(key, GOOD)
    assert refused(live, response) == (429, "rate_exceeded")
    assert 0 < int(response.headers["retry-after"]) <= 60
    monkeypatch.setattr(events, "REQUESTS_A_MINUTE", 10)
    assert counts(live.post(key, GOOD)) == (1, 0, 0, 0)


def test_a_full_queue_refuses_events_with_retry_after(live: Live, key: str) -> None:
    limit, live.ingestion.capacity.deliveries_max = live.ingestion.capacity.deliveries_max, 0
    assert refused(live, live.post(key, GOOD)) == (503, "queue_full")
    live.ingestion.capacity.deliveries_max = limit
    assert counts(live.post(key, GOOD)) == (1, 0, 0, 0)


@pytest.mark.parametrize("code", ["disk_full", "ledger_failed"])
def test_an_unwritable_ledger_refuses_events_with_retry_after(
    live: Live, key: str, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise Unavailable(code, "It can't be written.")

    with monkeypatch.context() as patch:
        patch.setattr(taking_in, "live_append", failing)
        assert refused(live, live.post(key, GOOD)) == (503, code)
    assert counts(live.post(key, GOOD)) == (1, 0, 0, 0)


def test_an_account_in_exclusive_use_is_busy(live: Live, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live.opened, "_wait_seconds", 0.01)
    with live.opened.exclusively("acme"):
        response = live.post(key, GOOD)
    assert refused(live, response) == (503, "ledger_busy")


def test_a_stopping_server_refuses_events(live: Live, key: str) -> None:
    live.ingestion.close()
    assert refused(live, live.post(key, GOOD)) == (503, "server_stopping")


def test_a_key_of_a_deleted_account_is_refused(live: Live, key: str) -> None:
    orphan = live.key("globex")
    assert problem_of(live.post(orphan, GOOD)) == (404, "account_unknown")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_only_post_sends_events(live: Live, key: str, method: str) -> None:
    response = live.request(method, EVENTS_PATH, authorization=f"Bearer {key}")
    assert problem_of(response) == (405, "method_unknown")
    assert response.headers["allow"] == "POST, OPTIONS"
