"""Client for bots: sends events to a Botmeter server without blocking the bot.

`Meter` batches events on a thread of its own and keeps them on disk while the server is unavailable. It imports only
`domain`, msgspec and urllib3.
"""

from botmeter.client.event import ActorName, Event, EventFields, KindName
from botmeter.client.meter import Meter
from botmeter.client.settings import ClientSettings
from botmeter.client.status import Refusal, Status, Trouble, TroubleKind

__all__ = [
    "ActorName",
    "ClientSettings",
    "Event",
    "EventFields",
    "KindName",
    "Meter",
    "Refusal",
    "Status",
    "Trouble",
    "TroubleKind",
]
