"""A small client for bots: says what happens in a conversation to a Botmeter server, without ever holding the bot up.

`Meter` takes events at once, sends them in batches from a thread of its own, and keeps them on disk while the server
is away. It stands on `domain`, msgspec and urllib3 alone, so that a bot that imports it loads nothing of the server.
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
