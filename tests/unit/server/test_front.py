"""Requests that the front answers itself, and its answers to failures."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from botmeter.domain.errors import Conflict, Unavailable
from botmeter.server.front.answer import Answer
from botmeter.server.front.body import BodyLimits
from botmeter.server.front.bridge import Bridge
from botmeter.server.front.front import Front, OwnRoute
from botmeter.server.front.request import BodyMemory, Request
from botmeter.web.request_ids import HEADER
from support.asgi_requests import (
    AsgiClient,
    AsgiResponse,
    ResponseRecorder,
    body_cut_after,
    body_in,
    body_stalled_after,
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


@pytest.mark.parametrize("path", ["/own/x", "/a/page"])
def test_a_connection_closed_within_the_body_gets_no_answer(front: Front, path: str) -> None:
    sent = ResponseRecorder()
    asyncio.run(front(scope_of("POST", path), body_cut_after(b"abc"), sent))
    assert sent.messages == []


def test_a_body_too_large_for_a_page_is_refused_in_plain_text(ask: AsgiClient) -> None:
    response = ask("POST", "/a/page", content_length=str(1 << 30))
    assert (response.status, response.body) == (413, b"The body is larger than the limit of 16,777,216 bytes.\n")
    assert problem(ask("POST", "/api/v1/page", content_length=str(1 << 30))) == (413, "body_too_large")


def test_bodies_in_flight_limit_further_bodies(front: Front) -> None:
    front._event_bodies, front._page_bodies = BodyMemory(6), BodyMemory(6)

    async def answers_of_requests() -> list[AsgiResponse]:
        responses = []
        for path in ("/own/x", "/a/page"):
            stalled = asyncio.create_task(
                front(scope_of("POST", path), body_stalled_after(b"1234"), ResponseRecorder())
            )
            await asyncio.sleep(0)
            responses.append(await answered(front, path, body=b"123"))
            responses.append(await answered(front, path, body=b"12"))
            stalled.cancel()
            await asyncio.gather(stalled, return_exceptions=True)
            responses.append(await answered(front, path, body=b"12345"))
        return responses

    answers = asyncio.run(answers_of_requests())
    assert [answer.status for answer in answers] == [503, 200, 200] * 2
    for busy in (answers[0], answers[3]):
        assert int(busy.headers["retry-after"]) > 0
    assert problem(answers[0]) == (503, "server_busy")


async def answered(front: Front, path: str, *, body: bytes) -> AsgiResponse:
    sent = ResponseRecorder()
    await front(scope_of("POST", path), body_in(body), sent)
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
