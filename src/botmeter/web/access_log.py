"""One log line per answered request."""

import logging
from dataclasses import dataclass
from http import HTTPMethod, HTTPStatus
from typing import Final

LOGGER: Final = "botmeter.access"

_log: Final = logging.getLogger(LOGGER)
# Requested every few seconds or with every page; they would drown out the rest.
_QUIET: Final = frozenset(
    {"healthz", "readyz", "metrics", "static", "report-fresh", "billing-report-fresh", "shared-fresh"}
)
# Clients can invent other methods.
_METHODS: Final = frozenset(HTTPMethod)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredRequest:
    """An answered request, without customers, keys or search terms.

    Attributes:
        route: Name, not URL.
        account: None without access.
    """

    method: str
    route: str
    status: int
    seconds: float
    account: str | None = None


def write_line(answered: AnsweredRequest) -> None:
    """Log the request; failures are errors, 503 a warning."""
    level = _level(answered)
    if not _log.isEnabledFor(level):
        return
    fields: dict[str, object] = {
        "method": answered.method if answered.method in _METHODS else "other",
        "route": answered.route,
        "status": answered.status,
        "duration_ms": round(answered.seconds * 1000, 1),
    }
    if answered.account is not None:
        fields["account"] = answered.account
    _log.log(level, "answered", extra={"fields": fields})


def _level(answered: AnsweredRequest) -> int:
    if answered.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return logging.WARNING
    if answered.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return logging.ERROR
    return logging.DEBUG if answered.route in _QUIET else logging.INFO
