"""Health checks of the front: answered at once, whatever pages do."""

import asyncio
import threading
from collections.abc import Callable, Sequence

from botmeter.server.front.front import Front, OwnRoute
from botmeter.server.health import METHODS, Readiness, answer_alive
from support.asgi_requests import AsgiClient, AsgiResponse, answer_of
from support.bridges import bridge_of


def front_of(
    check: Callable[[], str | None], *, refused: Sequence[str] = (), within_seconds: float = 30.0
) -> AsgiClient:
    readiness = Readiness(check, refused=lambda: refused, within_seconds=within_seconds)
    routes = (
        OwnRoute(starts="/healthz", methods=METHODS, name="healthz", answer=answer_alive),
        OwnRoute(starts="/readyz", methods=METHODS, name="readyz", answer=readiness.answer),
    )
    return AsgiClient(Front(bridge_of(None), routes=routes))


def shown(response: AsgiResponse) -> tuple[int, str, bytes]:
    return response.status, response.headers["content-type"], response.body


def test_an_alive_server_says_so_to_any_host() -> None:
    ask = front_of(lambda: None)
    for method in ("GET", "HEAD"):
        assert shown(ask(method, "/healthz", host="10.0.0.7")) == (200, "text/plain; charset=utf-8", b"ok\n")
    assert ask("POST", "/healthz").status == 405


def test_readiness_is_a_word_or_a_reason() -> None:
    assert shown(front_of(lambda: None)("GET", "/readyz")) == (200, "text/plain; charset=utf-8", b"ready\n")
    response = front_of(lambda: "The server is stopping.")("GET", "/readyz")
    assert shown(response) == (503, "text/plain; charset=utf-8", b"The server is stopping.\n")


def test_accounts_that_can_t_be_used_are_named_to_this_machine_alone() -> None:
    ask = front_of(lambda: None, refused=["The ledger of account acme is gone."])
    assert ask("GET", "/readyz").body == b"ready\nThe ledger of account acme is gone.\n"
    elsewhere = ask("GET", "/readyz", x_forwarded_for="203.0.113.9")
    assert (elsewhere.status, elsewhere.body) == (200, b"ready\n1 account can't be used; run `botmeter doctor`.\n")


def test_a_check_that_takes_too_long_is_a_reason_and_the_next_one_is_not_started_meanwhile() -> None:
    count, go = 0, threading.Event()

    def check() -> None:
        nonlocal count
        count += 1
        assert go.wait(30)

    ask = front_of(check, within_seconds=0.02)

    async def twice_then_done() -> list[int]:
        recorded = []
        for _ in range(2):
            recorded.append((await ask_async(ask, "/readyz")).status)
            recorded.append((await ask_async(ask, "/healthz")).status)
        go.set()
        while (status := (await ask_async(ask, "/readyz")).status) != 200:
            assert status == 503
        return recorded

    assert asyncio.run(twice_then_done()) == [503, 200, 503, 200]
    assert count <= 3


async def ask_async(ask: AsgiClient, path: str) -> AsgiResponse:
    scope, receive = ask.request("GET", path)
    return await answer_of(ask.application, scope, receive=receive)
