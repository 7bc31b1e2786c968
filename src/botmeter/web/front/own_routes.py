"""What the front answers itself: the addresses that take events in."""

from botmeter.web.front.front import OwnRoute
from botmeter.web.intake.events import EventsRoute
from botmeter.web.intake.intake import Intake


def own_routes(intake: Intake) -> tuple[OwnRoute, ...]:
    """The routes over the process's intake."""
    events = EventsRoute(intake)
    return (OwnRoute(starts="/api/v1/events", methods=("POST",), name="events", answer=events.answer),)
