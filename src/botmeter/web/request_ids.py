"""A name for each request, by which its answer and everything that was written down about it are found together."""

import os
import re
from contextvars import ContextVar
from typing import Final

HEADER: Final = "X-Request-ID"
LENGTH_MAX: Final = 64

_SANE: Final = re.compile(rf"[A-Za-z0-9._-]{{1,{LENGTH_MAX}}}")

current: Final[ContextVar[str]] = ContextVar("request_id", default="")
"""The request that this thread or task answers; empty outside of one."""


def request_id(told: str | None) -> str:
    """What whoever asks calls the request, if that can be a name; else a new one."""
    if told and _SANE.fullmatch(told):
        return told
    return os.urandom(8).hex()
