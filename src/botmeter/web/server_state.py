"""Server state of a request."""

from typing import Final, cast

from django.http import HttpRequest

from botmeter.domain.errors import Unavailable
from botmeter.live.server_state import ServerState

STATE_KEY: Final = "botmeter.server_state"
"""Key of the state in a request's WSGI environment."""


def server_state(request: HttpRequest) -> ServerState:
    """Return the request's server state; raises Unavailable `server_stopping` without one."""
    state = request.META.get(STATE_KEY)
    if state is None:
        raise Unavailable("server_stopping", "The server is starting or stopping. Try again in a moment.")
    return cast("ServerState", state)
