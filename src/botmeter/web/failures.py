"""Error pages, with the status of the error's family; bugs show only a reference number."""

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from django.core.exceptions import DisallowedHost, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from botmeter.domain.errors import BotmeterError, Missing, NotAllowed, Refused, Unavailable
from botmeter.live.bugs import Bug, report_bug
from botmeter.people.database_failures import unavailable_error
from botmeter.people.models import Membership, User
from botmeter.web.access import Visit
from botmeter.web.layout import Frame, anonymous_frame, frame, plain_frame
from botmeter.web.rendering import rendered
from botmeter.web.statuses import RETRY_AFTER_SECONDS, status_of

_log: Final = logging.getLogger(__name__)

_HEADINGS: Final = {
    HTTPStatus.BAD_REQUEST: "Invalid request",
    HTTPStatus.FORBIDDEN: "Not allowed",
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.CONFLICT: "Already exists",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Request too large",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many attempts",
    HTTPStatus.SERVICE_UNAVAILABLE: "Temporarily unavailable",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong",
}
_INVALID: Final = {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
_PASSING: Final = {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INTERNAL_SERVER_ERROR}


@dataclass(frozen=True, slots=True, kw_only=True)
class FailurePage:
    """Error page."""

    frame: Frame
    heading: str
    sentence: str
    code: str
    retry_href: str | None
    plain_href: str | None


class FailuresAsPages:
    """Middleware that renders exceptions of views."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.answer(request)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        if isinstance(problem, BotmeterError):
            return failed(request, problem)
        if isinstance(problem, Http404):
            return missing(request, problem)
        if isinstance(problem, PermissionDenied | SuspiciousOperation):
            return None
        return broken(request, problem)


def failed(request: HttpRequest, error: BotmeterError) -> HttpResponse:
    """Render a BotmeterError."""
    status = status_of(error)
    response = _rendered(request, status, sentence=error.message, code=error.code)
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(error.retry_after_seconds or RETRY_AFTER_SECONDS)
    return response


def broken(request: HttpRequest, problem: Exception) -> HttpResponse:
    """Render a bug, or what `unavailable` recognises."""
    error = unavailable(problem)
    if error is not None:
        return failed(request, error)
    bug = report_request_bug(request, problem)
    return _rendered(request, HTTPStatus.INTERNAL_SERVER_ERROR, sentence=bug.sentence, code="bug")


def unavailable(problem: Exception) -> Unavailable | None:
    """Log and return `unavailable_error`."""
    error = unavailable_error(problem)
    if error is not None:
        _log.warning("%s", error.message)
    return error


def report_request_bug(request: HttpRequest, problem: Exception) -> Bug:
    """Report a bug under the request's path, without a secret in it."""
    secret = request.resolver_match.kwargs.get("secret") if request.resolver_match else None
    path = request.path.replace(secret, "\u2026") if secret else request.path
    return report_bug(f"{request.method} {path}", problem)


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Render the same 404 for unknown URLs and others' accounts (handler404)."""
    del exception
    return failed(request, Missing("page_unknown", "The page does not exist, or you do not have access to it."))


def server_error(request: HttpRequest) -> HttpResponse:
    """Render a bug outside of views (handler500)."""
    problem = sys.exc_info()[1]
    return broken(request, problem if isinstance(problem, Exception) else RuntimeError("unknown"))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Render a malformed request (handler400)."""
    if isinstance(exception, DisallowedHost):
        # No page: its links would use an untrusted host.
        return HttpResponse(
            "Unknown host name. Add it to BOTMETER_HOSTS, or use the address that the server printed when it "
            "started.\n",
            status=HTTPStatus.BAD_REQUEST,
            content_type="text/plain; charset=utf-8",
        )
    return failed(request, Refused("request_invalid", "The request is malformed."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Render a missing permission (handler403)."""
    del exception
    return failed(request, NotAllowed("right_missing", "You do not have permission to do this."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Render a form without a valid CSRF token."""
    del reason
    sentence = "The form has expired or was not sent from this site. Reload the page and submit the form again."
    return failed(request, NotAllowed("form_foreign", sentence))


def _rendered(request: HttpRequest, status: HTTPStatus, *, sentence: str, code: str) -> HttpResponse:
    heading = _HEADINGS[status]
    is_get = request.method == "GET"
    page = FailurePage(
        frame=_frame(request, heading, status=status, code=code),
        heading=heading,
        sentence=sentence,
        code=code,
        retry_href=request.get_full_path() if is_get and status in _PASSING else None,
        plain_href=request.path if is_get and status in _INVALID and request.GET else None,
    )
    return rendered(request, "failure.html", page=page, status=status)


def _frame(request: HttpRequest, heading: str, *, status: HTTPStatus, code: str) -> Frame:
    if code == "people_unavailable":
        return anonymous_frame(request, title=heading)
    account = request.resolver_match.kwargs.get("account") if request.resolver_match else None
    user = getattr(request, "user", None)
    if account and isinstance(user, User) and status < HTTPStatus.INTERNAL_SERVER_ERROR:
        membership = Membership.objects.filter(user=user, account=account).first()
        if membership is not None:
            visit = Visit(request=request, user=user, account=account, membership=membership)
            return frame(visit, title=heading, current="")
    return plain_frame(request, title=heading)
