"""The error page."""

from dataclasses import dataclass
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from botmeter.people.models import Membership, User
from botmeter.web.access import Visit
from botmeter.web.layout import Frame, frame, plain_frame
from botmeter.web.rendering import rendered


@dataclass(frozen=True, slots=True, kw_only=True)
class FailurePage:
    """An error page."""

    frame: Frame
    heading: str
    sentence: str
    code: str
    retry_href: str | None
    plain_href: str | None


_ASKED_AMISS = {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
_HEADINGS = {
    HTTPStatus.BAD_REQUEST: "Invalid request",
    HTTPStatus.FORBIDDEN: "Not allowed",
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.CONFLICT: "Already exists",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Request too large",
    HTTPStatus.SERVICE_UNAVAILABLE: "Temporarily unavailable",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong",
}


def failure_response(request: HttpRequest, *, status: HTTPStatus, sentence: str, code: str) -> HttpResponse:
    """Render the error page with the status."""
    heading = _HEADINGS[status]
    can_retry = status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INTERNAL_SERVER_ERROR}
    page = FailurePage(
        frame=_frame(request, heading, status=status),
        heading=heading,
        sentence=sentence,
        code=code,
        retry_href=request.get_full_path() if can_retry and request.method == "GET" else None,
        plain_href=request.path if status in _ASKED_AMISS and request.method == "GET" and request.GET else None,
    )
    return rendered(request, "failure.html", page=page, status=status)


def _frame(request: HttpRequest, heading: str, *, status: HTTPStatus) -> Frame:
    account = request.resolver_match.kwargs.get("account") if request.resolver_match else None
    user = getattr(request, "user", None)
    if account and isinstance(user, User) and status < HTTPStatus.INTERNAL_SERVER_ERROR:
        membership = Membership.objects.filter(user=user, account=account).first()
        if membership is not None:
            visit = Visit(request=request, user=user, account=account, membership=membership)
            return frame(visit, title=heading, current="")
    return plain_frame(request, title=heading)
