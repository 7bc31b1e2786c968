"""HTTP statuses of error families."""

from http import HTTPStatus
from typing import Final

from botmeter.domain.errors import BotmeterError, Conflict, Missing, NotAllowed, Refused, TooMuch, Unavailable

# The most specific family first: a Missing is a Refused too.
STATUS_OF: Final[tuple[tuple[type[BotmeterError], HTTPStatus], ...]] = (
    (Missing, HTTPStatus.NOT_FOUND),
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (Conflict, HTTPStatus.CONFLICT),
    (TooMuch, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (Refused, HTTPStatus.BAD_REQUEST),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)
# Limits of clients, unlike those of the server.
_STATUS_OF_CODE: Final = {
    "attempts_exceeded": HTTPStatus.TOO_MANY_REQUESTS,
    "emails_exceeded": HTTPStatus.TOO_MANY_REQUESTS,
    "tests_exceeded": HTTPStatus.TOO_MANY_REQUESTS,
}
RETRY_AFTER_SECONDS: Final = 5
"""Of errors that know no time."""


def status_of(error: BotmeterError) -> HTTPStatus:
    """HTTP status of the code or its family."""
    return _STATUS_OF_CODE.get(error.code) or next(status for family, status in STATUS_OF if isinstance(error, family))
