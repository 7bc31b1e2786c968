"""Problem details (RFC 9457) as a value: the same for the routes that Django answers and those that the front does.

Statuses come from the same table as those of pages; only what HTTP alone knows (keys, rates, methods, media types)
has its own, by code.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import msgspec

from botmeter.domain.errors import BotmeterError
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, now_us
from botmeter.web.statuses import RETRY_AFTER_SECONDS, status_of

PATH: Final = "/api/"
MEDIA_TYPE: Final = "application/problem+json"
RATE_WINDOW_SECONDS: Final = 60

_STATUS_OF_CODE: Final = {
    "key_missing": HTTPStatus.UNAUTHORIZED,
    "key_wrong": HTTPStatus.UNAUTHORIZED,
    "key_revoked": HTTPStatus.UNAUTHORIZED,
    "key_expired": HTTPStatus.UNAUTHORIZED,
    "method_unknown": HTTPStatus.METHOD_NOT_ALLOWED,
    "rate_exceeded": HTTPStatus.TOO_MANY_REQUESTS,
    "body_too_slow": HTTPStatus.REQUEST_TIMEOUT,
    "media_type_unknown": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "content_encoding_unknown": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "events_refused": HTTPStatus.UNPROCESSABLE_ENTITY,
    "payload_not_understood": HTTPStatus.UNPROCESSABLE_ENTITY,
    "signature_missing": HTTPStatus.UNAUTHORIZED,
    "signature_wrong": HTTPStatus.UNAUTHORIZED,
    "delivery_too_old": HTTPStatus.UNAUTHORIZED,
    # An address that holds a wrong key is no address.
    "source_key_wrong": HTTPStatus.NOT_FOUND,
}
_CHALLENGE: Final = 'Bearer realm="botmeter"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong with a request.

    Attributes:
        reference: Of a bug, where its trace is.
        more: Further members of the details.
    """

    status: HTTPStatus
    code: str
    detail: str
    reference: str | None = None
    more: tuple[tuple[str, object], ...] = ()

    @property
    def body(self) -> bytes:
        """The details as JSON."""
        told: dict[str, object] = {
            "type": f"{PATH}v1/docs#problem-{self.code}",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
            "code": self.code,
        }
        if self.reference is not None:
            told["reference"] = self.reference
        return msgspec.json.encode(told | dict(self.more))

    @property
    def headers(self) -> dict[str, str]:
        """What goes with the body."""
        found = {"Content-Type": MEDIA_TYPE}
        if self.status == HTTPStatus.UNAUTHORIZED:
            found["WWW-Authenticate"] = _CHALLENGE
        elif self.status == HTTPStatus.TOO_MANY_REQUESTS:
            found["Retry-After"] = str(seconds_left_in_window())
        elif self.status == HTTPStatus.SERVICE_UNAVAILABLE:
            found["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return found


def problem_from_error(error: BotmeterError, *more: tuple[str, object]) -> Problem:
    """The problem that an error of ours is."""
    status = _STATUS_OF_CODE.get(error.code) or status_of(error)
    return Problem(status=status, code=error.code, detail=error.message, more=more)


def seconds_left_in_window() -> int:
    """How long until a key's requests are counted from 0 again."""
    return RATE_WINDOW_SECONDS - now_us() // MICROSECONDS_PER_SECOND % RATE_WINDOW_SECONDS
