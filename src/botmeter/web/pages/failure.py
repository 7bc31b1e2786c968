"""The page of a failure: one sentence, what can be done, and a code that can be looked up."""

from dataclasses import dataclass
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from botmeter.web.pages.frame import Frame, plain_frame
from botmeter.web.rendering import rendered


@dataclass(frozen=True, slots=True, kw_only=True)
class FailurePage:
    """What went wrong."""

    frame: Frame
    heading: str
    sentence: str
    code: str
    retry_href: str | None


_HEADINGS = {
    HTTPStatus.BAD_REQUEST: "That can't be asked",
    HTTPStatus.FORBIDDEN: "You may not do this",
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.CONFLICT: "That is there already",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "That is too much at once",
    HTTPStatus.SERVICE_UNAVAILABLE: "Busy",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong",
}


def failure_response(request: HttpRequest, *, status: HTTPStatus, sentence: str, code: str) -> HttpResponse:
    """The page, with the status."""
    heading = _HEADINGS[status]
    can_retry = status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INTERNAL_SERVER_ERROR}
    page = FailurePage(
        frame=plain_frame(request, title=heading),
        heading=heading,
        sentence=sentence,
        code=code,
        retry_href=request.get_full_path() if can_retry and request.method == "GET" else None,
    )
    return rendered(request, "failure.html", page=page, status=status)
