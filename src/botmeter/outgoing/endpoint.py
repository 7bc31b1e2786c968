"""Endpoints of other servers, whose addresses are resolved once and checked."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

Resolver = Callable[[str, int], "list[str]"]
"""Host and port → addresses."""

PORTS: Final = {"https": 443, "http": 80}
"""Usual ports by scheme."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Endpoint of a server.

    Attributes:
        host: For certificates.
        addresses: Checked; not resolved again.
        prefix: Of every path; empty, or with a leading slash.
    """

    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]
    prefix: str

    @property
    def named(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def resolve(host: str, port: int) -> list[str]:
    """Resolve a host; interface names are dropped."""
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]).partition("%")[0] for entry in entries]


def resolved(host: str, port: int, *, resolver: Resolver) -> tuple[str, ...]:
    """Addresses of a host, each once; empty without any."""
    try:
        return tuple(dict.fromkeys(resolver(host, port)))
    except (OSError, UnicodeError):
        return ()
