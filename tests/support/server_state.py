"""The server's state that requests of the tests carry."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.server_state import STATE_KEY, ServerState, new_server_state

_current: list[ServerState] = []


def carry_state(answer: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: requests of Django's test client carry the state in use, as the server's bridge has them do."""

    def answered(request: HttpRequest) -> HttpResponseBase:
        if _current:
            request.META[STATE_KEY] = _current[-1]
        return answer(request)

    return answered


@contextmanager
def in_use(ledgers: OpenLedgers) -> Iterator[ServerState]:
    """Requests are answered from these ledgers until the end of the `with`; nothing of another test is cached."""
    cache.clear()
    state = new_server_state(ledgers)
    _current.append(state)
    try:
        yield state
    finally:
        _current.remove(state)
        state.ingestion.close()
        cache.clear()


def request_with(state: ServerState) -> HttpRequest:
    """A request that carries this state."""
    return RequestFactory(**{STATE_KEY: state}).get("/")
