"""Access of sources: keys of addresses, sealed secrets, and the cache of opened sources."""

import re
from typing import Any

import pytest
from pytest_django import Settings

from botmeter.domain.bounded_cache import BoundedCache
from botmeter.domain.errors import BotmeterError, Missing, NotAllowed, Unavailable
from botmeter.domain.source import Source
from botmeter.people import sources
from botmeter.people.models import EventSource
from botmeter.people.sealing import sealed, unsealed
from botmeter.people.source_pulls import (
    PullSettings,
    end_pull,
    pull_settings_of,
    record_pull,
    scheduled_pulls,
    set_pull,
)
from botmeter.people.sources import (
    CACHED_SECONDS,
    NewAddress,
    OpenedSource,
    cached_source,
    event_source,
    forget_source,
    new_address,
    opened_source,
    update,
)

pytestmark = pytest.mark.django_db
DESK = Source(name="desk", platform="chatwoot")
PULL: dict[str, Any] = {
    "account": "acme",
    "source": "desk",
    "platform": "chatwoot",
    "url": "https://desk.example.org/",
    "own_account": "3",
    "token": "t0ken",
}


@pytest.fixture
def made() -> NewAddress:
    return new_address("acme", DESK, created_by=None)


def code_of(name: str, key: str) -> str:
    with pytest.raises(NotAllowed) as refused:
        opened_source(name, key)
    return refused.value.code


def test_an_address_opens_its_source(made: NewAddress) -> None:
    assert re.fullmatch(r"/api/v1/webhooks/desk/wh_[\w-]{43}", made.path)
    opened = opened_source("desk", made.key)
    assert (opened.account, opened.name, opened.platform, opened.secret) == ("acme", "desk", "chatwoot", "")


def test_neither_the_database_nor_a_repr_contains_keys_or_secrets(made: NewAddress) -> None:
    update(made.source, secret=sealed("hush-hush"))
    row = str(EventSource.objects.values().get())
    assert made.key not in row
    assert "hush-hush" not in row
    opened = opened_source("desk", made.key)
    assert opened.secret == "hush-hush"  # noqa: S105 - of this test
    assert "hush-hush" not in repr(opened)
    assert made.key not in repr(made)


@pytest.mark.parametrize("name", ["other", "Desk", ""])
def test_a_wrong_name_or_key_is_refused(made: NewAddress, name: str) -> None:
    assert code_of(name, made.key) == "source_key_wrong"
    opened_source("desk", made.key)
    assert code_of(name, made.key) == "source_key_wrong"
    assert code_of("desk", made.key[:-1]) == code_of("desk", "") == "source_key_wrong"


def test_two_accounts_can_have_sources_of_the_same_name(made: NewAddress) -> None:
    theirs = new_address("other", DESK, created_by=None)
    assert opened_source("desk", made.key).account == "acme"
    assert opened_source("desk", theirs.key).account == "other"


def test_a_new_address_invalidates_the_old_one_at_once(made: NewAddress) -> None:
    opened_source("desk", made.key)
    again = new_address("acme", DESK, created_by=None)
    assert code_of("desk", made.key) == "source_key_wrong"
    assert opened_source("desk", again.key).account == "acme"
    assert EventSource.objects.count() == 1


def test_turning_a_source_off_takes_effect_at_once(made: NewAddress) -> None:
    opened_source("desk", made.key)
    update(made.source, is_on=False)
    assert code_of("desk", made.key) == "source_off"
    update(made.source, is_on=True)
    assert opened_source("desk", made.key)


def test_a_deleted_source_is_refused_at_once(made: NewAddress) -> None:
    opened_source("desk", made.key)
    forget_source("acme", "desk")
    assert event_source("acme", "desk") is None
    assert code_of("desk", made.key) == "source_key_wrong"


