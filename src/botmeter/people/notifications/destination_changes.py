"""Changes to destinations with audit entries, which hold no secrets. Callers check permissions."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from botmeter.domain.errors import Conflict, Refused, TooMuch
from botmeter.domain.instant import present
from botmeter.domain.settings import Settings
from botmeter.people.audit import Action
from botmeter.people.notifications.destination_url import shown_url
from botmeter.people.notifications.destinations import DestinationDraft, new_secret
from botmeter.people.notifications.models import Destination
from botmeter.people.notifications.topics import Channel
from botmeter.people.sealing import sealed
from botmeter.people.source_actions import Author

DESTINATIONS_MAX: Final = 100
"""Of an account; a page lists them all."""
OVERLAP_MAX: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDestination:
    """Destination with its signing secret, shown once; empty unless a webhook."""

    destination: Destination
    secret: str = field(repr=False)


def add_destination(account: str, draft: DestinationDraft, *, author: Author) -> NewDestination:
    """Add a destination.

    Raises:
        Conflict: `destination_exists`.
        Refused: `destination_url_missing`, `report_dir_missing`.
        TooMuch: `destinations_too_many`.
    """
    _check_complete(draft)
    count = Destination.objects.filter(account=account).count()
    if count >= DESTINATIONS_MAX:
        raise TooMuch(
            "destinations_too_many",
            f"The account {account} has {count} destinations; the limit is {DESTINATIONS_MAX}. Remove some first.",
        )
    secret = new_secret() if draft.kind is Channel.WEBHOOK else ""
    row = Destination(account=account, kind=draft.kind.value, sealed_secret=sealed(secret), created_by=author.user)
    with transaction.atomic():
        _save(row, draft)
        _record(Action.DESTINATION_ADDED, row, author=author, to=row.shown_url or row.folder, topics=row.topics)
    return NewDestination(destination=row, secret=secret)


def change_destination(row: Destination, draft: DestinationDraft, *, author: Author) -> bool:
    """Change a destination; False if nothing changed. An empty URL keeps the present one.

    Raises:
        Conflict: `destination_exists`.
    """
    before = (row.name, row.folder, row.topics)
    with transaction.atomic():
        _save(row, draft)
        after = (row.name, row.folder, row.topics)
        names = ("name", "folder", "topics")
        changed = [name for name, old, new in zip(names, before, after, strict=True) if old != new]
        changed += ["url"] if draft.url else []
        if changed:
            _record(Action.DESTINATION_CHANGED, row, author=author, changed=changed, to=row.shown_url or row.folder)
    return bool(changed)


def rotate_secret(row: Destination, *, lives_on: timedelta, author: Author) -> str:
    """Replace a webhook's signing secret, which is returned; the old one signs, too, for `lives_on`.

    Raises:
        Refused: `destination_unsigned`, `secret_overlap_invalid`.
    """
    if row.kind != Channel.WEBHOOK:
        raise Refused("destination_unsigned", f"Only webhooks are signed; {row.name} is a {row.kind}.")
    if not timedelta(0) <= lives_on <= OVERLAP_MAX:
        raise Refused("secret_overlap_invalid", f"The old secret can be valid for at most {OVERLAP_MAX.days} days.")
    secret, now = new_secret(), present()
    with transaction.atomic():
        locked = Destination.objects.select_for_update().get(pk=row.pk)
        row.sealed_old_secret = locked.sealed_secret if lives_on else ""
        row.old_secret_until = now + lives_on if lives_on else None
        row.sealed_secret = sealed(secret)
        row.save(update_fields=["sealed_secret", "sealed_old_secret", "old_secret_until"])
        until = row.old_secret_until.isoformat(timespec="seconds") if row.old_secret_until else "now"
        _record(Action.SECRET_ROTATED, row, author=author, old_until=until)
    return secret


def turn_destination(row: Destination, *, is_on: bool, author: Author) -> None:
    """Send to a destination, or stop it."""
    if Destination.objects.filter(pk=row.pk, is_on=not is_on).update(is_on=is_on, off_reason=""):
        _record(Action.DESTINATION_CHANGED, row, author=author, changed=["turned on" if is_on else "turned off"])


def remove_destination(row: Destination, *, author: Author) -> None:
    """Remove a destination with its URL and secrets; what is due for it fails."""
    with transaction.atomic():
        _record(Action.DESTINATION_REMOVED, row, author=author, to=row.shown_url or row.folder)
        row.delete()


def _check_complete(draft: DestinationDraft) -> None:
    if draft.kind is not Channel.FOLDER and not draft.url:
        raise Refused("destination_url_missing", f"A {draft.kind.value} needs a URL.")
    if draft.kind is Channel.FOLDER and Settings.from_environment().report_dir is None:
        raise Refused(
            "report_dir_missing", "This server writes into no folder: its operator has not set BOTMETER_REPORT_DIR."
        )


def _save(row: Destination, draft: DestinationDraft) -> None:
    row.name, row.folder, row.topics = draft.name, draft.folder, [topic.value for topic in draft.topics]
    if draft.url:
        row.sealed_url = sealed(draft.url)
        row.shown_url = shown_url(draft.url, has_path=draft.kind is Channel.WEBHOOK)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Conflict(
            "destination_exists", f"Account {row.account} already has a destination {row.name!r}. Choose another name."
        ) from None


def _record(action: Action, row: Destination, *, author: Author, **detail: Any) -> None:
    author.record(action, row.account, destination=row.name, kind=row.kind, **detail)
