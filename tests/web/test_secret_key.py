"""A new key of the server, with and without the earlier one."""

from pathlib import Path

import pytest
from pytest_django import Settings

from botmeter.domain.errors import Missing, Unavailable
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.models import AuthenticatorDevice, AuthenticatorKey, EventSource, User
from botmeter.people.notifications.models import Destination
from botmeter.people.resealing import reseal_secrets
from botmeter.people.sealing import sealed
from botmeter.people.second_factor import draft_device
from botmeter.web.secret import secret_keys
from web.conftest import MakeBrowser


@pytest.fixture
def stored(owner: User) -> tuple[bytes, EventSource]:
    """A person's authenticator key, a source with a secret and without a token, and a destination."""
    key = draft_device(owner).bin_key
    parts = {part: sealed(part) for part in ("sealed_url", "sealed_secret", "sealed_old_secret")}
    Destination.objects.create(account="acme", name="Finance", kind="webhook", **parts)
    return key, EventSource.objects.create(account="acme", name="desk", key_digest="d", secret=sealed("of the desk"))


def texts() -> list[str]:
    hook = Destination.objects.get()
    own = [hook.sealed_url, hook.sealed_secret, hook.sealed_old_secret]
    return [AuthenticatorKey.objects.get().sealed, EventSource.objects.get().secret, *own]


@pytest.mark.django_db
def test_secrets_are_encrypted_by_the_new_key_and_need_the_earlier_one_no_more(
    stored: tuple[bytes, EventSource], settings: Settings
) -> None:
    before = texts()
    assert reseal_secrets() == 0
    assert texts() == before
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the new one", [settings.SECRET_KEY]
    assert reseal_secrets() == 5
    settings.SECRET_KEY_FALLBACKS = []
    assert AuthenticatorDevice.objects.get().bin_key == stored[0]
    assert not set(texts()) & set(before)
    assert EventSource.objects.get().pull_token == ""


@pytest.mark.django_db
def test_a_secret_of_an_unknown_key_is_kept_as_it_is(stored: tuple[bytes, EventSource], settings: Settings) -> None:
    before = texts()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the new one", ["another one"]
    assert reseal_secrets() == 0
    assert texts() == before
    with pytest.raises(Unavailable, match="is not the one that encrypted"):
        _ = AuthenticatorDevice.objects.get().bin_key


@pytest.mark.django_db
def test_people_stay_signed_in_until_the_earlier_key_is_removed(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser, settings: Settings
) -> None:
    early, late = browser(owner), browser(owner)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the new one", [settings.SECRET_KEY]
    assert early.get("/me").status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert (early.get("/me").status_code, late.get("/me").status_code) == (200, 302)


def test_the_file_has_the_present_key_first(tmp_path: Path) -> None:
    (first,) = secret_keys(tmp_path)
    assert len(first) == 64
    file = tmp_path / "secret.key"
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text(f"the new one\n{first}\n")
    assert secret_keys(tmp_path) == ["the new one", first]


def test_an_empty_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("\n")
    with pytest.raises(Missing, match="is empty. Restore it from a backup, or delete it") as refused:
        secret_keys(tmp_path)
    assert refused.value.code == "secret_key_missing"
