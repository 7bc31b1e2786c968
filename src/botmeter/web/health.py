"""Readiness and metrics."""

import os
from collections.abc import Container
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse

from botmeter.domain.errors import NotAllowed, Unavailable
from botmeter.live import metrics as numbers
from botmeter.live.server_state import ServerState
from botmeter.people.database_failures import close_dropped_connections
from botmeter.people.keys import known_key, require_metrics, secret_from_headers
from botmeter.web.access import for_everyone
from botmeter.web.api.problem_details import CHALLENGE
from botmeter.web.server_state import STATE_KEY, secret_lookup
from botmeter.web.statuses import RETRY_AFTER_SECONDS, status_of

FREE_BYTES_MIN: Final = 100_000_000
"""Room for a while of live events; with less the next commits fail."""
_PLAIN: Final = "text/plain; charset=utf-8"
# Headers that proxies add: behind one, all requests come from this machine.
_PROXY_HEADERS: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")


@for_everyone
def metrics(request: HttpRequest) -> HttpResponse:
    """Metrics, to this machine or a key of the server."""
    if not _is_from_here(request):
        refused = _refused(request)
        if refused is not None:
            return refused
    state: ServerState | None = request.META.get(STATE_KEY)
    if state is not None:
        numbers.set_gauges(
            queued_count=state.ingestion.capacity.delivery_count,
            queued_bytes=state.ingestion.capacity.size_bytes,
            lag_seconds=state.store.lag_seconds(),
            refused_ledger_count=len(state.ledgers.problems()),
        )
        numbers.set_entitlement_scopes(state.entitlements.scope_count())
    body, media_type = numbers.exposition(request.headers.get("Accept", ""))
    return HttpResponse(body, content_type=media_type)


def readiness_problem(state: ServerState) -> str | None:
    """Reason for which requests can't be served, or None."""
    from botmeter.people.models import User

    close_dropped_connections()
    try:
        User.objects.exists()
    except (DatabaseError, InterfaceError):
        return "The user database does not answer."
    return disk_problem(Path(settings.DATA)) or state.problem()


def refused_accounts(state: ServerState) -> list[str]:
    """Sentence per account that can't be used."""
    return [problem.message for _, problem in sorted(state.ledgers.problems().items())]


def disk_problem(folder: Path) -> str | None:
    """Sentence on a full or unreadable disk."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return "The data folder can't be read."
    free_bytes = disk.f_bavail * disk.f_frsize
    if free_bytes >= FREE_BYTES_MIN:
        return None
    return (
        f"The disk of the data folder has {free_bytes // 1_000_000} MB left; {FREE_BYTES_MIN // 1_000_000} MB is the "
        "minimum."
    )


def is_this_machine(address: str, *, headers: Container[str], is_secure: bool) -> bool:
    """Test for a request from this machine, by no proxy.

    Args:
        headers: Names are compared in lower case.
    """
    if is_secure or any(name in headers for name in _PROXY_HEADERS):
        return False
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _is_from_here(request: HttpRequest) -> bool:
    return is_this_machine(request.META.get("REMOTE_ADDR", ""), headers=request.headers, is_secure=request.is_secure())


def _refused(request: HttpRequest) -> HttpResponse | None:
    try:
        secret = secret_from_headers(request.headers)
        with secret_lookup(request, secret):
            key = known_key(secret)
        require_metrics(key)
    except Unavailable as error:
        retry_after = str(error.retry_after_seconds or RETRY_AFTER_SECONDS)
        return HttpResponse(
            f"{error.message}\n", status=status_of(error), content_type=_PLAIN, headers={"Retry-After": retry_after}
        )
    except NotAllowed as error:
        sentence = (
            "Metrics are for this machine, or a key of the server (botmeter key create --scope metrics:read). "
            f"{error.message}\n"
        )
        if error.code == "scope_missing":
            return HttpResponse(sentence, status=403, content_type=_PLAIN)
        return HttpResponse(sentence, status=401, content_type=_PLAIN, headers={"WWW-Authenticate": CHALLENGE})
    return None
