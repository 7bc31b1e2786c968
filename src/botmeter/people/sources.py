"""Access of sources: address, signature secret, on or off. Not in the ledger, so a restored one has no addresses."""

import secrets
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from django.db import close_old_connections

from botmeter.domain.bounded_cache import BoundedCache
from botmeter.domain.errors import Missing, NotAllowed
from botmeter.domain.instant import present
from botmeter.domain.source import Source
from botmeter.people.links import digest_of
from botmeter.people.models import EventSource, User
from botmeter.people.sealing import sealed, unsealed
from botmeter.sources.platforms.registry import connector_of

KEY_PREFIX: Final = "wh_"
# Enough to tell keys apart, far too little to guess the rest of one.
_SHOWN_LENGTH: Final = 10
_VERIFY_TOKEN_BYTES: Final = 16

# Changes by other processes apply after this time, changes by this one at once.
CACHED_SECONDS: Final = 5.0
_CACHED_MAX: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSource:
    """A source whose address was called; without a secret, deliveries are not checked.

    Attributes:
        verify_token: Echoed when the platform verifies the address.
    """

    account: str
    name: str
    platform: str
    secret: str = field(repr=False)
    verify_token: str = field(repr=False)


# By digest of the address key. Only valid keys are cached, so that invalid ones evict none.
opened_sources: BoundedCache[str, OpenedSource] = BoundedCache(_CACHED_MAX, lasts_seconds=CACHED_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAddress:
    """A source with its address key, shown once."""

    source: EventSource
    key: str = field(repr=False)

    @property
    def path(self) -> str:
        return address_path(self.source.name, self.key)


def address_path(name: str, key: str) -> str:
    """Return the path for deliveries."""
    return f"/api/v1/webhooks/{quote(name, safe='')}/{key}"


def event_source(account: str, name: str) -> EventSource | None:
    """Return the row; None without an address."""
    return EventSource.objects.filter(account=account, name=name).first()


def addressed(account: str, name: str) -> EventSource:
    """Return the row; raises Missing `source_without_address`."""
    found = event_source(account, name)
    if found is None:
        raise Missing(
            "source_without_address", f"Source {name} of account {account} has no address yet; make it one first."
        )
    return found


def new_address(account: str, source: Source, *, created_by: User | None) -> NewAddress:
    """Create or replace the source's address."""
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    of_key = {"key_start": key[:_SHOWN_LENGTH], "key_digest": digest_of(key), "key_made_at": present()}
    found = event_source(account, source.name)
    if found is None:
        needs_token = connector_of(source.platform).challenge is not None
        found = EventSource.objects.create(
            account=account,
            name=source.name,
            platform=source.platform,
            verify_token=secrets.token_urlsafe(_VERIFY_TOKEN_BYTES) if needs_token else "",
            created_by=created_by,
            **of_key,
        )
    else:
        changed(found, **of_key)
    return NewAddress(source=found, key=key)


def set_secret(found: EventSource, secret: str) -> None:
    """Set the signature secret; empty turns the check off."""
    changed(found, secret=sealed(secret))


def turn(found: EventSource, *, is_on: bool) -> None:
    """Accept or refuse deliveries."""
    changed(found, is_on=is_on)


def forget_source(account: str, name: str) -> None:
    """Delete the source's address and secrets."""
    EventSource.objects.filter(account=account, name=name).delete()
    opened_sources.clear()


def changed(found: EventSource, **fields: Any) -> None:
    """Save fields and clear the cache entry."""
    for name, value in fields.items():
        setattr(found, name, value)
    found.save(update_fields=list(fields))
    opened_sources.clear()


def cached_source(name: str, key: str) -> OpenedSource | None:
    """Return the source if cached; never blocks. If None, call `opened_source` in a thread."""
    source = opened_sources.get(digest_of(key))
    return source if source is not None and source.name == name else None


def opened_source(name: str, key: str) -> OpenedSource:
    """Return the source with this name and address key.

    Raises:
        NotAllowed: `source_key_wrong`, `source_off`.
        Unavailable: `seal_broken`.
    """
    return cached_source(name, key) or opened_sources.remake(digest_of(key), lambda: _read_source(name, key))


def _read_source(name: str, key: str) -> OpenedSource:
    # Outside a request nothing else closes a connection that the database has dropped.
    close_old_connections()
    found = EventSource.objects.filter(key_digest=digest_of(key)).first()
    if found is None or found.name != name:
        raise NotAllowed("source_key_wrong", "There is no such address. Sources have theirs under Admin, Sources.")
    if not found.is_on:
        raise NotAllowed("source_off", f"The source {name} is turned off. It can be turned on under Admin, Sources.")
    return OpenedSource(
        account=found.account,
        name=found.name,
        platform=found.platform,
        secret=unsealed(found.secret, what=f"the signature secret of source {name}"),
        verify_token=found.verify_token,
    )
