"""Client addresses of Django's requests."""

from django.conf import settings
from django.http import HttpRequest

from botmeter.domain.client_address import client_address, client_network


def address_of(request: HttpRequest) -> str:
    """Address of the client, for the audit log; empty if unknown."""
    return client_address(
        str(request.META.get("REMOTE_ADDR") or ""),
        forwarded_for=str(request.META.get("HTTP_X_FORWARDED_FOR") or ""),
        proxies=settings.TRUSTED_PROXIES,
    )


def network_of(request: HttpRequest) -> str:
    """Network of the client, for limits."""
    return client_network(address_of(request))
