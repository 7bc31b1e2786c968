"""Addresses of platform APIs, checked against requests to the server's own network."""

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from botmeter.domain.errors import NotAllowed, Unavailable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], "list[str]"]
"""Host and port → addresses."""

_PORTS: Final = {"https": 443, "http": 80}
# Metadata services of clouds, which reveal secrets, outside the link-local ranges refused anyway.
_METADATA: Final = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "192.0.0.192", "fd00:ec2::254")))
_EMBEDDING: Final = ipaddress.IPv6Network("64:ff9b::/96")


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


def endpoint_of(url: str, *, may_be_plain: bool, resolver: Resolver = resolve) -> Endpoint:
    """Resolve and check a URL from `checked_url`.

    Raises:
        NotAllowed: `pull_address_forbidden` for http, or an address inside the machine or its cloud.
        Unavailable: `pull_failed`.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    is_loopback = _is_named_loopback(host)
    if parts.scheme != "https" and not (is_loopback or may_be_plain):
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
    for address in addresses:
        _check(address, host=host, is_loopback=is_loopback)
    return Endpoint(scheme=parts.scheme, host=host, port=port, addresses=addresses, prefix=parts.path.rstrip("/"))


def _check(text: str, *, host: str, is_loopback: bool) -> None:
    address = _plain(ipaddress.ip_address(text))
    if address.is_loopback and is_loopback:
        return
    is_inside = address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast
    if is_inside or address in _METADATA or (address.is_reserved and address not in _EMBEDDING):
        raise NotAllowed(
            "pull_address_forbidden",
            f"{host} resolves to {text}, an address of this machine or its cloud, which the server does not call. For "
            "a platform on this machine use localhost or 127.0.0.1.",
        )


def _plain(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _EMBEDDING:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _is_named_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
