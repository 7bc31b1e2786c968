"""Notices shown once after a form. Their secrets stay in memory, not in the session's database."""

import secrets as random_secrets
from dataclasses import asdict, dataclass
from typing import Final, Literal

from django.core.cache import caches
from django.http import HttpRequest

_KEY: Final = "notice"
_WAITING: Final = "waiting_secrets"
COPY_NOW: Final = "Copy it now. It is not shown again."
# The browser follows a redirect at once.
_WAIT_SECONDS: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice; `secrets` are links or recovery codes."""

    fact: str
    consequence: str = ""
    kind: Literal["ok", "info", "warn", "bad"] = "ok"
    secrets: tuple[str, ...] = ()


def add_notice(request: HttpRequest, notice: Notice) -> None:
    """Show a notice on the next page."""
    stored = {**asdict(notice), "secrets": ""}
    if notice.secrets:
        stored["secrets"] = random_secrets.token_urlsafe(16)
        caches[_WAITING].set(stored["secrets"], notice.secrets, _WAIT_SECONDS)
    request.session[_KEY] = stored


def pop_notice(request: HttpRequest) -> Notice | None:
    """Remove and return the pending notice."""
    stored = request.session.pop(_KEY, None)
    if stored is None:
        return None
    secrets = caches[_WAITING].get(stored["secrets"], ())
    caches[_WAITING].delete(stored["secrets"])
    return Notice(**{**stored, "secrets": secrets})
