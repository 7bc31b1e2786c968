"""Server state carried by test requests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.server_state import ServerState, new_server_state
from botmeter.web.notifications.rendering import render
from botmeter.web.server_state import STATE_KEY

_current: list[ServerState] = []


def carry_state(answer: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware that adds the state to requests, as the server's bridge does."""

    def answered(request: HttpRequest) -> HttpResponseBase:
        if _current:
            request.META[STATE_KEY] = _current[-1]
        return answer(request)

    return answered


@contextmanager
def in_use(ledgers: OpenLedgers) -> Iterator[ServerState]:
    """Answer requests from these ledgers until the `with` ends, with empty caches."""
    cache.clear()
    state = new_server_state(ledgers, render=render)
    _current.append(state)
    try:
        yield state
    finally:
        _current.remove(state)
        state.ingestion.close()
        state.entitlements.close()
        cache.clear()


def request_with(state: ServerState) -> HttpRequest:
    return RequestFactory(**{STATE_KEY: state}).get("/")
