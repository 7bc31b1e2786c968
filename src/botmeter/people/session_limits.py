"""Limits of a signed-in browser's session."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase

IDLE_SECONDS_MAX: Final = 24 * 3600
"""Who opens the pages daily stays signed in; a forgotten browser doesn't."""
AGE_SECONDS_MAX: Final = 14 * 24 * 3600
"""Since signing in."""
# A change of a session is a write to the database.
_SEEN_EVERY_SECONDS: Final = 300
_BEGAN: Final = "began_at"
_SEEN: Final = "seen_at"
_BROWSER: Final = "browser"
_ADDRESS: Final = "address"
_USER_AGENT_LENGTH_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionNote:
    """Instants of a session in Unix time, with its browser and address."""

    began_seconds: int
    seen_seconds: int
    user_agent: str
    address: str


def note_of(values: Mapping[str, Any], *, now_seconds: int) -> SessionNote:
    """Note in a session's values; one of an earlier version begins now."""
    return SessionNote(
        began_seconds=values.get(_BEGAN, now_seconds),
        seen_seconds=values.get(_SEEN, now_seconds),
        user_agent=values.get(_BROWSER, ""),
        address=values.get(_ADDRESS, ""),
    )


def is_over(note: SessionNote, *, now_seconds: int) -> bool:
    """Check the limits."""
    is_old = now_seconds - note.began_seconds > AGE_SECONDS_MAX
    return is_old or now_seconds - note.seen_seconds > IDLE_SECONDS_MAX


def end_if_over(session: SessionBase, *, now_seconds: int, is_by_person: bool) -> None:
    """Empty a session that reached a limit; else note the request.

    Args:
        is_by_person: An open page didn't make the request by itself.
    """
    if SESSION_KEY not in session:
        return
    note = note_of(dict(session.items()), now_seconds=now_seconds)
    if is_over(note, now_seconds=now_seconds):
        session.flush()
        return
    # A clock that was set back counts as activity, too.
    is_later = abs(now_seconds - note.seen_seconds) >= _SEEN_EVERY_SECONDS
    if _SEEN not in session or (is_by_person and is_later):
        session[_BEGAN], session[_SEEN] = note.began_seconds, now_seconds


def begin(session: SessionBase, *, now_seconds: int, user_agent: str, address: str) -> None:
    """Start both limits anew, after signing in."""
    session[_BEGAN] = session[_SEEN] = now_seconds
    session[_BROWSER], session[_ADDRESS] = user_agent[:_USER_AGENT_LENGTH_MAX], address
