"""Routes answered by the front: events, entitlements and health."""

from functools import partial

from botmeter.live.server_state import ServerState
from botmeter.server.entitlement import PREFIX as ACCOUNTS
from botmeter.server.entitlement import SUFFIX as ENTITLEMENT
from botmeter.server.entitlement import answer_entitlement
from botmeter.server.events import answer_events
from botmeter.server.front.front import OwnRoute
from botmeter.server.health import METHODS, Readiness, answer_alive
from botmeter.server.webhooks import PREFIX, answer_webhooks
from botmeter.web.health import readiness_problem, refused_accounts


def own_routes(state: ServerState) -> tuple[OwnRoute, ...]:
    """Routes of events and entitlements."""
    events, webhooks = partial(answer_events, state=state), partial(answer_webhooks, state=state)
    entitlement = partial(answer_entitlement, state=state)
    return (
        OwnRoute(starts=ACCOUNTS, ends=ENTITLEMENT, methods=("GET",), name="entitlement", answer=entitlement),
        OwnRoute(starts="/api/v1/events", methods=("POST", "OPTIONS"), name="events", answer=events),
        OwnRoute(starts=PREFIX, methods=("POST", "GET", "OPTIONS"), name="webhooks", answer=webhooks),
    )


def health_routes(state: ServerState) -> tuple[OwnRoute, ...]:
    """Routes of health checks."""
    readiness = Readiness(partial(readiness_problem, state), refused=partial(refused_accounts, state))
    return (
        OwnRoute(starts="/healthz", methods=METHODS, name="healthz", answer=answer_alive),
        OwnRoute(starts="/readyz", methods=METHODS, name="readyz", answer=readiness.answer),
    )
