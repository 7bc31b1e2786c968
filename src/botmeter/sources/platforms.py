"""The connector of each platform, loaded when it is first asked for."""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from botmeter.domain.source import Platform

if TYPE_CHECKING:
    from botmeter.sources.connector import Connector

# Platform → the module whose CONNECTOR reads it.
_MODULES = {
    Platform.BOTMETER: "botmeter.sources.own_events",
    Platform.CHATWOOT: "botmeter.sources.chatwoot",
    Platform.FRESHCHAT: "botmeter.sources.freshchat",
    Platform.WHATSAPP: "botmeter.sources.whatsapp",
    Platform.RASA: "botmeter.sources.rasa",
    Platform.BOTFRAMEWORK: "botmeter.sources.botframework",
    Platform.CLOUDEVENTS: "botmeter.sources.own_events",
}


@cache
def connector_of(platform: Platform) -> "Connector":
    """How the platform's payloads are read."""
    connector: Connector = import_module(_MODULES[platform]).CONNECTOR
    return connector
