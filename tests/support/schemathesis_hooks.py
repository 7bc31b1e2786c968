"""Addition to the document for Schemathesis: the serializer of JSON lines."""

from typing import Any

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(_: Any, value: Any) -> bytes:
    """The text as it is; whatever else is made up is sent as its own text."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
