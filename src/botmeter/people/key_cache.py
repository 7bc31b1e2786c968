"""Ingestion keys, cached for a few seconds."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from django.db import DatabaseError, close_old_connections

from botmeter.domain.instant import present
from botmeter.people import keys
from botmeter.people.keys import KnownKey, note_use, opened_key, secret_from_headers
from botmeter.people.links import digest_of

_log: Final = logging.getLogger(__name__)


def cached_key(secret: str) -> KnownKey | None:
    """Return the key if it is cached; never blocks. If None, call `known_key`."""
    key = keys.known_keys.get(digest_of(secret))
    if key is None or (key.expires_at is not None and key.expires_at <= present()):
        return None
    return key


def known_key(secret: str) -> KnownKey:
    """Return the key with this secret and record its use; raises as `opened_key`."""
    return cached_key(secret) or keys.known_keys.remake(digest_of(secret), lambda: _read_key(secret))


async def key_from_headers(headers: Mapping[str, str]) -> KnownKey:
    """Return the request's key, read in a thread unless cached; raises as `secret_from_headers` and `opened_key`."""
    secret = secret_from_headers(headers)
    key = cached_key(secret)
    return await asyncio.to_thread(known_key, secret) if key is None else key


def _read_key(secret: str) -> KnownKey:
    # Outside a request nothing else closes a connection that the database has dropped.
    close_old_connections()
    key = opened_key(secret)
    try:
        note_use(key)
    except DatabaseError as problem:
        # Accepting the event matters more than recording the use.
        _log.warning("The use of a key was not noted: %s", problem)
    return KnownKey(
        pk=key.pk, account=key.account, scopes=frozenset(key.scopes), start=key.start, expires_at=key.expires_at
    )
