"""Addresses of clients, seen through trusted proxies."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

# Entries of X-Forwarded-For that are read, from the right; a header can be long, and a chain of proxies is short.
_HOPS_MAX: Final = 8
# IPv6 in full, with a zone, brackets and a port.
_LENGTH_MAX: Final = 80
# A provider gives each customer at least this much of IPv6, so that more precise counts limit nobody.
_IPV6_CLIENT_BITS: Final = 64
_NONE: Final = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedProxies:
    """Networks whose X-Forwarded-For is believed."""

    networks: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def from_text(cls, text: str) -> "TrustedProxies":
        """Parse addresses and networks, or `none`; raises `ValueError`."""
        if text.strip().lower() == _NONE:
            return cls(networks=())
        parts = [part.strip() for part in text.split(",")]
        return cls(networks=tuple(_network(part) for part in parts if part))

    def include(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self.networks)


def client_address(peer: str, *, forwarded_for: str, proxies: TrustedProxies) -> str:
    """Normalised address of the client; empty if unknown.

    The first address of X-Forwarded-For, from the right, that is no trusted proxy; an unreadable entry ends the reading
    at the proxy that wrote it.

    Args:
        peer: Address of the connection.
    """
    address = parsed_address(peer)
    if address is None:
        return ""
    if forwarded_for and proxies.include(address):
        for entry in reversed(forwarded_for.rsplit(",", _HOPS_MAX)[-_HOPS_MAX:]):
            hop = parsed_address(entry)
            if hop is None:
                break
            address = hop
            if not proxies.include(hop):
                break
    return str(address)


def client_network(address: str) -> str:
    """Network by which a client is counted: IPv4 address, or the /64 of IPv6."""
    parsed = parsed_address(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, _IPV6_CLIENT_BITS), strict=False))
    return "" if parsed is None else str(parsed)


def parsed_address(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an address without its port and zone; IPv4 in IPv6 becomes IPv4."""
    if len(text) > _LENGTH_MAX:
        return None
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"in which {text[:40]!r} is no address, network or `none`") from None
    if not network.prefixlen:
        # No address would be the client's: a header is read to its left end, which the client writes.
        raise ValueError(f"in which {text[:40]!r} is everybody, so that clients could choose their own address")
    return network
