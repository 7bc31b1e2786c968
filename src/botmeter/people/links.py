"""Secret links, stored as digests."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.db.models import Q

from botmeter.domain.instant import present
from botmeter.people.models import Link


def digest_of(secret: str) -> str:
    """Hash a secret; 256 random bits need no salt or slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_link(purpose: Link.Purpose, *, lasting: timedelta, **what: Any) -> str:
    """Create a link and return its secret."""
    secret = secrets.token_urlsafe(32)
    Link.objects.create(purpose=purpose, digest=digest_of(secret), expires_at=present() + lasting, **what)
    return secret


def open_link(secret: str, *, purpose: Link.Purpose) -> Link | None:
    """Return the link if unused and not expired."""
    usable = Q(used_at=None) | Q(is_reusable=True)
    return (
        Link.objects.filter(usable, purpose=purpose, digest=digest_of(secret), expires_at__gt=present())
        .select_related("user")
        .first()
    )


def forget_expired_links() -> None:
    """Delete expired links, except invitations, which the users page lists."""
    Link.objects.exclude(purpose=Link.Purpose.INVITATION).filter(expires_at__lte=present()).delete()


def use_link(link: Link) -> bool:
    """Mark as used; False if it was before."""
    if link.is_reusable:
        return True
    return Link.objects.filter(pk=link.pk, used_at=None).update(used_at=present()) == 1
