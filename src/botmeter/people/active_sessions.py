"""Sessions of a user's browsers."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils.crypto import constant_time_compare

from botmeter.domain.instant import present
from botmeter.people.links import digest_of
from botmeter.people.models import User
from botmeter.people.session_limits import SessionNote, is_over, note_of

_CHUNK_ROWS: Final = 1_000
_NUMBER_LENGTH: Final = 16
_BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    *(("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad")),
    *(("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveSession:
    """Signed-in browser.

    Attributes:
        number: Names the session without revealing its key.
        browser: Such as `Firefox on Linux`; empty if unknown.
    """

    number: str
    browser: str
    address: str
    began_at: datetime
    seen_at: datetime


def active_sessions(user: User) -> tuple[ActiveSession, ...]:
    """Signed-in sessions, the last used first."""
    now_seconds = int(present().timestamp())
    listed = []
    for session, values in _sessions_of(user):
        note = note_of(values, now_seconds=now_seconds)
        if not is_over(note, now_seconds=now_seconds):
            listed.append(_active_session(session.pk, note))
    return tuple(sorted(listed, key=lambda each: (each.seen_at, each.number), reverse=True))


def session_number(key: str) -> str:
    """Number of a session."""
    return digest_of(key)[:_NUMBER_LENGTH]


def end_sessions(user: User, numbers: Collection[str]) -> int:
    """End sessions; return their number."""
    store, count = import_module(settings.SESSION_ENGINE).SessionStore, 0
    for session, _ in _sessions_of(user):
        if session_number(session.pk) in numbers:
            store(session.pk).delete()
            count += 1
    return count


def _sessions_of(user: User) -> Iterator[tuple[Session, dict[str, Any]]]:
    # Sessions don't name their user in a column. 10,000 of them take a second.
    proof = user.get_session_auth_hash()
    for session in Session.objects.filter(expire_date__gt=present()).iterator(_CHUNK_ROWS):
        values = session.get_decoded()
        is_own = values.get(SESSION_KEY) == str(user.pk)
        if is_own and constant_time_compare(str(values.get(HASH_SESSION_KEY, "")), proof):
            yield session, values


def _active_session(key: str, note: SessionNote) -> ActiveSession:
    return ActiveSession(
        number=session_number(key),
        browser=browser_text(note.user_agent),
        address=note.address,
        began_at=datetime.fromtimestamp(note.began_seconds, UTC),
        seen_at=datetime.fromtimestamp(note.seen_seconds, UTC),
    )


def browser_text(user_agent: str) -> str:
    """Browser and system of a User-Agent."""
    names = (next((name for mark, name in kinds if mark in user_agent), "") for kinds in (_BROWSERS, _SYSTEMS))
    return " on ".join(filter(None, names))
