"""Keys as the intake knows them: looked up in the database at most every few seconds, else in memory.

A key that was revoked or replaced in this process works no more from that moment on; one that another process
revoked (a command), after `REMEMBERED_SECONDS` at most.
"""

import logging
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from time import monotonic
from typing import Final

from django.db import DatabaseError, close_old_connections

from botmeter.domain.instant import present
from botmeter.people.keys import Scope, change_count, note_use, opened_key, require_scope
from botmeter.people.links import digest_of
from botmeter.people.models import ApiKey

REMEMBERED_SECONDS: Final = 5.0
# About a megabyte. Only keys that work are remembered, so that made-up ones push none out.
REMEMBERED_MAX: Final = 2_000

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """A key that works.

    Attributes:
        start: Its first letters, by which people know it.
        expires_at: From when on it no longer works; None: never.
    """

    pk: int
    account: str
    scopes: frozenset[str]
    start: str
    expires_at: datetime | None

    def require(self, scope: Scope) -> None:
        """Raises NotAllowed `scope_missing` where the key has not the scope."""
        require_scope(scope, scopes=self.scopes, start=self.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remembered:
    key: KnownKey
    until: float
    change_count: int

    def holds(self) -> bool:
        if self.until <= monotonic() or self.change_count != change_count():
            return False
        return self.key.expires_at is None or self.key.expires_at > present()


_remembered: "OrderedDict[str, _Remembered]" = OrderedDict()
_lock: Final = Lock()


def remembered_key(secret: str) -> KnownKey | None:
    """The key if it is in memory; never waits, so an event loop may ask. None: ask `known_key` in a thread."""
    digest = digest_of(secret)
    with _lock:
        found = _remembered.get(digest)
        if found is None:
            return None
        if found.holds():
            return found.key
        del _remembered[digest]
        return None


def known_key(secret: str) -> KnownKey:
    """The key that the secret opens, with its use written down once a minute; asks the database where it must.

    Raises:
        NotAllowed: `key_wrong`, `key_revoked`, `key_expired`.
    """
    found = remembered_key(secret)
    if found is not None:
        return found
    # What is revoked from here on is not overlooked: the count is older than the look.
    count = change_count()
    # Without a request nobody else would close a connection that the database has given up.
    close_old_connections()
    key = opened_key(secret)
    _note(key)
    known = KnownKey(
        pk=key.pk,
        account=key.account,
        scopes=frozenset(key.scopes),
        start=key.start,
        expires_at=key.expires_at,
    )
    _remember(digest_of(secret), known, change_count=count)
    return known


def forget_keys() -> None:
    """Everything is looked up anew."""
    with _lock:
        _remembered.clear()


def _remember(digest: str, key: KnownKey, *, change_count: int) -> None:
    kept = _Remembered(key=key, until=monotonic() + REMEMBERED_SECONDS, change_count=change_count)
    with _lock:
        _remembered[digest] = kept
        _remembered.move_to_end(digest)
        while len(_remembered) > REMEMBERED_MAX:
            _remembered.popitem(last=False)


def _note(key: ApiKey) -> None:
    try:
        note_use(key)
    except DatabaseError as problem:
        # An event is worth more than the note that its key was used.
        _log.warning("The use of a key was not written down: %s", problem)
