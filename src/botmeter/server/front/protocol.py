"""Types of ASGI (asgi.readthedocs.io, HTTP connection scope)."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def header_values(scope: Scope) -> dict[str, str]:
    """Lower-case name → value; repeated headers are joined.

    Source: RFC 9110, 5.3; RFC 9113, 8.2.3.
    """
    values: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        separator = "; " if name == "cookie" else ","
        values[name] = f"{values[name]}{separator}{value}" if name in values else value
    return values
