"""Server state of a request."""

from contextlib import AbstractContextManager, nullcontext
from typing import Final, cast

from django.http import HttpRequest

from botmeter.domain.errors import Unavailable
from botmeter.live.server_state import ServerState
from botmeter.people.client_address import network_of

STATE_KEY: Final = "botmeter.server_state"
"""Key of the state in a request's WSGI environment."""


def secret_lookup(request: HttpRequest, secret: str) -> AbstractContextManager[None]:
    """Limit the wrong secrets of the client's network; see `WrongSecrets`."""
    state = request.META.get(STATE_KEY)
    return nullcontext() if state is None else state.wrong_secrets.lookup(secret, network=network_of(request))


def server_state(request: HttpRequest) -> ServerState:
    """Request's server state; raises Unavailable `server_stopping` without one."""
    state = request.META.get(STATE_KEY)
    if state is None:
        raise Unavailable("server_stopping", "The server is starting or stopping. Try again in a moment.")
    return cast("ServerState", state)
