"""Request IDs of responses and logs."""

import os
import re
from contextvars import ContextVar
from typing import Final

HEADER: Final = "X-Request-ID"
LENGTH_MAX: Final = 64

_VALID: Final = re.compile(rf"[A-Za-z0-9._-]{{1,{LENGTH_MAX}}}")

current: Final[ContextVar[str]] = ContextVar("request_id", default="")
"""Id of the request that this thread or task answers; empty outside one."""


def request_id(sent: str | None) -> str:
    """Client's ID if well-formed, else a new one."""
    if sent and _VALID.fullmatch(sent):
        return sent
    return os.urandom(8).hex()
