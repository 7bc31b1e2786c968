"""Client addresses of Django's requests."""

import logging
from threading import Event
from typing import Final

from django.conf import settings
from django.http import HttpRequest

from botmeter.domain.client_address import client_address, client_network, parsed_address

_log: Final = logging.getLogger(__name__)
_is_reported: Final = Event()


def address_of(request: HttpRequest) -> str:
    """Address of the client, for the audit log; empty if unknown."""
    peer = str(request.META.get("REMOTE_ADDR") or "")
    forwarded_for = str(request.META.get("HTTP_X_FORWARDED_FOR") or "")
    if forwarded_for and not _is_reported.is_set():
        _report_undeclared_proxy(peer)
    return client_address(peer, forwarded_for=forwarded_for, proxies=settings.TRUSTED_PROXIES)


def network_of(request: HttpRequest) -> str:
    """Network of the client, for limits."""
    return client_network(address_of(request))


def _report_undeclared_proxy(peer: str) -> None:
    address = parsed_address(peer)
    if address is not None and address.is_private and not settings.TRUSTED_PROXIES.include(address):
        _is_reported.set()
        _log.warning(
            "X-Forwarded-For from %s is ignored, so that all its clients count as one. If a proxy runs there, name it "
            "in BOTMETER_TRUSTED_PROXIES.",
            address,
        )
