"""Serializer of JSON lines for Schemathesis."""

from typing import Any

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(_: Any, value: Any) -> bytes:
    """The text as it is, other generated values as their text."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
