"""API keys of an account, or of the server (an empty account); they outlive their creator's membership."""

import asyncio
import logging
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db import transaction

from botmeter.domain.bounded_cache import BoundedCache
from botmeter.domain.display_name import required_name_fault, without_unfit_characters
from botmeter.domain.errors import Missing, NotAllowed, Refused, Unavailable
from botmeter.domain.instant import DAY_US, datetime_from_us, present
from botmeter.domain.period import day_start_us
from botmeter.domain.rate_limit import RateLimiter
from botmeter.people.access_state import AccessState, state_of
from botmeter.people.database_failures import open_database, optional_write
from botmeter.people.links import digest_of
from botmeter.people.models import ApiKey, User
from botmeter.people.wrong_secrets import WrongSecrets

_log: Final = logging.getLogger(__name__)

PREFIX: Final = "bm_"
NAME_LENGTH_MAX: Final = 100
# Enough to tell keys apart, far too little to guess the rest of one.
_START_LENGTH: Final = 10
# Minimum time between writes of the last use, so that frequent requests don't each cost one.
_USE_RECORDED_EVERY: Final = timedelta(minutes=1)
_LIVES_ON: Final = re.compile(r"0|([0-9]{1,5})([mhd])")
_LIVES_ON_MAX: Final = timedelta(days=366)
_MINUTES: Final = {"m": 1, "h": 60, "d": 24 * 60}


class Scope(StrEnum):
    """Permission of a key."""

    REPORTS_READ = "reports:read"
    EXPORTS_READ = "exports:read"
    BILLING_READ = "billing:read"
    EVENTS_WRITE = "events:write"
    ENTITLEMENT_READ = "entitlement:read"
    ADMIN = "admin"
    METRICS_READ = "metrics:read"

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES: Final = {
    Scope.REPORTS_READ: "Read reports, sessions and their explanations.",
    Scope.EXPORTS_READ: "Download the underlying data as files.",
    Scope.BILLING_READ: "Read plans, costs, statements and corrections, and compare vendors’ bills.",
    Scope.EVENTS_WRITE: "Send events.",
    Scope.ENTITLEMENT_READ: "Ask whether the next message of a customer is allowed.",
    Scope.ADMIN: "Everything a key can do, and changes to customers, sources and bills.",
    Scope.METRICS_READ: "Read the metrics of the server.",
}
ACCOUNT_SCOPES: Final = tuple(scope for scope in Scope if scope is not Scope.METRICS_READ)
"""Scopes of an account's keys. A key of the server has the scope metrics:read alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDraft:
    """Name, scopes and expiry of a new key; None never expires.

    Raises:
        Refused: `key_name_invalid`, `scopes_missing`.
    """

    name: str
    scopes: tuple[Scope, ...]
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        name = self.name.strip()
        fault = required_name_fault(name)
        if fault:
            raise Refused("key_name_invalid", f"{name[:40]!r} is not a valid name of a key: {fault}.")
        if not self.scopes:
            raise Refused("scopes_missing", f"A key needs at least one scope of {', '.join(Scope)}.")
        object.__setattr__(self, "name", name)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """Key with its secret."""

    key: ApiKey
    secret: str


KNOWN_SECONDS: Final = 5.0
"""Time after which a key that another process revoked stops working."""
# Only valid keys are cached, so that invalid ones evict none.
_KNOWN_BYTES_MAX: Final = 8 << 20
known_keys: BoundedCache[str, ApiKey] = BoundedCache(_KNOWN_BYTES_MAX, lasts_seconds=KNOWN_SECONDS)
"""Working keys by digest of their secret. Cleared whenever a key is revoked or rotated in this process."""


def has_scope(key: ApiKey, scope: Scope) -> bool:
    """Test for the scope, or `admin`."""
    return bool({scope.value, Scope.ADMIN.value} & set(key.scopes))


def require_scope(key: ApiKey, scope: Scope) -> None:
    """Raise NotAllowed `scope_missing` without the scope or `admin`."""
    if not has_scope(key, scope):
        own = ", ".join(sorted(key.scopes)) or "none"
        raise NotAllowed("scope_missing", f"The key {key.start}… lacks the scope {scope.value}. Its scopes: {own}.")


def require_metrics(key: ApiKey) -> None:
    """Raise NotAllowed `scope_missing` unless it is a key of the server."""
    if key.account or Scope.METRICS_READ.value not in key.scopes:
        raise NotAllowed("scope_missing", f"The key {key.start}… is a key of an account.")


def secret_from_headers(headers: Mapping[str, str]) -> str:
    """Secret from `Authorization: Bearer` or `X-API-Key`; raises NotAllowed `key_missing`."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    secret = (token if scheme.lower() == "bearer" else headers.get("x-api-key", "")).strip()
    if not secret:
        raise NotAllowed("key_missing", "Send a key of the account: `Authorization: Bearer bm_…` or `X-API-Key: bm_…`.")
    return secret


