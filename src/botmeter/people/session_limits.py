"""Limits of a signed-in browser's session: its age, and the time without a request by a person."""

from typing import Final

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


def end_if_over(session: SessionBase, *, now_seconds: int, is_by_person: bool) -> None:
    """Empty a signed-in session that reached a limit; else note the request.

    Args:
        is_by_person: The request is none that an open page makes by itself.
    """
    if SESSION_KEY not in session:
        return
    # Sessions of earlier versions have neither.
    began, seen = session.get(_BEGAN, now_seconds), session.get(_SEEN, now_seconds)
    if now_seconds - began > AGE_SECONDS_MAX or now_seconds - seen > IDLE_SECONDS_MAX:
        session.flush()
        return
    # A clock that was set back counts as activity, too.
    if _SEEN not in session or (is_by_person and abs(now_seconds - seen) >= _SEEN_EVERY_SECONDS):
        session[_BEGAN], session[_SEEN] = began, now_seconds


def begin(session: SessionBase, *, now_seconds: int) -> None:
    """Start both limits anew, after signing in."""
    session[_BEGAN] = session[_SEEN] = now_seconds
