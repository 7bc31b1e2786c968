"""Addresses of platform APIs, checked against requests to the server's own networks."""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from botmeter.domain.errors import NotAllowed, Unavailable
from botmeter.domain.setting_values import Network
from botmeter.sources.platform_api.public_addresses import may_be_called

Resolver = Callable[[str, int], "list[str]"]
"""Host and port → addresses."""

_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """API of a platform.

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
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def resolve(host: str, port: int) -> list[str]:
    """Resolve a host; interface names are dropped."""
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]).partition("%")[0] for entry in entries]


def endpoint_of(url: str, *, may_be_plain: bool, networks: Sequence[Network], resolver: Resolver = resolve) -> Endpoint:
    """Resolve and check a URL from `checked_url`.

    Args:
        networks: That may be called although they are not public.

    Raises:
        NotAllowed: `pull_address_forbidden` for http, or an address that may not be called.
        Unavailable: `pull_failed`.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    if parts.scheme != "https" and not (may_be_plain or _is_named_loopback(host)):
        raise NotAllowed(
            "pull_address_forbidden",
            f"{host} uses http, over which the token can be read. Use https, or set the source's option plain_http to "
            "yes for a network of your own.",
        )
    try:
        addresses = tuple(dict.fromkeys(resolver(host, port)))
    except (OSError, UnicodeError):
        addresses = ()
    if not addresses:
        raise Unavailable("pull_failed", f"The host name {host} doesn't resolve to an address.")
    if not all(may_be_called(ipaddress.ip_address(address), networks=networks) for address in addresses):
        # Without the address, which would tell what the network's own name server answers.
        raise NotAllowed(
            "pull_address_forbidden",
            f"{host} is not a public address. The server calls other addresses only in networks that its operator "
            "names in BOTMETER_PULL_NETWORKS.",
        )
    return Endpoint(scheme=parts.scheme, host=host, port=port, addresses=addresses, prefix=parts.path.rstrip("/"))


def _is_named_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