def check_rate(limiter: RateLimiter, key: ApiKey, *, limit: int) -> None:
    """Count a request of the key; raises Unavailable `rate_exceeded` beyond `limit` a minute."""
    if not limiter.allows(key.pk, limit=limit, now_seconds=present().timestamp()):
        raise Unavailable(
            "rate_exceeded",
            f"The key {key.start}… has sent more than {limit:,} requests in this minute. Try again in the next one.",
        )


def scopes_from_texts(texts: Iterable[str]) -> tuple[Scope, ...]:
    """Parse scopes, each once; raises Refused `scope_unknown`."""
    scopes: list[Scope] = []
    for text in dict.fromkeys(texts):
        try:
            scopes.append(Scope(text))
        except ValueError:
            raise Refused("scope_unknown", f"Unknown scope {text[:40]!r}. Use one of {', '.join(Scope)}.") from None
    return tuple(scopes)


def lives_on_from_text(text: str) -> timedelta:
    """Parse an overlap, `90m`, `24h`, `7d` or `0`; raises Refused `lives_on_invalid`."""
    match = _LIVES_ON.fullmatch(text)
    overlap = timedelta(minutes=int(match[1] or 0) * _MINUTES[match[2] or "m"]) if match else None
    if overlap is None or overlap > _LIVES_ON_MAX:
        raise Refused(
            "lives_on_invalid",
            f"{text[:40]!r} is not a valid time for the old key. Use a number of minutes, hours or days, such as 90m, "
            f"24h or 7d, at most {_LIVES_ON_MAX.days} days, or 0.",
        )
    return overlap


def end_of_day(day_on: date) -> datetime:
    """End of a UTC day; raises Refused `key_expiry_past`."""
    end = datetime_from_us(day_start_us(day_on) + DAY_US) if day_on < date.max else datetime.max.replace(tzinfo=UTC)
    if end <= present():
        raise Refused("key_expiry_past", f"The expiry date {day_on} is in the past.")
    return end


def new_key(account: str, draft: KeyDraft, *, created_by: User | None) -> NewKey:
    """Create a key.

    Args:
        account: Empty for a key of the server.
        created_by: None for the command line.

    Raises:
        Refused: `scope_misplaced`.
    """
    possible = ACCOUNT_SCOPES if account else (Scope.METRICS_READ,)
    misplaced = next((scope for scope in draft.scopes if scope not in possible), None)
    if misplaced is not None:
        remedy = "leave out the account" if account else "name the account"
        owner = f"account {account}" if account else "the server"
        raise Refused(
            "scope_misplaced",
            f"A key of {owner} can't have the scope {misplaced}. Use {' or '.join(possible)}, or {remedy}.",
        )
    secret = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        account=account,
        name=draft.name,
        start=secret[:_START_LENGTH],
        digest=digest_of(secret),
        scopes=[scope.value for scope in draft.scopes],
        created_by=created_by,
        expires_at=draft.expires_at,
    )
    return NewKey(key=key, secret=secret)


def valid_key(secret: str) -> ApiKey:
    """Valid key with this secret.

    Raises:
        NotAllowed: `key_wrong`, `key_revoked`, `key_expired`.
    """
    key = ApiKey.objects.filter(digest=digest_of(secret)).first()
    if key is None:
        raise NotAllowed("key_wrong", "Unknown API key. Create one under Admin, API keys.")
    match state_of(key):
        case AccessState.REVOKED:
            raise NotAllowed("key_revoked", f"The key {key.start}… was revoked.")
        case AccessState.EXPIRED:
            raise NotAllowed("key_expired", f"The key {key.start}… expired on {key.expires_at:%Y-%m-%d %H:%M} UTC.")
        case AccessState.WORKS:
            return key


