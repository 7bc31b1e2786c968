"""What the front answers itself: the addresses that take events in."""

from botmeter.live.ingest import Intake
from botmeter.server.events import EventsRoute
from botmeter.server.front.front import OwnRoute
from botmeter.server.webhooks import STARTS, WebhooksRoute


def own_routes(intake: Intake) -> tuple[OwnRoute, ...]:
    """The routes over the process's intake."""
    events, webhooks = EventsRoute(intake), WebhooksRoute(intake)
    return (
        OwnRoute(starts="/api/v1/events", methods=("POST", "OPTIONS"), name="events", answer=events.answer),
        OwnRoute(starts=STARTS, methods=("POST", "GET", "OPTIONS"), name="webhooks", answer=webhooks.answer),
    )
