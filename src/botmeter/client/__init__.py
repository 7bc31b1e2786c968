"""Client that sends a bot's events without blocking the bot."""

from botmeter.client.entitlement import Entitlement
from botmeter.client.event import ActorName, Event, EventFields, KindName
from botmeter.client.meter import Meter
from botmeter.client.settings import ClientSettings
from botmeter.client.status import Refusal, Status, Trouble, TroubleKind

__all__ = [
    "ActorName",
    "ClientSettings",
    "Entitlement",
    "Event",
    "EventFields",
    "KindName",
    "Meter",
    "Refusal",
    "Status",
    "Trouble",
    "TroubleKind",
]
