"""Undo of an action, offered by the notice after it.

What it needs is kept in memory: after a restart it is too late.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from django.db.models import Model
from django.urls import reverse

from botmeter.domain.bounded_cache import BoundedCache
from botmeter.domain.errors import Missing
from botmeter.web.access import Visit
from botmeter.web.notices import UndoForm

OFFERED_SECONDS: Final = 10
"""Time for which a page with scripts shows the button, and longer while it has the pointer or the focus."""
# Without scripts the button stays, and a slow connection needs some of the time.
_ACCEPTED_SECONDS: Final = timedelta(minutes=1).total_seconds()
# A few hundred at a time; a saved view has up to 8,000 characters.
_BYTES_MAX: Final = 4 << 20


class UndoKind(StrEnum):
    """Action that can be undone."""

    MEMBER_REMOVED = "member_removed"
    INVITATION_REVOKED = "invitation_revoked"
    NOTE_REMOVED = "note_removed"
    VIEW_DELETED = "view_deleted"
    VIEW_UPDATED = "view_updated"
    SHARE_REVOKED = "share_revoked"
    SCHEDULE_REMOVED = "schedule_removed"
    EVENTS_DISCARDED = "events_discarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """Action to undo.

    Attributes:
        before: Row as it was, or numbers of discarded events.
        back_href: Page of the action.
    """

    account: str
    user_id: int
    kind: UndoKind
    before: Model | tuple[int, ...]
    back_href: str


_offered: Final[BoundedCache[str, Undo | None]] = BoundedCache(_BYTES_MAX, lasts_seconds=_ACCEPTED_SECONDS)


def offer_undo(visit: Visit, kind: UndoKind, *, before: Model | tuple[int, ...], back_href: str) -> UndoForm:
    """Keep what an undo needs; the form is for the action's notice."""
    number = secrets.token_urlsafe(12)
    undo = Undo(account=visit.account, user_id=visit.user.pk, kind=kind, before=before, back_href=back_href)
    _offered.remake(number, lambda: undo)
    return UndoForm(action=reverse("undo", args=(visit.account,)), number=number, seconds=OFFERED_SECONDS)


def take_undo(visit: Visit, number: str) -> Undo:
    """Return the same user's offer, once; raises Missing `undo_over`."""
    undo = _offered.get(number)
    if undo is None or (undo.account, undo.user_id) != (visit.account, visit.user.pk):
        raise Missing("undo_over", "It is too late to undo this, or it was undone already.")
    _offered.remake(number, lambda: None)
    return undo
