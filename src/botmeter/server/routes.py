"""Event routes, answered by the front."""

from botmeter.live.ingest import Ingestion
from botmeter.server.events import EventsRoute
from botmeter.server.front.front import OwnRoute
from botmeter.server.webhooks import PREFIX, WebhooksRoute


def own_routes(ingestion: Ingestion) -> tuple[OwnRoute, ...]:
    """Return the routes that append to this ingestion."""
    events, webhooks = EventsRoute(ingestion), WebhooksRoute(ingestion)
    return (
        OwnRoute(starts="/api/v1/events", methods=("POST", "OPTIONS"), name="events", answer=events.answer),
        OwnRoute(starts=PREFIX, methods=("POST", "GET", "OPTIONS"), name="webhooks", answer=webhooks.answer),
    )
