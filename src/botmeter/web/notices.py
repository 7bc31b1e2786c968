"""What a page says once, after something was sent and the browser was led on: kept in the session until it is shown.

Sessions are in the database, where secrets have no place but as digests: those wait in memory.
"""

import secrets as random_secrets
from dataclasses import asdict, dataclass
from typing import Final, Literal

from django.core.cache import caches
from django.http import HttpRequest

_KEY: Final = "notice"
_WAITING: Final = "waiting_secrets"
# A browser that is led on comes at once.
_WAIT_SECONDS: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One fact and its consequence.

    Attributes:
        secrets: What is shown this one time and never again: a link, recovery codes.
    """

    fact: str
    consequence: str = ""
    kind: Literal["ok", "info", "warn", "bad"] = "ok"
    secrets: tuple[str, ...] = ()


def add_notice(request: HttpRequest, notice: Notice) -> None:
    """The next page that asks for it shows the notice."""
    kept = {**asdict(notice), "secrets": ""}
    if notice.secrets:
        kept["secrets"] = random_secrets.token_urlsafe(16)
        caches[_WAITING].set(kept["secrets"], notice.secrets, _WAIT_SECONDS)
    request.session[_KEY] = kept


def pop_notice(request: HttpRequest) -> Notice | None:
    """What is to be shown now; gone after that."""
    kept = request.session.pop(_KEY, None)
    if kept is None:
        return None
    secrets = caches[_WAITING].get(kept["secrets"], ())
    caches[_WAITING].delete(kept["secrets"])
    return Notice(**{**kept, "secrets": secrets})
