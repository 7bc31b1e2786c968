"""URLs of destinations, and the addresses to which they may lead."""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from botmeter.domain.errors import NotAllowed, Refused, Unavailable
from botmeter.domain.setting_values import Network
from botmeter.outgoing.endpoint import PORTS, Endpoint, Resolver, resolve, resolved
from botmeter.outgoing.public_addresses import PRIVATE_NETWORKS, is_link_local_or_metadata, may_be_called

URL_CHARACTERS_MAX: Final = 1_000
"""Longer than those of Slack, Teams and Zapier, which have some 300."""

PrivateHosts = Sequence[Network | str]
"""Value of `Settings.webhook_private_hosts`."""


def checked_url(url: str, *, private_hosts: PrivateHosts) -> str:
    """Strip and check a URL, also its address if it is written out.

    Raises:
        Refused: `destination_url_invalid`.
        NotAllowed: `destination_address_forbidden`.
    """
    text = url.strip()
    try:
        parts = urlsplit(text)
        is_valid = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        parts, is_valid = urlsplit(""), False
    # urlsplit drops tabs and line ends.
    is_plain = text.isascii() and text.isprintable() and " " not in text
    has_more = bool(parts.fragment or parts.username or parts.password)
    if parts.scheme not in PORTS or not is_valid or not is_plain or has_more or len(text) > URL_CHARACTERS_MAX:
        # Without the URL, which can be a secret.
        raise Refused(
            "destination_url_invalid",
            "Not a valid URL. Use one such as https://hooks.example.org/botmeter, in ASCII characters, without user "
            f"name, password and fragment, of at most {URL_CHARACTERS_MAX:,} characters.",
        )
    _refuse_plain(parts, private_hosts)
    if _is_address(parts.hostname or ""):
        endpoint_of(text, private_hosts=private_hosts)
    return text


def endpoint_of(url: str, *, private_hosts: PrivateHosts, resolver: Resolver = resolve) -> Endpoint:
    """Resolve and check the host of a URL from `checked_url`.

    Raises:
        NotAllowed: `destination_address_forbidden`.
        Unavailable: `destination_unknown_host`.
    """
    parts = urlsplit(url)
    _refuse_plain(parts, private_hosts)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    addresses = resolved(host, port, resolver=resolver)
    if not addresses:
        raise Unavailable("destination_unknown_host", f"The host name {host} doesn't resolve to an address.")
    if not all(_may_be_called(address, host=host, private_hosts=private_hosts) for address in addresses):
        # Without the address, which would tell what the network's own name server answers.
        raise NotAllowed(
            "destination_address_forbidden",
            f"{host} is not a public address. The server sends to private addresses only if its operator names the "
            "host in BOTMETER_WEBHOOK_PRIVATE_HOSTS, and never to link-local, multicast and cloud metadata addresses.",
        )
    return Endpoint(scheme=parts.scheme, host=host, port=port, addresses=addresses, prefix="")


def target_of(url: str) -> str:
    """Path and query of a URL."""
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def shown_url(url: str, *, has_path: bool) -> str:
    """URL without its secrets: the query, and the path unless `has_path`."""
    parts = urlsplit(url)
    is_cut = bool(parts.query) if has_path else bool(parts.query or parts.path.strip("/"))
    path = parts.path if has_path else "/"
    return f"{parts.scheme}://{parts.netloc}{path}{'…' if is_cut else ''}"


def _refuse_plain(parts: SplitResult, private_hosts: PrivateHosts) -> None:
    host = parts.hostname or ""
    if parts.scheme != "https" and not _is_named(host, private_hosts):
        raise NotAllowed(
            "destination_address_forbidden",
            f"{host} uses http, over which everybody on the way can read. Use https; http is for hosts that the "
            "server's operator names in BOTMETER_WEBHOOK_PRIVATE_HOSTS.",
        )


def _may_be_called(address: str, *, host: str, private_hosts: PrivateHosts) -> bool:
    called = ip_address(address)
    networks = [each for each in private_hosts if not isinstance(each, str)]
    if _is_named(host, private_hosts):
        networks += PRIVATE_NETWORKS
    return may_be_called(called, networks=networks) and not is_link_local_or_metadata(called)


def _is_named(host: str, private_hosts: PrivateHosts) -> bool:
    name = host.lower().rstrip(".")
    for each in private_hosts:
        if isinstance(each, str):
            if name == each or (each.startswith(".") and name.endswith(each)):
                return True
        elif _is_address(name) and ip_address(name) in each:
            return True
    return False


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
