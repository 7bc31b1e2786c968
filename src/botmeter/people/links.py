"""Secret links: made once, shown once, kept as a digest."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.db.models import Q

from botmeter.domain.instant import present
from botmeter.people.models import Link


def digest_of(secret: str) -> str:
    """How a secret is kept: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_link(purpose: Link.Purpose, *, lasting: timedelta, **what: Any) -> str:
    """Keeps a new link and gives its secret, which nobody can find out later."""
    secret = secrets.token_urlsafe(32)
    Link.objects.create(purpose=purpose, digest=digest_of(secret), expires_at=present() + lasting, **what)
    return secret


def open_link(secret: str, *, purpose: Link.Purpose) -> Link | None:
    """The link, if it is one of this purpose, unused and not expired."""
    usable = Q(used_at=None) | Q(is_reusable=True)
    return (
        Link.objects.filter(usable, purpose=purpose, digest=digest_of(secret), expires_at__gt=present())
        .select_related("user")
        .first()
    )


def forget_expired_links() -> None:
    """Deletes the links that open nothing any more, but for invitations, which stand on the page of users."""
    Link.objects.exclude(purpose=Link.Purpose.INVITATION).filter(expires_at__lte=present()).delete()


def use_link(link: Link) -> bool:
    """Uses the link up; False if somebody was quicker."""
    if link.is_reusable:
        return True
    return Link.objects.filter(pk=link.pk, used_at=None).update(used_at=present()) == 1
