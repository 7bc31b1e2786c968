"""Addresses of platform APIs, checked against requests to the server's own networks."""

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from botmeter.domain.errors import NotAllowed, Unavailable
from botmeter.domain.setting_values import Network
from botmeter.outgoing.endpoint import PORTS, Endpoint, Resolver, resolve, resolved
from botmeter.outgoing.public_addresses import may_be_called


def endpoint_of(url: str, *, may_be_plain: bool, networks: Sequence[Network], resolver: Resolver = resolve) -> Endpoint:
    """Resolve and check a URL from `checked_url`.

    Args:
        networks: Not public, but allowed.

    Raises:
        NotAllowed: `pull_address_forbidden` for http, or an address that may not be called.
        Unavailable: `pull_failed`.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    if parts.scheme != "https" and not (may_be_plain or _is_named_loopback(host)):
        raise NotAllowed(
            "pull_address_forbidden",
            f"{host} uses http, over which the token can be read. Use https, or set the source's option plain_http to "
            "yes for a network of your own.",
        )
    addresses = resolved(host, port, resolver=resolver)
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