def test_an_opened_source_is_cached_for_a_few_seconds(made: NewAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    cache: BoundedCache[str, OpenedSource] = BoundedCache(10_000, lasts_seconds=CACHED_SECONDS, elapsed=lambda: now[0])
    monkeypatch.setattr(sources, "opened_sources", cache)
    assert cached_source("desk", made.key) is None
    opened = opened_source("desk", made.key)
    assert cached_source("desk", made.key) is opened
    assert cached_source("other", made.key) is None
    now[0] = CACHED_SECONDS
    assert cached_source("desk", made.key) is None


def test_a_source_that_changes_while_it_is_read_is_not_cached(
    made: NewAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(*_: object, **__: object) -> str:
        update(made.source, verify_token="")
        return ""

    with monkeypatch.context() as patch:
        patch.setattr(sources, "unsealed", overtaken)
        opened_source("desk", made.key)
    assert cached_source("desk", made.key) is None


def test_only_platforms_with_a_challenge_get_a_verify_token(made: NewAddress) -> None:
    phone = new_address("acme", Source(name="phone", platform="whatsapp"), created_by=None)
    assert len(opened_source("phone", phone.key).verify_token) > 20
    assert opened_source("desk", made.key).verify_token == ""


def test_sealed_text_opens_only_with_the_key_that_sealed_it(settings: Settings) -> None:
    sealed_text = sealed("hush-hush")
    assert "hush" not in sealed_text
    assert sealed("hush-hush") != sealed_text
    assert unsealed(sealed_text, what="it") == "hush-hush"
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert unsealed(sealed_text, what="it") == "hush-hush"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(Unavailable, match="not the one that encrypted the token of source desk") as refused:
        unsealed(sealed_text, what="the token of source desk")
    assert refused.value.code == "seal_broken"
    assert (sealed(""), unsealed("", what="it")) == ("", "")


def test_pull_settings_are_stored_and_read_back(made: NewAddress) -> None:
    assert pull_settings_of("acme", "desk") is None
    set_pull(PullSettings(**PULL, every_minutes=60))
    stored = pull_settings_of("acme", "desk")
    assert stored == PullSettings(**{**PULL, "url": "https://desk.example.org"}, every_minutes=60)
    assert "t0ken" not in repr(stored)
    assert "t0ken" not in str(EventSource.objects.values().get())
    assert [(row.name, row.pull_minutes) for row in scheduled_pulls()] == [("desk", 60)]


def test_only_active_sources_with_a_schedule_are_pulled(made: NewAddress) -> None:
    set_pull(PullSettings(**PULL))
    assert not scheduled_pulls()
    set_pull(PullSettings(**PULL, every_minutes=5))
    update(made.source, is_on=False)
    assert not scheduled_pulls()


def test_a_pull_result_is_stored_until_pulls_stop(made: NewAddress) -> None:
    set_pull(PullSettings(**PULL))
    record_pull("acme", "desk", result={"accepted": 3})
    assert EventSource.objects.get().pull_result == {"accepted": 3}
    end_pull("acme", "desk")
    assert (pull_settings_of("acme", "desk"), EventSource.objects.get().pull_result) == (None, None)
    assert EventSource.objects.get().pull_token == ""


def test_a_pull_result_does_not_evict_the_cached_address(made: NewAddress) -> None:
    set_pull(PullSettings(**PULL))
    opened = opened_source("desk", made.key)
    record_pull("acme", "desk", result={"accepted": 3})
    assert cached_source("desk", made.key) == opened


def test_a_source_without_an_address_can_not_be_pulled() -> None:
    for action in (lambda: set_pull(PullSettings(**PULL)), lambda: record_pull("acme", "desk", result={})):
        with pytest.raises(Missing, match="Source desk of account acme has no address") as refused:
            action()
        assert refused.value.code == "source_without_address"


def test_the_longest_account_id_is_stored_whole(made: NewAddress) -> None:
    set_pull(PullSettings(**{**PULL, "own_account": "3" * 64}))
    stored = pull_settings_of("acme", "desk")
    assert stored is not None
    assert stored.own_account == "3" * 64


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ({"url": "desk.example.org"}, "pull_url_invalid"),
        ({"url": "file:///etc/passwd"}, "pull_url_invalid"),
        ({"url": "https://me:secret@desk.example.org"}, "pull_url_invalid"),
        ({"url": "https://desk.example.org/?a=1"}, "pull_url_invalid"),
        ({"url": "https://desk.example.org:port"}, "pull_url_invalid"),
        ({"url": "https://[::1"}, "pull_url_invalid"),
        ({"url": f"https://{'d' * 300}.example.org"}, "pull_url_invalid"),
        ({"token": ""}, "pull_token_missing"),
        ({"token": "a\r\nHost: b"}, "pull_token_missing"),
        ({"every_minutes": 4}, "pull_schedule_invalid"),
        ({"every_minutes": 10_081}, "pull_schedule_invalid"),
        ({"own_account": "acme"}, "pull_account_invalid"),
        ({"own_account": ""}, "pull_account_invalid"),
        ({"own_account": "3" * 65}, "pull_account_invalid"),
        ({"own_account": "a" * 65, "platform": "freshchat"}, "pull_account_invalid"),
        ({"url": "https://desk.exa\nmple.org"}, "pull_url_invalid"),
        ({"url": "https://desk.example.org/a\tb"}, "pull_url_invalid"),
        ({"url": "https://desk.example.org/a\x00"}, "pull_url_invalid"),
        ({"url": "https://desk.example.org/\u202eb"}, "pull_url_invalid"),
    ],
)
def test_invalid_pull_settings_are_refused_with_their_code(what: dict[str, Any], code: str) -> None:
    with pytest.raises(BotmeterError) as refused:
        PullSettings(**{**PULL, **what})
    assert refused.value.code == code
