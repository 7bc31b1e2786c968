"""Two-factor authentication: set-up, sign-in, and attempts to bypass it."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from botmeter.domain.instant import present
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people import links
from botmeter.people.audit import Action
from botmeter.people.models import (
    AttemptCount,
    AuditEntry,
    AuthenticatorDevice,
    AuthenticatorKey,
    Link,
    RecoveryCode,
    User,
)
from botmeter.people.second_factor import device_of_code, draft_device, new_recovery_codes
from web.conftest import PASSWORD, MakeBrowser, MakePerson

pytestmark = pytest.mark.django_db
CODE = re.compile(r"\b[a-z2-7]{4}(?:-[a-z2-7]{4}){3}\b")


def code_of(device: AuthenticatorDevice) -> str:
    return f"{totp(device.bin_key):06}"


def confirmed_device(user: User) -> AuthenticatorDevice:
    device = draft_device(user)
    device.confirmed = True
    device.save()
    return device


@pytest.fixture
def guarded(owner: User) -> User:
    """An owner with two-factor authentication."""
    confirmed_device(owner)
    return owner


def after_password(client: Client, user: User, **more: str) -> Client:
    answer = client.post("/sign-in", {"username": user.email, "password": PASSWORD, **more})
    assert answer["Location"] == "/sign-in/code"
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/me").status_code == 200


def test_it_is_set_up_with_a_code_and_the_password(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    here, there = browser(owner), browser(owner)
    page = here.get("/me/second-step").content.decode()
    device = AuthenticatorDevice.objects.get(user=owner)
    assert "<svg" in page.partition('class="qr"')[2]
    assert "style=" not in page
    answer = here.post("/me/second-step", {"code": code_of(device), "current_password": PASSWORD}, follow=True)
    codes = CODE.findall(answer.content.decode())
    assert len(set(codes)) == 10
    assert not any(code in here.get("/me/second-step").content.decode() for code in codes)
    assert not is_signed_in(there)
    assert AuditEntry.objects.filter(action=Action.SECOND_FACTOR_ADDED, user=owner).exists()


@pytest.mark.parametrize(("code", "password"), [("000000", PASSWORD), (None, "not this one"), ("", PASSWORD)])
def test_a_wrong_code_or_password_sets_nothing_up(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser, code: str | None, password: str
) -> None:
    client = browser(owner)
    client.get("/me/second-step")
    device = AuthenticatorDevice.objects.get(user=owner)
    sent = {"code": code_of(device) if code is None else code, "current_password": password}
    assert client.post("/me/second-step", sent).status_code == 200
    assert not AuthenticatorDevice.objects.get(user=owner).confirmed


def test_no_page_opens_between_the_steps(ledgers: OpenLedgers, guarded: User, browser: MakeBrowser) -> None:
    client = after_password(browser(), guarded)
    for path in ("/me", "/me/second-step", "/accounts", "/a/acme/admin/users", "/a/acme/admin/settings"):
        assert client.get(path)["Location"].startswith("/sign-in?next=")
    assert client.post("/me/second-step/change", {"current_password": PASSWORD, "what": "remove"}).status_code == 302
    assert AuthenticatorDevice.objects.filter(user=guarded, confirmed=True).exists()
    assert not AuditEntry.objects.filter(action=Action.SIGNED_IN).exists()


def test_a_code_signs_in_and_redirects_to_the_requested_page(
    ledgers: OpenLedgers, guarded: User, browser: MakeBrowser
) -> None:
    client = after_password(browser(), guarded, next="/accounts")
    before = client.session.session_key
    answer = client.post("/sign-in/code", {"code": code_of(AuthenticatorDevice.objects.get(user=guarded))})
    assert answer["Location"] == "/accounts"
    assert is_signed_in(client)
    assert client.session.session_key != before


def test_the_code_field_supports_autofill(guarded: User, browser: MakeBrowser) -> None:
    assert 'autocomplete="one-time-code"' in after_password(browser(), guarded).get("/sign-in/code").content.decode()


def test_a_code_works_once(guarded: User, browser: MakeBrowser) -> None:
    code = code_of(AuthenticatorDevice.objects.get(user=guarded))
    assert after_password(browser(), guarded).post("/sign-in/code", {"code": code}).status_code == 302
    assert after_password(browser(), guarded).post("/sign-in/code", {"code": code}).status_code == 200


def test_a_recovery_code_works_once(ledgers: OpenLedgers, guarded: User, browser: MakeBrowser) -> None:
    code = new_recovery_codes(guarded)[0]
    first = after_password(browser(), guarded)
    assert first.post("/sign-in/code", {"code": f" {code.replace('-', ' ').upper()}"}).status_code == 302
    assert is_signed_in(first)
    second = after_password(browser(), guarded)
    assert second.post("/sign-in/code", {"code": code}).status_code == 200
    assert not is_signed_in(second)


def test_after_five_wrong_codes_even_the_right_one_waits(guarded: User, browser: MakeBrowser) -> None:
    # Of both kinds, and whatever the address.
    guesses = ["000000", "aaaaaaaa", "000001", "aaaaaaab", "000002"]
    for number, code in enumerate(guesses):
        client = after_password(browser(), guarded)
        page = client.post("/sign-in/code", {"code": code}, REMOTE_ADDR=f"10.0.0.{number}")
        assert "The code is wrong" in page.content.decode()
    right = {"code": code_of(AuthenticatorDevice.objects.get(user=guarded))}
    answer = after_password(browser(), guarded).post("/sign-in/code", right)
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert "Try again in 60 seconds." in answer.content.decode()
    AttemptCount.objects.update(blocked_until=present())
    assert after_password(browser(), guarded).post("/sign-in/code", right).status_code == 302


def test_wrong_codes_elsewhere_do_not_lock_the_owner_out_of_a_known_browser(
    guarded: User, browser: MakeBrowser
) -> None:
    known = browser()
    codes = new_recovery_codes(guarded)
    after_password(known, guarded).post("/sign-in/code", {"code": codes[0]})
    known.post("/sign-out")
    for _ in range(6):
        elsewhere = after_password(browser(), guarded).post("/sign-in/code", {"code": "000000"})
    assert elsewhere.status_code == 429
    assert after_password(known, guarded).post("/sign-in/code", {"code": codes[1]}).status_code == 302


def test_the_second_step_requires_the_first(guarded: User, browser: MakeBrowser) -> None:
    code = code_of(AuthenticatorDevice.objects.get(user=guarded))
    assert browser().post("/sign-in/code", {"code": code})["Location"] == "/sign-in"


def test_a_code_of_another_user_is_refused(guarded: User, person: MakePerson, browser: MakeBrowser) -> None:
    other = confirmed_device(person("eve@example.org"))
    assert after_password(browser(), guarded).post("/sign-in/code", {"code": code_of(other)}).status_code == 200


def test_a_password_change_invalidates_the_first_step(guarded: User, browser: MakeBrowser) -> None:
    client = after_password(browser(), guarded)
    guarded.set_password("quite another one")
    guarded.save()
    assert client.get("/sign-in/code")["Location"] == "/sign-in"


def test_the_first_step_expires_after_ten_minutes(guarded: User, browser: MakeBrowser) -> None:
    client = after_password(browser(), guarded)
    session = client.session
    session["pending_login"] |= {"since": present().timestamp() - 601}
    session.save()
    assert client.get("/sign-in/code")["Location"] == "/sign-in"


def test_sign_in_by_link_requires_the_second_step_too(
    ledgers: OpenLedgers, guarded: User, browser: MakeBrowser
) -> None:
    secret = links.new_link(Link.Purpose.SIGN_IN, lasting=timedelta(days=1), user=guarded)
    client = browser()
    assert client.post(f"/link/{secret}")["Location"] == "/sign-in/code"
    assert not is_signed_in(client)


def test_a_password_reset_requires_the_second_step(ledgers: OpenLedgers, guarded: User, browser: MakeBrowser) -> None:
    secret = links.new_link(Link.Purpose.PASSWORD, lasting=timedelta(days=1), user=guarded)
    client = browser()
    assert client.post(f"/password/{secret}", {"password": "quite another one"})["Location"] == "/sign-in/code"
    assert not is_signed_in(client)


@pytest.mark.parametrize("what", ["remove", "codes"])
@pytest.mark.parametrize("wrong", [{"current_password": "not this one"}, {"code": "000000"}, {"code": ""}])
def test_changing_it_requires_both_factors(
    ledgers: OpenLedgers, guarded: User, browser: MakeBrowser, what: str, wrong: dict[str, str]
) -> None:
    client, code = browser(guarded), new_recovery_codes(guarded)[0]
    right = {"what": what, "current_password": PASSWORD, "code": code}
    assert client.post("/me/second-step/change", right | wrong).status_code == 200
    assert AuthenticatorDevice.objects.filter(user=guarded).exists()
    # A wrong password uses up no code.
    assert client.post("/me/second-step/change", right).status_code == 302
    assert AuthenticatorDevice.objects.filter(user=guarded).exists() == (what == "codes")
    assert is_signed_in(client)
    assert AuditEntry.objects.filter(action=Action.SECOND_FACTOR_REMOVED).exists() == (what == "remove")


def test_new_recovery_codes_replace_the_old(ledgers: OpenLedgers, guarded: User, browser: MakeBrowser) -> None:
    old = set(new_recovery_codes(guarded))
    sent = {"what": "codes", "current_password": PASSWORD, "code": old.pop()}
    page = browser(guarded).post("/me/second-step/change", sent, follow=True).content.decode()
    new = set(CODE.findall(page))
    assert len(new) == 10
    assert not old & new
    assert device_of_code(guarded, old.pop()) is None
    assert device_of_code(guarded, new.pop()) is not None


def test_it_cannot_be_set_up_again_while_it_is_on(ledgers: OpenLedgers, guarded: User, browser: MakeBrowser) -> None:
    spare = draft_device(guarded)
    browser(guarded).post("/me/second-step", {"code": code_of(spare), "current_password": PASSWORD})
    assert not AuthenticatorDevice.objects.get(pk=spare.pk).confirmed


def test_a_user_without_a_password_is_asked_to_set_one_first(
    ledgers: OpenLedgers, person: MakePerson, browser: MakeBrowser
) -> None:
    user = person("demo@example.org")
    user.set_unusable_password()
    user.save()
    assert "set a password first" in browser(user).get("/me/second-step").content.decode()


def test_keys_and_recovery_codes_are_not_stored_as_text(guarded: User) -> None:
    device, codes = AuthenticatorDevice.objects.get(user=guarded), new_recovery_codes(guarded)
    stored = str([list(model.objects.values()) for model in (TOTPDevice, AuthenticatorKey, StaticToken, RecoveryCode)])
    assert len(device.bin_key) == 20
    assert device.bin_key.hex() not in stored
    assert not [code for code in codes if code in stored or code.replace("-", "") in stored]


def test_a_key_and_codes_of_an_earlier_version_are_protected_and_still_work(owner: User) -> None:
    from importlib import import_module

    from django.apps import apps

    plain = TOTPDevice.objects.create(user=owner, name="app", confirmed=True)
    key = plain.bin_key
    spare = StaticDevice.objects.create(user=owner, name="recovery codes")
    StaticToken.objects.create(device=spare, token="abcdefgh")  # noqa: S106 - of nobody
    import_module("botmeter.people.migrations.0004_sealed_second_factor").protect(apps, None)
    assert not StaticToken.objects.exists()
    assert TOTPDevice.objects.get().key == ""
    assert AuthenticatorDevice.objects.get().bin_key == key
    assert device_of_code(owner, "ABCD-EFGH") == spare
    assert device_of_code(owner, "abcdefgh") is None


def test_another_secret_key_is_reported_and_recovery_codes_still_work(
    ledgers: OpenLedgers, guarded: User, browser: MakeBrowser, settings: Settings
) -> None:
    code = new_recovery_codes(guarded)[0]
    settings.SECRET_KEY = "another one"  # noqa: S105 - signs nothing that lasts
    client = after_password(browser(), guarded)
    answer = client.post("/sign-in/code", {"code": "000000"})
    assert answer.status_code == 503
    assert "--drop-second-step" in answer.content.decode()
    assert client.post("/sign-in/code", {"code": code}).status_code == 302


def test_a_previous_secret_key_still_opens_the_key(guarded: User, settings: Settings) -> None:
    key = AuthenticatorDevice.objects.get().bin_key
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another one", [settings.SECRET_KEY]
    assert AuthenticatorDevice.objects.get().bin_key == key
