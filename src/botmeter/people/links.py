"""Secrets of links and keys, stored as digests."""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.crypto import salted_hmac

from botmeter.domain.errors import Missing
from botmeter.domain.instant import present
from botmeter.people.database_failures import optional_write
from botmeter.people.models import Link, User


def digest_of(secret: str) -> str:
    """Hash a secret; 256 random bits need no salt or slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_link(purpose: Link.Purpose, *, lasting: timedelta, **fields: Any) -> str:
    """Create a link and return its secret."""
    secret = secrets.token_urlsafe(32)
    Link.objects.create(purpose=purpose, digest=digest_of(secret), expires_at=present() + lasting, **fields)
    return secret


def secret_of_message(message_id: UUID) -> str:
    """Secret of the link in a message."""
    # The same at each attempt: of two emails with one id, mail programs show one, whose link must work.
    digest = salted_hmac("botmeter.link", message_id.hex, algorithm="sha256").digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def open_link(secret: str, *, purpose: Link.Purpose) -> Link:
    """Unused, current link; raises Missing `link_unusable`."""
    usable = Q(used_at=None) | Q(is_reusable=True)
    links = Link.objects.filter(usable, purpose=purpose, digest=digest_of(secret), expires_at__gt=present())
    link = links.select_related("user").first()
    if link is None:
        raise link_unusable()
    return link


def first_start_link(*, lasting: timedelta) -> str | None:
    """Replace the link of the first start; None once somebody has a password."""
    # Without room on the disk it stays, and opening it is refused all the same.
    with optional_write("the removal of the link of the first start"):
        _forget_first_start()
    # The demo's owner has no usable password.
    return None if User.objects.with_password().exists() else new_link(Link.Purpose.FIRST_START, lasting=lasting)


def open_first_start(secret: str) -> Link:
    """Link of the first start; raises Missing `link_unusable`."""
    if User.objects.with_password().exists():
        _forget_first_start()
    return open_link(secret, purpose=Link.Purpose.FIRST_START)


def _forget_first_start() -> None:
    Link.objects.filter(purpose=Link.Purpose.FIRST_START).delete()


def forget_expired_links() -> None:
    """Delete expired links, except invitations, which the users page lists."""
    Link.objects.exclude(purpose=Link.Purpose.INVITATION).filter(expires_at__lte=present()).delete()


def use_up(link: Link) -> None:
    """Mark a link as used; raises Missing `link_unusable`."""
    if not link.is_reusable and not Link.objects.filter(pk=link.pk, used_at=None).update(used_at=present()):
        raise link_unusable()


def link_unusable() -> Missing:
    """One error for used, expired, withdrawn and altered links."""
    return Missing(
        "link_unusable",
        "This link was used, has expired, or was not copied completely. Ask the person who gave it to you for a new "
        "one.",
    )
