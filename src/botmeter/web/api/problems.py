"""Failures under `/api/` as problem details (RFC 9457)."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from botmeter.domain.errors import BotmeterError, Missing, Refused, TooMuch
from botmeter.web.api.problem_details import MEDIA_TYPE, PATH, Problem, problem, problem_from_bug, problem_from_error
from botmeter.web.failures import report_request_bug, unavailable


def problem_of(request: HttpRequest, error: Exception) -> HttpResponse:
    """Problem details; a bug's trace is logged under a reference number."""
    match error:
        case BotmeterError():
            return _response(problem_from_error(error))
        case Http404():
            return problem_of(request, account_unknown())
        case TooManyFieldsSent():
            most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
            return problem_of(
                request, TooMuch("parameters_too_many", f"The request has more than {most:,} parameters.")
            )
        case _ if (passing := unavailable(error)) is not None:
            return _response(problem_from_error(passing))
        case _:
            return _response(problem_from_bug(report_request_bug(request, error)))


def account_unknown() -> Missing:
    """Error for another account than the key's, existing or not."""
    return Missing("account_unknown", "The account does not exist, or this key belongs to another one.")


def route_unknown(request: HttpRequest) -> HttpResponse:
    """Answer an unknown URL under `/api/`."""
    unknown = Missing("route_unknown", "The API has no such address. /api/v1/openapi.json lists all of them.")
    return problem_of(request, unknown)


def problems_under_api(answer: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware that turns other failures into problem details."""

    def answered(request: HttpRequest) -> HttpResponseBase:
        response = answer(request)
        if not request.path_info.startswith(PATH) or response.status_code < HTTPStatus.BAD_REQUEST:
            return response
        if response.headers.get("Content-Type", "").startswith(MEDIA_TYPE):
            return response
        details = _problem_of_status(
            request, HTTPStatus(response.status_code), allowed=response.headers.get("Allow", "")
        )
        for name in ("Allow", "Retry-After"):
            if name in response.headers:
                details.headers[name] = response.headers[name]
        return details

    return answered


def _problem_of_status(request: HttpRequest, status: HTTPStatus, *, allowed: str) -> HttpResponse:
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return problem_of(
            request, Refused("method_unknown", f"This address allows {allowed}, not {str(request.method)[:20]}.")
        )
    if status == HTTPStatus.NOT_FOUND:
        return route_unknown(request)
    return _response(problem(status, "request_invalid", detail=f"The request failed: {status.phrase.lower()}."))


def _response(details: Problem) -> HttpResponse:
    return HttpResponse(details.body, status=details.status, headers=details.headers)
