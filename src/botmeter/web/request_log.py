"""One log line and one count per answered request, without customers, keys or search terms."""

import logging
from collections.abc import Callable
from http import HTTPMethod, HTTPStatus
from time import perf_counter
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from botmeter.live import metrics
from botmeter.web import request_ids

LOGGER: Final = "botmeter.access"
UNKNOWN: Final = "unknown"
"""Route name of an address without a route."""
STATIC: Final = "static"
POLLED: Final = frozenset({"report-fresh", "billing-report-fresh", "shared-fresh", "import-run", "export-progress"})
"""Routes that an open page requests by itself."""

_log: Final = logging.getLogger(LOGGER)
# Requested every few seconds or with every page; they would drown out the others.
_QUIET: Final = frozenset({"healthz", "readyz", "metrics", STATIC, *POLLED})
# Clients can invent other methods.
_METHODS: Final = frozenset(HTTPMethod)


def request_log(answer: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Outermost middleware: set the request's ID, count and log it; a streamed response once it starts."""

    def answered(request: HttpRequest) -> HttpResponseBase:
        started = perf_counter()
        request_id = request_ids.request_id(request.headers.get(request_ids.HEADER))
        token = request_ids.current.set(request_id)
        try:
            response = answer(request)
            response.headers[request_ids.HEADER] = request_id
            log_request(
                route_of(request),
                method=request.method or "",
                status=response.status_code,
                seconds=perf_counter() - started,
                account=_account(request, response),
            )
        finally:
            request_ids.current.reset(token)
        return response

    return answered


def log_request(route: str, *, method: str, status: int, seconds: float, account: str | None = None) -> None:
    """Count and log a request; failures are errors, 503 a warning.

    Args:
        route: Name, not URL.
        seconds: Until the answer started.
        account: None without access.
    """
    metrics.observe_request(route, status=status, seconds=seconds)
    level = _level(route, status=status)
    if not _log.isEnabledFor(level):
        return
    fields: dict[str, object] = {
        "method": method if method in _METHODS else "other",
        "route": route,
        "status": status,
        "duration_ms": round(seconds * 1000, 1),
    }
    if account is not None:
        fields["account"] = account
    _log.log(level, "answered", extra={"fields": fields})


def route_of(request: HttpRequest) -> str:
    """Route's name; URLs can hold secrets and customers."""
    match = request.resolver_match
    if match is not None:
        return match.view_name or UNKNOWN
    return STATIC if request.path.startswith(settings.STATIC_URL) else UNKNOWN


def _account(request: HttpRequest, response: HttpResponseBase) -> str | None:
    """Account of a successful request; a failed one can name any."""
    match = request.resolver_match
    return match.kwargs.get("account") if match is not None and response.status_code < 400 else None


def _level(route: str, *, status: int) -> int:
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return logging.WARNING
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return logging.ERROR
    return logging.DEBUG if route in _QUIET else logging.INFO
