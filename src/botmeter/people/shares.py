"""Share links to one report view, which belong to the account.

They are signed: altered ones are refused without a query.
"""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.contrib.auth.hashers import make_password
from django.core.signing import BadSignature, Signer
from django.db.models import F

from botmeter.domain.display_name import required_name_fault
from botmeter.domain.errors import Missing, Refused
from botmeter.domain.instant import present
from botmeter.people.database_failures import optional_write
from botmeter.people.links import digest_of
from botmeter.people.models import ShareLink, User
from botmeter.people.password_hashing import of_known_person

LASTING_DAYS: Final = (1, 7, 30, 90, 180, 365)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareDraft:
    """View, name, expiry and password of a new share link; `query` is canonical.

    Raises:
        Refused: `share_name_invalid`, `share_lasting_invalid`.
    """

    name: str
    query: str
    lasting_days: int
    may_see_rows: bool = False
    password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        name = self.name.strip()
        fault = required_name_fault(name)
        if fault:
            raise Refused("share_name_invalid", f"{name[:40]!r} is not a valid name of a link: {fault}.")
        if self.lasting_days not in LASTING_DAYS:
            known = ", ".join(map(str, LASTING_DAYS))
            raise Refused("share_lasting_invalid", f"A link can't last {self.lasting_days} days. Use one of: {known}.")
        object.__setattr__(self, "name", name)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShare:
    """Link with its secret, shown once."""

    link: ShareLink
    secret: str


def new_share(account: str, draft: ShareDraft, *, created_by: User) -> NewShare:
    """Create a share link; raises Unavailable `passwords_busy`."""
    secret = _signer().sign(secrets.token_urlsafe(24))
    with of_known_person():
        password = make_password(draft.password) if draft.password else ""
    link = ShareLink.objects.create(
        account=account,
        name=draft.name,
        query=draft.query,
        may_see_rows=draft.may_see_rows,
        digest=digest_of(secret),
        password=password,
        created_by=created_by,
        expires_at=present() + timedelta(days=draft.lasting_days),
    )
    return NewShare(link=link, secret=secret)


def valid_share(secret: str) -> ShareLink:
    """Link; raises Missing `share_over` if expired, revoked, altered or unknown."""
    try:
        _signer().unsign(secret)
    except BadSignature:
        raise share_over() from None
    links = ShareLink.objects.filter(digest=digest_of(secret), revoked_at=None, expires_at__gt=present())
    link = links.select_related("created_by").first()
    if link is None:
        raise share_over()
    return link


def share_over() -> Missing:
    """Same error for expired, revoked and altered links."""
    return Missing(
        "share_over",
        "This link is no longer valid: it has expired, was revoked, or was not copied completely. Ask the person who "
        "sent it for a new one.",
    )


def note_opening(link: ShareLink) -> None:
    """Count an opening."""
    with optional_write("the opening of a shared link"):
        ShareLink.objects.filter(pk=link.pk).update(open_count=F("open_count") + 1, last_opened_at=present())


def revoke_share(link: ShareLink) -> bool:
    """Revoke a link; False if it was revoked before."""
    return ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=present()) == 1


def restore_share(link: ShareLink) -> None:
    """Let a revoked link work again, until it expires."""
    ShareLink.objects.filter(pk=link.pk).update(revoked_at=None)


def _signer() -> Signer:
    # A full stop occurs in no part of a secret and needs no escaping in URLs.
    return Signer(salt="botmeter.share", sep=".")
