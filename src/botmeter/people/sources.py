"""Access of sources: address, signature secret, on or off. Not in ledgers, so a restored one has no addresses."""

import secrets
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from botmeter.domain.bounded_cache import BoundedCache
from botmeter.domain.errors import Missing, NotAllowed
from botmeter.domain.instant import present
from botmeter.domain.source import Source
from botmeter.people.database_failures import open_database
from botmeter.people.links import digest_of
from botmeter.people.models import EventSource, User
from botmeter.people.sealing import unsealed
from botmeter.sources.platforms.registry import connector_of

KEY_PREFIX: Final = "wh_"
# Enough to tell keys apart, far too little to guess the rest of one.
_START_LENGTH: Final = 10
_VERIFY_TOKEN_BYTES: Final = 16

# Changes by other processes apply after this time, changes by this one at once.
CACHED_SECONDS: Final = 5.0
_CACHED_BYTES_MAX: Final = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSource:
    """Source whose address was called.

    Attributes:
        verify_token: Echoed when the platform verifies the address.
    """

    account: str
    name: str
    platform: str
    secret: str = field(repr=False)
    verify_token: str = field(repr=False)


# By digest of the address key. Only valid keys are cached, so that invalid ones evict none.
opened_sources: BoundedCache[str, OpenedSource] = BoundedCache(_CACHED_BYTES_MAX, lasts_seconds=CACHED_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAddress:
    """Source with its address key, shown once."""

    source: EventSource
    key: str = field(repr=False)

    @property
    def path(self) -> str:
        return address_path(self.source.name, self.key)


def address_path(name: str, key: str) -> str:
    """Path for deliveries."""
    return f"/api/v1/webhooks/{quote(name, safe='')}/{key}"


def event_source(account: str, name: str) -> EventSource | None:
    """Row of a source; None without an address."""
    return EventSource.objects.filter(account=account, name=name).first()


def addressed_source(account: str, name: str) -> EventSource:
    """Row of a source; raises Missing `source_without_address`."""
    row = event_source(account, name)
    if row is None:
        raise Missing(
            "source_without_address",
            f"Source {name} of account {account} has no address. Create one with `botmeter source rotate`.",
        )
    return row


def new_address(account: str, source: Source, *, created_by: User | None) -> NewAddress:
    """Create or replace the source's address."""
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    key_fields = {"key_start": key[:_START_LENGTH], "key_digest": digest_of(key), "key_made_at": present()}
    row = event_source(account, source.name)
    if row is None:
        needs_token = connector_of(source.platform).challenge is not None
        row = EventSource.objects.create(
            account=account,
            name=source.name,
            platform=source.platform,
            verify_token=secrets.token_urlsafe(_VERIFY_TOKEN_BYTES) if needs_token else "",
            created_by=created_by,
            **key_fields,
        )
    else:
        update(row, **key_fields)
    return NewAddress(source=row, key=key)


def forget_source(account: str, name: str) -> None:
    """Delete the source's address and secrets."""
    EventSource.objects.filter(account=account, name=name).delete()
    opened_sources.clear()


def update(row: EventSource, **fields: Any) -> None:
    """Save fields and clear the cache."""
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=list(fields))
    opened_sources.clear()


def cached_source(name: str, key: str) -> OpenedSource | None:
    """Source if cached; never blocks. If None, call `opened_source` in a thread."""
    source = opened_sources.get(digest_of(key))
    return source if source is not None and source.name == name else None


def opened_source(name: str, key: str) -> OpenedSource:
    """Source with this name and address key.

    Raises:
        NotAllowed: `source_key_wrong`, `source_off`.
        Unavailable: `seal_broken`.
    """
    return cached_source(name, key) or opened_sources.remake(digest_of(key), lambda: _read_source(name, key))


def _read_source(name: str, key: str) -> OpenedSource:
    with open_database():
        row = EventSource.objects.filter(key_digest=digest_of(key)).first()
    if row is None or row.name != name:
        raise NotAllowed("source_key_wrong", "Unknown source address. Copy the address again, or regenerate it.")
    if not row.is_on:
        raise NotAllowed("source_off", f"Source {name} is off. Turn it on under Admin, Sources.")
    return OpenedSource(
        account=row.account,
        name=row.name,
        platform=row.platform,
        secret=unsealed(row.secret, what=f"the signature secret of source {name}"),
        verify_token=row.verify_token,
    )
