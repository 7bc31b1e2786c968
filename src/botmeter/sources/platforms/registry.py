"""Supported platforms, in order of display."""

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Final

from botmeter.domain.errors import Missing

if TYPE_CHECKING:
    from botmeter.sources.payloads.connector import Connector

NATIVE_PLATFORM: Final = "botmeter"
"""Platform of events in Botmeter's own format that no source describes."""

# Stored code → module with its CONNECTOR, loaded on first use because most commands need one platform.
MODULES: Final = {
    "chatwoot": "botmeter.sources.platforms.chatwoot.connector",
    "freshchat": "botmeter.sources.platforms.freshchat.connector",
    "whatsapp": "botmeter.sources.platforms.whatsapp.connector",
    "rasa": "botmeter.sources.platforms.rasa.connector",
    "botframework": "botmeter.sources.platforms.botframework.connector",
    "cloudevents": "botmeter.sources.platforms.cloudevents.connector",
    NATIVE_PLATFORM: "botmeter.sources.platforms.botmeter.connector",
}


def platform_codes() -> tuple[str, ...]:
    """Stored codes."""
    return tuple(MODULES)


def connector_of(platform: str) -> "Connector":
    """Connector of a platform; raises `Missing` (`platform_unknown`)."""
    if platform not in MODULES:
        known = ", ".join(MODULES)
        raise Missing("platform_unknown", f"Unknown platform {platform[:60]!r}. Use one of: {known}.")
    connector: Connector = import_module(MODULES[platform]).CONNECTOR
    return connector


def connectors() -> "Iterator[Connector]":
    """Yield every connector."""
    return map(connector_of, MODULES)
