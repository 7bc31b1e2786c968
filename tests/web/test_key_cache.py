"""Cached API keys: no query, and no longer valid than the key."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from botmeter.domain.bounded_cache import BoundedCache
from botmeter.domain.errors import NotAllowed
from botmeter.domain.instant import present
from botmeter.people import keys
from botmeter.people.keys import (
    KNOWN_SECONDS,
    KeyDraft,
    NewKey,
    Scope,
    cached_key,
    known_key,
    new_key,
    require_scope,
    revoke_key,
    rotate_key,
)
from botmeter.people.links import digest_of
from botmeter.people.models import ApiKey
from support.unwritable_database import unwritable_database

pytestmark = pytest.mark.django_db


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of a small cache of keys."""
    clock = Clock()
    monkeypatch.setattr(keys, "known_keys", BoundedCache(100_000, lasts_seconds=KNOWN_SECONDS, elapsed=clock))
    return clock


@pytest.fixture
def made() -> NewKey:
    return new_key("acme", KeyDraft(name="bot", scopes=(Scope.EVENTS_WRITE,)), created_by=None)


def code_of(secret: str) -> str:
    with pytest.raises(NotAllowed) as refused:
        known_key(secret)
    return refused.value.code


def test_a_key_is_read_once_and_then_cached(made: NewKey) -> None:
    assert cached_key(made.secret) is None
    first = known_key(made.secret)
    assert (first, first.account, first.scopes) == (made.key, "acme", ["events:write"])
    with CaptureQueriesContext(connection) as queries:
        assert known_key(made.secret) == first
        assert cached_key(made.secret) == first
    assert not len(queries)


def test_a_key_that_another_process_revoked_ends_within_seconds(made: NewKey, clock: Clock) -> None:
    known_key(made.secret)
    ApiKey.objects.filter(pk=made.key.pk).update(revoked_at=present())
    clock.now = KNOWN_SECONDS - 0.1
    assert known_key(made.secret).pk == made.key.pk
    clock.now = KNOWN_SECONDS + 0.1
    assert cached_key(made.secret) is None
    assert code_of(made.secret) == "key_revoked"


def test_a_key_that_is_revoked_here_ends_at_once(made: NewKey) -> None:
    known_key(made.secret)
    revoke_key(made.key)
    assert cached_key(made.secret) is None
    assert code_of(made.secret) == "key_revoked"


def test_a_key_that_is_replaced_here_ends_at_once_if_the_overlap_is_zero(made: NewKey) -> None:
    known_key(made.secret)
    new = rotate_key(made.key, lives_on=timedelta(0), created_by=None)
    assert code_of(made.secret) == "key_expired"
    assert known_key(new.secret).scopes == ["events:write"]


def test_a_cached_key_ends_at_its_own_end(made: NewKey) -> None:
    rotate_key(made.key, lives_on=timedelta(hours=1), created_by=None)
    known = known_key(made.secret)
    assert known.expires_at is not None
    assert cached_key(made.secret) == known
    expired = ApiKey(pk=1, account="acme", scopes=[], start="bm_", expires_at=present())
    keys.known_keys.remake(digest_of(made.secret), lambda: expired)
    assert cached_key(made.secret) is None
    assert known_key(made.secret) == known


def test_a_key_revoked_while_it_was_read_is_not_cached(made: NewKey, monkeypatch: pytest.MonkeyPatch) -> None:
    def overtaken(secret: str) -> ApiKey:
        key = ApiKey.objects.get(pk=made.key.pk)
        revoke_key(key)
        return key

    with monkeypatch.context() as patched:
        patched.setattr(keys, "valid_key", overtaken)
        known_key(made.secret)
    assert cached_key(made.secret) is None
    assert code_of(made.secret) == "key_revoked"


@pytest.mark.parametrize("secret", ["", "bm_made-up", "\u202e\x00", "bm_" + "x" * 100_000])
def test_an_unknown_secret_is_not_cached(secret: str) -> None:
    assert code_of(secret) == "key_wrong"
    assert len(keys.known_keys) == 0


def test_a_key_works_as_soon_as_it_is_created() -> None:
    assert code_of("bm_made-up") == "key_wrong"
    made = new_key("acme", KeyDraft(name="bot", scopes=(Scope.ADMIN,)), created_by=None)
    assert known_key(made.secret).account == "acme"


def test_cached_keys_are_limited_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "known_keys", BoundedCache(2_500))
    secrets = [new_key("acme", KeyDraft(name="bot", scopes=(Scope.ADMIN,)), created_by=None).secret for _ in range(3)]
    for secret in secrets:
        known_key(secret)
    assert [cached_key(secret) is None for secret in secrets] == [True, False, False]


def test_a_use_is_recorded_once_a_minute(made: NewKey, clock: Clock) -> None:
    known_key(made.secret)
    first = ApiKey.objects.get().last_used_at
    assert first is not None
    clock.now = KNOWN_SECONDS + 1
    known_key(made.secret)
    assert ApiKey.objects.get().last_used_at == first
    ApiKey.objects.update(last_used_at=first - timedelta(seconds=61))
    clock.now = 2 * KNOWN_SECONDS + 2
    known_key(made.secret)
    used_at = ApiKey.objects.get().last_used_at
    assert used_at is not None
    assert used_at >= first


def test_a_use_that_can_not_be_recorded_refuses_nobody(made: NewKey) -> None:
    with unwritable_database():
        assert known_key(made.secret).account == "acme"
    assert ApiKey.objects.get().last_used_at is None


def test_a_key_without_the_scope_is_refused(made: NewKey) -> None:
    known = known_key(made.secret)
    require_scope(known, Scope.EVENTS_WRITE)
    with pytest.raises(NotAllowed) as refused:
        require_scope(known, Scope.REPORTS_READ)
    assert refused.value.code == "scope_missing"
    assert "reports:read" in refused.value.message
