"""Answers to the handshake of a CloudEvents sender."""

import asyncio
from typing import cast

from botmeter.live.server_state import ServerState
from botmeter.server.events import answer_events
from botmeter.server.front.request import BodyBudget, Request
from support.asgi_requests import ResponseRecorder, body_in, scope_of


def test_each_header_of_the_answer_is_sent_once() -> None:
    scope = scope_of("OPTIONS", "/api/v1/events", headers=[("webhook-request-origin", "bots.example")])
    sent = ResponseRecorder()
    request = Request(scope, body_in(b""), budget=BodyBudget(bytes_max=0, holder_bytes_max=0))
    answer = asyncio.run(answer_events(request, state=cast("ServerState", None)))
    asyncio.run(answer.sent(sent, number="a"))
    names = [name for name, _ in sent.messages[0]["headers"]]
    assert {b"allow", b"webhook-allowed-origin"} <= set(names)
    assert len(names) == len(set(names))
