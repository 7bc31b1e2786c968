"""Erasure of a customer from the people's database."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.db import DatabaseError, transaction

from botmeter.domain.display_name import DISPLAY_NAME_CHARACTERS_MAX
from botmeter.domain.errors import Unavailable
from botmeter.ledger.erased_ids import ErasedIds
from botmeter.people.database import rewrite_file
from botmeter.people.id_replacement import IdReplacement
from botmeter.people.models import ApiKey, AuditEntry, DayNote, EventSource, SavedView, ShareLink
from botmeter.people.notifications.models import ANSWER_CHARACTERS_MAX, CAUSE_CHARACTERS_MAX, Notification
from botmeter.people.notifications.schedule_models import Schedule

_CHUNK_ROWS: Final = 1_000
# A row and its changed fields.
_Change = tuple[Any, dict[str, Any]]


def forget_customer(account: str, ids: ErasedIds) -> int:
    """Replace an erased customer's ids by pseudonyms; return the number of changed rows. Can be repeated.

    Saved views and share links select the same sessions. Pending notices and addresses with the ids are dropped from
    sessions of browsers.

    Raises:
        Unavailable: `erase_unfinished` if the database can't be changed.
    """
    try:
        count = _forget(account, IdReplacement(ids))
        rewrite_file()
    except DatabaseError as problem:
        raise unfinished(account, problem) from problem
    return count


def unfinished(account: str, problem: Exception) -> Unavailable:
    """Error of an erasure that did not reach the people's database."""
    return Unavailable(
        "erase_unfinished",
        f"The customer is erased from the tables of account {account}, but not from the user database. Make it "
        "available: the server, or the next command without one, finishes the erasure. The reason: "
        f"{str(problem).splitlines()[0][:200]}.",
    )


def _forget(account: str, replaced: IdReplacement) -> int:
    # Read first: writers of other requests must not wait while a long audit log is read.
    changes = [*_changes(account, replaced), *_session_changes(replaced)]
    with transaction.atomic():
        for row, fields in changes:
            type(row).objects.filter(pk=row.pk).update(**fields)
    store = import_module(settings.SESSION_ENGINE).SessionStore
    for row, _ in changes:
        if isinstance(row, Session):
            caches[settings.SESSION_CACHE_ALIAS].delete(store(row.pk).cache_key)
    return len(changes)


def _changes(account: str, replaced: IdReplacement) -> Iterator[_Change]:
    for view in SavedView.objects.filter(account=account).iterator(_CHUNK_ROWS):
        yield from _change(view, name=_view_name(view, replaced), query=replaced.in_query(view.query))
    for link in ShareLink.objects.filter(account=account).iterator(_CHUNK_ROWS):
        yield from _change(link, name=_name(link.name, replaced), query=replaced.in_query(link.query))
    for schedule in Schedule.objects.filter(account=account).iterator(_CHUNK_ROWS):
        yield from _change(schedule, name=_name(schedule.name, replaced), query=replaced.in_query(schedule.query))
    for note in DayNote.objects.filter(account=account).iterator(_CHUNK_ROWS):
        yield from _change(note, text=_name(note.text, replaced))
    for key in ApiKey.objects.filter(account=account).iterator(_CHUNK_ROWS):
        yield from _change(key, name=_name(key.name, replaced))
    for source in EventSource.objects.filter(account=account, pull_result__fault__isnull=False):
        result = dict(source.pull_result or {})
        yield from _change(source, pull_result=result | {"fault": replaced.in_message(str(result.get("fault", "")))})
    for message in Notification.objects.filter(account=account).iterator(_CHUNK_ROWS):
        yield from _change(
            message,
            cause=replaced.in_message(message.cause)[:CAUSE_CHARACTERS_MAX],
            content=replaced.in_content(message.content),
            last_answer=replaced.in_message(message.last_answer)[:ANSWER_CHARACTERS_MAX],
        )
    for entry in AuditEntry.objects.filter(account=account).order_by().only("detail").iterator(_CHUNK_ROWS):
        yield from _change(entry, detail=replaced.in_detail(entry.detail))


def _session_changes(replaced: IdReplacement) -> Iterator[_Change]:
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    for session in Session.objects.iterator(_CHUNK_ROWS):
        values = session.get_decoded()
        # Names with an underscore are Django's, such as the signed-in user's.
        kept = {name: value for name, value in values.items() if name[:1] == "_" or not replaced.occurs_in(value)}
        if kept != values:
            # Not the store's `save`, which would prolong the session.
            yield session, {"session_data": store.encode(kept)}


def _name(name: str, replaced: IdReplacement) -> str:
    return replaced.in_text(name)[:DISPLAY_NAME_CHARACTERS_MAX]


def _view_name(view: SavedView, replaced: IdReplacement) -> str:
    name = _name(view.name, replaced)
    # Two names of one owner can differ by the ids alone.
    end = f" {view.pk}" if name != view.name else ""
    return f"{name[: DISPLAY_NAME_CHARACTERS_MAX - len(end)]}{end}"


def _change(row: Any, **fields: Any) -> Iterator[_Change]:
    changed = {name: value for name, value in fields.items() if value != getattr(row, name)}
    if changed:
        yield row, changed
