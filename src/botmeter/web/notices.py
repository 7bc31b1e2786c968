"""Notices shown once after a form; their secrets stay in memory.

Visitors who are not signed in have no session: their notices are named in the address.
"""

import secrets as random_secrets
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final, Literal

from django.core.cache import caches
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse

_KEY: Final = "notice"
_WAITING: Final = "waiting_secrets"
COPY_NOW: Final = "Copy it now. It is not shown again."
# The browser follows a redirect at once.
_WAIT_SECONDS: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoForm:
    """Form that undoes an action; a script hides it after some seconds."""

    action: str
    number: str
    seconds: int
    csrf_token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Notice; `secrets` are links or recovery codes."""

    fact: str
    consequence: str = ""
    kind: Literal["ok", "info", "warn", "bad"] = "ok"
    secrets: tuple[str, ...] = ()
    undo: UndoForm | None = None


def add_notice(request: HttpRequest, notice: Notice) -> None:
    """Show a notice on the user's next page."""
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
    # A notice that an earlier version added has no such field.
    undo = stored.get("undo")
    form = UndoForm(**{**undo, "csrf_token": get_token(request)}) if undo else None
    return Notice(**{**stored, "secrets": secrets, "undo": form})


class EntryNotice(StrEnum):
    """Notice on the sign-in page."""

    SIGNED_OUT = "signed-out"
    LINK_SENT = "link-sent"

    @property
    def href(self) -> str:
        return f"{reverse('sign-in')}?notice={self.value}"


_ENTRY_NOTICES: Final = {
    EntryNotice.SIGNED_OUT.value: Notice(fact="You are signed out."),
    EntryNotice.LINK_SENT.value: Notice(
        fact="If a user with this email address exists, we sent them a link.",
        consequence="The link works once and expires in a day.",
        kind="info",
    ),
}


def entry_notice(request: HttpRequest) -> Notice | None:
    """Notice in the address of the sign-in page."""
    return _ENTRY_NOTICES.get(request.GET.get("notice", ""))