def record_use(key: ApiKey) -> None:
    """Record a use, at most once a minute; goes on if that fails."""
    now = present()
    if key.last_used_at is None or now - key.last_used_at >= _USE_RECORDED_EVERY:
        with optional_write("the use of a key"):
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


def cached_key(secret: str) -> ApiKey | None:
    """Cached key; never blocks."""
    key = known_keys.get(digest_of(secret))
    if key is None or (key.expires_at is not None and key.expires_at <= present()):
        return None
    return key


def known_key(secret: str) -> ApiKey:
    """Key with this secret; records its use and raises as `valid_key`."""
    return cached_key(secret) or known_keys.remake(digest_of(secret), lambda: _read_key(secret))


async def key_from_headers(headers: Mapping[str, str], *, wrong: WrongSecrets, network: Callable[[], str]) -> ApiKey:
    """Key of the request, read in a thread unless cached.

    Args:
        network: Of the client.

    Raises:
        Unavailable: `attempts_exceeded`.
        NotAllowed: As `secret_from_headers` and `valid_key`.
    """
    secret = secret_from_headers(headers)
    key = cached_key(secret)
    if key is not None:
        return key
    # Also here, so that a flood of wrong keys does not wait for threads.
    wrong.check(secret, network=network())
    return await asyncio.to_thread(_counted_key, secret, wrong=wrong, network=network())


def _counted_key(secret: str, *, wrong: WrongSecrets, network: str) -> ApiKey:
    with wrong.lookup(secret, network=network):
        return known_key(secret)


def _read_key(secret: str) -> ApiKey:
    with open_database():
        key = valid_key(secret)
        record_use(key)
    return key


def accounts_with(scope: Scope) -> list[str]:
    """Accounts with a working key of this scope."""
    working = (key for key in ApiKey.objects.exclude(account="") if state_of(key) is AccessState.WORKS)
    return sorted({key.account for key in working if scope.value in key.scopes})


def key_of(account: str, text: str) -> ApiKey:
    """Key by name, first characters or secret.

    Raises:
        Missing: `key_unknown`.
        Refused: `key_ambiguous`.
    """
    keys = list(ApiKey.objects.filter(account=account).order_by("pk"))
    digest = digest_of(text)
    matches = [key for key in keys if text in (key.name, key.start) or key.digest == digest]
    matches = matches or [key for key in keys if text and key.start.startswith(text)]
    # Prefer a working key over revoked ones of the same name.
    matches = [key for key in matches if state_of(key) is AccessState.WORKS] or matches[-1:]
    if not matches:
        raise Missing(
            "key_unknown",
            f"{f'Account {account}' if account else 'The server'} has no key {text[:_START_LENGTH]!r}. "
            "`botmeter key list` lists its keys.",
        )
    if len(matches) > 1:
        starts = ", ".join(f"{key.start}…" for key in matches[:5])
        raise Refused(
            "key_ambiguous",
            f"{len(matches)} keys of {f'account {account}' if account else 'the server'} match: {starts}.",
        )
    return matches[0]


def revoke_key(key: ApiKey) -> bool:
    """Revoke a key; False if it was revoked before."""
    is_new = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=present()) == 1
    known_keys.clear()
    return is_new


def rotate_key(key: ApiKey, *, lives_on: timedelta, created_by: User | None) -> NewKey:
    """Replace a key; the old one works for `lives_on` longer.

    Raises:
        Refused: `key_over`.
    """
    if state_of(key) is not AccessState.WORKS:
        raise Refused("key_over", f"The key {key.start}… no longer works and can't be replaced. Create a new one.")
    now = present()
    lasting = None if key.expires_at is None else key.expires_at - key.created_at
    draft = KeyDraft(
        name=without_unfit_characters(key.name),
        scopes=scopes_from_texts(key.scopes),
        expires_at=None if lasting is None else now + lasting,
    )
    ends_at = now + lives_on if key.expires_at is None else min(key.expires_at, now + lives_on)
    with transaction.atomic():
        new = new_key(key.account, draft, created_by=created_by)
        ApiKey.objects.filter(pk=key.pk).update(expires_at=ends_at)
    known_keys.clear()
    return new
