"""Addresses that may be called: public ones, and those the operator allows."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from botmeter.domain.setting_values import Network

Address = IPv4Address | IPv6Address

# The relays of 6to4, retired by RFC 7526. The other special ranges of IPv4 are known to `is_global`.
_IPV4_RELAYS: Final = IPv4Network("192.88.99.0/24")
# All that IANA has assigned to networks; NAT64, site-local addresses (fec0::) and embedded IPv4 are outside.
_IPV6_ASSIGNED: Final = IPv6Network("2000::/3")
# Protocols, Teredo among them; 6to4; documentation, which Python 3.11 does not know. RFC 6890, 3056, 9637.
_IPV6_SPECIAL: Final = tuple(map(IPv6Network, ("2001::/23", "2002::/16", "3fff::/20")))
_NAT64: Final = IPv6Network("64:ff9b::/96")
# Metadata services of clouds give out the machine's secrets. That of Azure's host has a public address.
_METADATA: Final = frozenset(
    map(
        ip_address,
        (
            *("169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.0.23", "100.100.100.200", "192.0.0.192"),
            *("168.63.129.16", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:42::42", "fe80::a9fe:a9fe"),
        ),
    )
)

PRIVATE_NETWORKS: Final[tuple[Network, ...]] = (
    *map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8")),
    *map(IPv6Network, ("::1/128", "fc00::/7")),
)
"""Networks of machines that an operator can run: RFC 1918, 6598 and 4193, and this machine."""


def may_be_called(address: Address, *, networks: Sequence[Network]) -> bool:
    """Decide whether an address, and an IPv4 address in it, is public or allowed.

    A metadata service is allowed only by its own address, since a network may contain it by accident.
    """
    embedded = _embedded(address)
    if embedded is not None:
        is_named = _is_named(address, networks) or (_is_mapped(address) and _is_named(embedded, networks))
        return is_named and may_be_called(embedded, networks=networks)
    return _is_public(address) or _is_named(address, networks)


def is_link_local_or_metadata(address: Address) -> bool:
    """Check an address, and an IPv4 address in it, for what no receiver has; an unspecified one is such, too."""
    embedded = _embedded(address)
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address in _METADATA
        or (embedded is not None and is_link_local_or_metadata(embedded))
    )


def _is_public(address: Address) -> bool:
    if not address.is_global or address.is_multicast or address in _METADATA:
        return False
    if isinstance(address, IPv4Address):
        return address not in _IPV4_RELAYS
    return address in _IPV6_ASSIGNED and not any(address in special for special in _IPV6_SPECIAL)


def _is_named(address: Address, networks: Sequence[Network]) -> bool:
    is_whole = address in _METADATA
    return any(
        address in network and (not is_whole or network.prefixlen == network.max_prefixlen) for network in networks
    )


def _embedded(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def _is_mapped(address: Address) -> bool:
    return isinstance(address, IPv6Address) and address.ipv4_mapped is not None
