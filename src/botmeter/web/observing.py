"""Outermost middleware: request ID, metrics and log."""

from collections.abc import Callable
from time import perf_counter
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from botmeter.live import metrics
from botmeter.web import request_ids
from botmeter.web.access_log import AnsweredRequest, write_line

UNKNOWN: Final = "unknown"
"""Route name of an address without a route."""
STATIC: Final = "static"


def observed(answer: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Wrap a view; streamed responses are timed until they start."""

    def answered(request: HttpRequest) -> HttpResponseBase:
        started = perf_counter()
        name = request_ids.request_id(request.headers.get(request_ids.HEADER))
        token = request_ids.current.set(name)
        try:
            response = answer(request)
            response.headers[request_ids.HEADER] = name
            seconds = perf_counter() - started
            route = route_of(request)
            metrics.request_observed(route, status=response.status_code, seconds=seconds)
            write_line(
                AnsweredRequest(
                    method=request.method or "",
                    route=route,
                    status=response.status_code,
                    seconds=seconds,
                    account=_account(request, response),
                )
            )
        finally:
            request_ids.current.reset(token)
        return response

    return answered


def route_of(request: HttpRequest) -> str:
    """Return the route's name, since URLs can hold secrets and customers."""
    found = request.resolver_match
    if found is not None:
        return found.view_name or UNKNOWN
    return STATIC if request.path.startswith(settings.STATIC_URL) else UNKNOWN


def _account(request: HttpRequest, response: HttpResponseBase) -> str | None:
    """Return the account of a successful request; a failed one can name any."""
    found = request.resolver_match
    return found.kwargs.get("account") if found is not None and response.status_code < 400 else None
