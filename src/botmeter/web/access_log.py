"""One line in the log for each request that was answered."""

import logging
from dataclasses import dataclass
from http import HTTPMethod, HTTPStatus
from typing import Final

LOGGER: Final = "botmeter.access"

_log: Final = logging.getLogger(LOGGER)
# Asked every few seconds by machines or by pages that follow, and for every page: they would drown the rest.
_QUIET: Final = frozenset(
    {"healthz", "readyz", "metrics", "static", "report-fresh", "billing-report-fresh", "shared-fresh"}
)
# What is none of these is made up by whoever asks.
_METHODS: Final = frozenset(HTTPMethod)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredRequest:
    """A request that was answered: nothing that names a customer, a key or what was searched for.

    Attributes:
        route: The name of the route, not its address.
        account: None: of no account, or of none that the asker may know.
    """

    method: str
    route: str
    status: int
    seconds: float
    account: str | None = None


def write_line(answered: AnsweredRequest) -> None:
    """Writes the line: a fault as an error, a refusal for the time being as a warning, all else for who wants it."""
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
