"""Requests that the front answers itself, and its answers to failures."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from functools import partialmethod
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from botmeter.domain.errors import Conflict, Unavailable
from botmeter.server.front.answer import Answer
from botmeter.server.front.body import BodyLimits
from botmeter.server.front.bridge import Bridge
from botmeter.server.front.front import Front, OwnRoute
from botmeter.server.front.request import BodyBudget, Request
from botmeter.web.headers import CONTENT_SECURITY_POLICY
from botmeter.web.request_ids import HEADER
from botmeter.web.request_log import LOGGER
from support.asgi_requests import (
    AsgiClient,
    AsgiResponse,
    ResponseRecorder,
    answer_of,
    body_cut_after,
    body_in,
    body_stalled_after,
    endless_body,
    scope_of,
)
from support.bridges import bridge_of

LIMITS = BodyLimits(bytes_max=10)


class Pages:
    """Application behind the front: records its requests, and fails on demand."""

    streaming = False

    def __init__(self) -> None:
        self.chunks: list[bytes] = [b"a page"]

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> "Pages":
        if environ["PATH_INFO"].endswith("/broken"):
            raise LookupError("of a page")
        start("200 OK", [("X-Body", environ["wsgi.input"].read().decode())])
        return self

    def __iter__(self) -> Iterator[bytes]:
        yield b"a page"
        if self.streaming:
            raise LookupError("of a page that has started")

    def close(self) -> None:
        """Nothing to close."""


async def own(request: Request) -> Answer:
    match request.path:
        case "/own/broken":
            raise LookupError("of the route")
        case "/own/refused":
            raise Conflict("events_conflict", "It clashes.")
        case _:
            return Answer.of_json({"path": request.path, "body": (await request.body(LIMITS)).decode()})


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture
def front(pages: Pages) -> Front:
    return Front(
        bridge_of(pages),
        routes=(
            OwnRoute(starts="/own/", methods=("POST", "GET"), name="own", answer=own),
            OwnRoute(starts="/exact", methods=("POST",), name="exact", answer=own),
        ),
    )


@pytest.fixture
def ask(front: Front) -> AsgiClient:
    return AsgiClient(front)


@pytest.fixture
def traces() -> Callable[[], list[Path]]:
    before = set((Path(settings.DATA) / "logs").glob("*.txt"))
    return lambda: sorted(set((Path(settings.DATA) / "logs").glob("*.txt")) - before)


def problem(response: AsgiResponse) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    details = response.json()
    assert details["status"] == response.status
    return response.status, details["code"]


def test_own_routes_are_answered_and_other_paths_are_pages(ask: AsgiClient) -> None:
    assert ask("POST", "/own/x", b"abc").json() == {"path": "/own/x", "body": "abc"}
    assert ask("POST", "/exact", b"").json() == {"path": "/exact", "body": ""}
    for path in ("/own", "/exact/", "/exactly", "/", "/OWN/x"):
        response = ask("POST", path, b"abc")
        assert (response.body, response.headers["x-body"]) == (b"a page", "abc")


def test_an_escaped_path_matches_its_route(ask: AsgiClient) -> None:
    assert ask("POST", "/%65xact", b"").json()["path"] == "/exact"


def test_an_answer_has_a_request_id_a_length_and_is_not_cached(ask: AsgiClient) -> None:
    response = ask("POST", "/own/x", b"abc", x_request_id="mine")
    assert response.headers[HEADER.lower()] == "mine"
    assert response.headers["cache-control"] == "no-store, private"
    assert int(response.headers["content-length"]) == len(response.body)
    assert len(ask("POST", "/own/x", b"abc").headers[HEADER.lower()]) == 16


def test_another_method_is_refused_with_those_allowed(ask: AsgiClient) -> None:
    response = ask("DELETE", "/own/x")
    assert problem(response) == (405, "method_unknown")
    assert response.headers["allow"] == "POST, GET"
    assert response.json()["detail"] == "This address accepts POST, GET, not DELETE."


@pytest.mark.parametrize("path", ["/own/x", "/a/page", "/api/v1/docs"])
def test_trace_and_invented_methods_are_refused(ask: AsgiClient, path: str) -> None:
    for method in ("TRACE", "CONNECT", "LOOK"):
        response = ask(method, path)
        assert problem(response) == (405, "method_unknown")
        assert method not in response.headers["allow"]


def test_every_answer_forbids_scripts_frames_and_guessing_its_type(ask: AsgiClient) -> None:
    for path in ("/own/x", "/own/refused", "/own/broken", "/broken"):
        headers = ask("POST", path, b"abc").headers
        assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_a_domain_error_is_answered_as_its_problem(ask: AsgiClient) -> None:
    assert problem(ask("GET", "/own/refused")) == (409, "events_conflict")


def test_a_bug_is_answered_with_the_reference_of_its_stored_trace(
    ask: AsgiClient, traces: Callable[[], list[Path]]
) -> None:
    response = ask("GET", "/own/broken?secret=1")
    assert problem(response) == (500, "bug")
    (trace,) = traces()
    assert response.json()["reference"] in trace.name
    text = trace.read_text()
    assert text.startswith("GET own\n")
    assert "LookupError: of the route" in text
    assert "secret" not in text.splitlines()[0]


def test_a_page_that_fails_before_it_starts_is_a_bug(ask: AsgiClient, traces: Callable[[], list[Path]]) -> None:
    page, of_api = ask("GET", "/broken"), ask("GET", "/api/v1/broken")
    assert (page.status, page.headers["content-type"]) == (500, "text/plain; charset=utf-8")
    assert page.body.startswith(b"Something went wrong inside Botmeter.")
    assert problem(of_api) == (500, "bug")
    assert sum("LookupError: of a page" in trace.read_text() for trace in traces()) == 2


def test_a_page_that_fails_after_it_started_is_cut_off(
    ask: AsgiClient, pages: Pages, traces: Callable[[], list[Path]]
) -> None:
    pages.streaming = True
    response = ask("GET", "/a/page")
    assert (response.status, response.body, response.is_whole) == (200, b"a page", False)
    (trace,) = traces()
    assert "LookupError: of a page that has started" in trace.read_text()


@pytest.mark.parametrize("path", ["/own/x", "/api/page"])
def test_a_body_that_is_cut_off_or_malformed_is_refused_and_logged(
    front: Front, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    sent = ResponseRecorder()
    with caplog.at_level(logging.INFO, logger=LOGGER):
        asyncio.run(front(scope_of("POST", path), body_cut_after(b"abc"), sent))
    assert problem(sent.response()) == (400, "body_incomplete")
    assert sent.response().json()["detail"].startswith("The body ended after 3 bytes without being complete")
    (line,) = [record for record in caplog.records if record.name == LOGGER]
    assert line.fields["status"] == 400  # type: ignore[attr-defined]


def test_a_body_larger_than_a_form_is_refused_in_plain_text_before_it_is_read(front: Front, ask: AsgiClient) -> None:
    response = ask("POST", "/a/page", content_length="65537")
    assert response.status == 413
    assert response.body.startswith(b"The body is larger than the limit of 65,536 bytes.")
    assert problem(ask("POST", "/api/v1/page", content_length=str(1 << 30))) == (413, "body_too_large")
    chunked = scope_of("POST", "/api/v1/page", headers=[("transfer-encoding", "chunked")])
    sent = ResponseRecorder()
    asyncio.run(front(chunked, endless_body(bytes(1_000)), sent))
    assert problem(sent.response()) == (413, "body_too_large")


def test_a_large_body_is_read_from_a_known_sender(pages: Pages) -> None:
    async def holder(request: Request) -> str | None:
        return "user 1" if "cookie" in request.headers else None

    ask = AsgiClient(Front(bridge_of(pages), routes=(), large_body_holder=holder))
    body = b"a" * 200_000
    assert ask("POST", "/a/page", body).status == 413
    assert ask("POST", "/a/page", body, cookie="known").headers["x-body"] == body.decode()
    assert ask("POST", "/a/page", cookie="known", content_length=str(4 << 20)).status == 413


@pytest.mark.parametrize("path", ["/own/x", "/a/page"])
def test_slow_bodies_of_one_sender_give_way_and_others_are_not_concerned(
    front: Front, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The rest of the stalled body never comes.
    monkeypatch.setattr(Request, "discard_body", partialmethod(Request.discard_body, within_seconds=0.01))
    front._event_bodies = front._forms = BodyBudget(bytes_max=100, holder_bytes_max=6)

    async def answers_of_requests() -> list[AsgiResponse]:
        slow = ResponseRecorder()
        stalled = asyncio.create_task(front(scope_of("POST", path), body_stalled_after(b"1234"), slow))
        await asyncio.sleep(0)
        other = await answered(front, path, body=b"123", client="192.0.2.9")
        quick = await answered(front, path, body=b"123")
        await stalled
        return [other, quick, slow.response(), await answered(front, path, body=b"1234567")]

    answers = asyncio.run(answers_of_requests())
    assert [answer.status for answer in answers] == [200, 200, 503, 503]
    assert int(answers[2].headers["retry-after"]) > 0
    assert b"Too many request bodies of one sender in flight (4 of 6 bytes)" in answers[2].body


async def answered(front: Front, path: str, *, body: bytes, client: str = "127.0.0.1") -> AsgiResponse:
    sent, scope = ResponseRecorder(), scope_of("POST", path)
    scope["client"] = (client, 40_000)
    await front(scope, body_in(body), sent)
    return sent.response()


def test_a_server_without_free_threads_answers_with_retry_after() -> None:
    class Full(Bridge):
        def __init__(self) -> None:
            """No threads."""

        async def answer(self, *_: Any, **__: Any) -> None:
            raise Unavailable("server_busy", "Too many wait.")

    response = AsgiClient(Front(Full(), routes=()))("GET", "/a/page")
    assert (response.status, response.body) == (503, b"Too many wait.\n")
    assert int(response.headers["retry-after"]) > 0


def test_other_asgi_scopes_are_ignored(front: Front) -> None:
    async def never() -> Any:
        raise AssertionError

    sent = ResponseRecorder()
    asyncio.run(front({"type": "lifespan"}, never, sent))
    assert sent.messages == []


async def refuse_large(request: Request) -> Answer:
    request.holder = "acme" if request.path == "/known" else ""
    await request.body(LIMITS)
    raise AssertionError


@pytest.mark.parametrize(("path", "received_count"), [("/known", 4), ("/unknown", 0)])
def test_the_rest_of_a_refused_body_is_received_from_known_senders_alone(path: str, received_count: int) -> None:
    routes = (OwnRoute(starts=path, methods=("POST",), name="large", answer=refuse_large),)
    receive, count = body_in(*[b"x" * 5] * 4), 0

    async def counted() -> Any:
        nonlocal count
        count += 1
        return await receive()

    scope = scope_of("POST", path, headers=[("content-length", "20")])
    response = asyncio.run(answer_of(Front(bridge_of(Pages()), routes=routes), scope, receive=counted))
    assert (response.status, count) == (413, received_count)
