"""Event routes, answered by the front."""

from functools import partial

from botmeter.live.server_state import ServerState
from botmeter.server.events import answer_events
from botmeter.server.front.front import OwnRoute
from botmeter.server.webhooks import PREFIX, answer_webhooks


def own_routes(state: ServerState) -> tuple[OwnRoute, ...]:
    """Return the routes that append to the server's ledgers."""
    events, webhooks = partial(answer_events, state=state), partial(answer_webhooks, state=state)
    return (
        OwnRoute(starts="/api/v1/events", methods=("POST", "OPTIONS"), name="events", answer=events),
        OwnRoute(starts=PREFIX, methods=("POST", "GET", "OPTIONS"), name="webhooks", answer=webhooks),
    )
