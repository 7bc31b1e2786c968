"""The connector of each platform, loaded when it is first asked for."""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from botmeter.domain.source import Platform

if TYPE_CHECKING:
    from botmeter.sources.connector import Connector

# Platform → the module whose CONNECTOR reads it.
_MODULES = {
    Platform.BOTMETER: "botmeter.sources.platforms.botmeter.connector",
    Platform.CHATWOOT: "botmeter.sources.platforms.chatwoot.connector",
    Platform.FRESHCHAT: "botmeter.sources.platforms.freshchat.connector",
    Platform.WHATSAPP: "botmeter.sources.platforms.whatsapp.connector",
    Platform.RASA: "botmeter.sources.platforms.rasa.connector",
    Platform.BOTFRAMEWORK: "botmeter.sources.platforms.botframework.connector",
    Platform.CLOUDEVENTS: "botmeter.sources.platforms.botmeter.connector",
}


@cache
def connector_of(platform: Platform) -> "Connector":
    """How the platform's payloads are read."""
    connector: Connector = import_module(_MODULES[platform]).CONNECTOR
    return connector
