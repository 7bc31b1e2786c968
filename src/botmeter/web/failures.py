"""Error pages, with the status of the error's family; bugs show only a reference number."""

import sys
from collections.abc import Callable
from http import HTTPStatus

from django.core.exceptions import DisallowedHost, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from botmeter.domain.errors import BotmeterError, NotAllowed
from botmeter.live.bugs import Bug, report_bug
from botmeter.web.failure_page import failure_response
from botmeter.web.statuses import RETRY_AFTER_SECONDS, status_of


class FailuresAsPages:
    """Middleware that renders exceptions of views."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.answer(request)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        """Render an exception of a view (Django hook)."""
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
    response = failure_response(request, status=status, sentence=error.message, code=error.code)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def broken(request: HttpRequest, problem: Exception) -> HttpResponse:
    """Render a bug."""
    bug = report_request_bug(request, problem)
    return failure_response(request, status=HTTPStatus.INTERNAL_SERVER_ERROR, sentence=bug.sentence, code="bug")


def report_request_bug(request: HttpRequest, problem: Exception) -> Bug:
    """Save a bug's traceback, or print it if the disk is full."""
    return report_bug(f"{request.method} {_path_without_secret(request)}", problem)


def _path_without_secret(request: HttpRequest) -> str:
    found = request.resolver_match
    secret = found.kwargs.get("secret") if found else None
    return request.path.replace(secret, "\u2026") if secret else request.path


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Render the same 404 for unknown URLs and other accounts' pages."""
    del exception
    return failure_response(
        request,
        status=HTTPStatus.NOT_FOUND,
        sentence="The page does not exist, or you do not have access to it.",
        code="page_unknown",
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Render a bug outside of views (Django's handler500)."""
    problem = sys.exc_info()[1]
    return broken(request, problem if isinstance(problem, Exception) else RuntimeError("unknown"))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Render a malformed request (Django's handler400)."""
    if isinstance(exception, DisallowedHost):
        # No page: its links would use an untrusted host.
        return HttpResponse(
            "Unknown host name. Add it to BOTMETER_HOSTS, or use the address that the server printed when it "
            "started.\n",
            status=HTTPStatus.BAD_REQUEST,
            content_type="text/plain; charset=utf-8",
        )
    return failure_response(
        request, status=HTTPStatus.BAD_REQUEST, sentence="The request is malformed.", code="request_invalid"
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Render a missing permission (Django's handler403)."""
    del exception
    return failed(request, NotAllowed("right_missing", "You do not have permission to do this."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Render a form without a valid CSRF token."""
    del reason
    sentence = "The form has expired or was not sent from this site. Reload the page and submit the form again."
    return failure_response(request, status=HTTPStatus.FORBIDDEN, sentence=sentence, code="form_foreign")
