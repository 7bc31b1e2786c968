"""What a failure becomes under `/api/`: problem details (RFC 9457), whatever went wrong and wherever."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from botmeter.domain.errors import BotmeterError, Missing, NotAllowed, Refused, TooMuch
from botmeter.web.api.problem_details import MEDIA_TYPE, PATH, Problem, problem_from_error
from botmeter.web.failures import kept_bug

_UNREAD: Final = "request_invalid"
_BUG: Final = "bug"


def problem_of(request: HttpRequest, error: Exception) -> HttpResponse:
    """The problem details of whatever was raised; a bug is kept under a reference number."""
    match error:
        case BotmeterError():
            return _response(problem_from_error(error))
        case Http404():
            return problem_of(request, account_unknown())
        case TooManyFieldsSent():
            most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
            many = TooMuch("parameters_too_many", f"The request has too many parameters; the most is {most:,}.")
            return problem_of(request, many)
        case _:
            return _bug(request, error)


def account_unknown() -> Missing:
    """What is said of an account that the key is not for, whether it exists or not."""
    return Missing("account_unknown", "There is no such account, or this key is not for it.")


def key_missing() -> NotAllowed:
    """What is said where no key was sent."""
    return NotAllowed("key_missing", "Send a key of the account: Authorization: Bearer bm_…, or X-API-Key: bm_….")


def route_unknown(request: HttpRequest) -> HttpResponse:
    """The answer to an address under `/api/` that there is none of."""
    missing = Missing("route_unknown", "The API has no such address; /api/v1/openapi.json says which there are.")
    return problem_of(request, missing)


def problems_under_api(answer: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: what failed outside the API's own views becomes problem details too."""

    def answered(request: HttpRequest) -> HttpResponseBase:
        response = answer(request)
        if not request.path.startswith(PATH) or response.status_code < HTTPStatus.BAD_REQUEST:
            return response
        if response.headers.get("Content-Type", "").startswith(MEDIA_TYPE):
            return response
        problem = _problem_of_status(
            request, HTTPStatus(response.status_code), allowed=response.headers.get("Allow", "")
        )
        for name in ("Allow", "Retry-After"):
            if name in response.headers:
                problem.headers[name] = response.headers[name]
        return problem

    return answered


def _problem_of_status(request: HttpRequest, status: HTTPStatus, *, allowed: str) -> HttpResponse:
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        taken = "POST" if "POST" in allowed else "GET and HEAD"
        return problem_of(
            request, Refused("method_unknown", f"This address takes {taken}, not {str(request.method)[:20]}.")
        )
    if status == HTTPStatus.NOT_FOUND:
        return route_unknown(request)
    return _response(Problem(status=status, code=_UNREAD, detail=f"The request failed: {status.phrase.lower()}."))


def _response(problem: Problem) -> HttpResponse:
    return HttpResponse(problem.body, status=problem.status, headers=problem.headers)


def _bug(request: HttpRequest, error: Exception) -> HttpResponse:
    bug = kept_bug(request, error)
    return _response(
        Problem(status=HTTPStatus.INTERNAL_SERVER_ERROR, code=_BUG, detail=bug.sentence, reference=bug.reference)
    )
