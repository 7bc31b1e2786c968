"""Problem details (RFC 9457), for Django and the server."""

from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from django.conf import settings
from msgspec import Meta, Struct

from botmeter.domain.errors import BotmeterError
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, now_us
from botmeter.domain.rate_limit import WINDOW_SECONDS
from botmeter.live.bugs import Bug
from botmeter.web.api.codes import CODES
from botmeter.web.statuses import RETRY_AFTER_SECONDS, status_of

PATH: Final = "/api/"
MEDIA_TYPE: Final = "application/problem+json"

_STATUS_OF_CODE: Final = {each.code: HTTPStatus(each.status) for each in CODES}
CHALLENGE: Final = 'Bearer realm="botmeter"'


class Problem(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Problem details (RFC 9457). `code` is stable, for programs; `detail` is a sentence for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    reference: Annotated[str, Meta(description="Finds a bug in the server's logs; only for bugs.")] = ""

    @property
    def body(self) -> bytes:
        return msgspec.json.encode(self)

    @property
    def headers(self) -> dict[str, str]:
        headers = {"Content-Type": MEDIA_TYPE}
        if self.status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = CHALLENGE
        elif self.status == HTTPStatus.TOO_MANY_REQUESTS:
            headers["Retry-After"] = str(seconds_left_in_window())
        elif self.status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return headers


def problem(status: HTTPStatus, code: str, *, detail: str, reference: str = "") -> Problem:
    """Problem details; a `reference` finds a bug's trace in the logs."""
    return Problem(
        type=f"{settings.FORCE_SCRIPT_NAME or ''}{PATH}v1/docs#problem-{code}",
        title=status.phrase,
        status=status.value,
        detail=detail,
        code=code,
        reference=reference,
    )


def problem_from_error(error: BotmeterError) -> Problem:
    """Domain error's details."""
    return problem(_STATUS_OF_CODE.get(error.code) or status_of(error), error.code, detail=error.message)


def problem_from_bug(bug: Bug) -> Problem:
    """Bug's details."""
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "bug", detail=bug.sentence, reference=bug.reference)


def seconds_left_in_window() -> int:
    """Seconds until a rate window resets."""
    return WINDOW_SECONDS - now_us() // MICROSECONDS_PER_SECOND % WINDOW_SECONDS
