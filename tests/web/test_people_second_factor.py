"""Two-factor authentication: set-up, sign-in, and attempts to bypass it."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from botmeter.domain.instant import present
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people import links
from botmeter.people.audit import Action
from botmeter.people.models import AuditEntry, Link, User
from botmeter.people.second_factor import new_recovery_codes
from web.conftest import PASSWORD, MakeBrowser, MakePerson

pytestmark = pytest.mark.django_db


def code_of(device: TOTPDevice) -> str:
    return f"{totp(device.bin_key):06}"


@pytest.fixture
def guarded(owner: User) -> User:
    """An owner with two-factor authentication."""
    TOTPDevice.objects.create(user=owner, name="app", confirmed=True)
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
    device = TOTPDevice.objects.get(user=owner)
    assert "<svg" in page.partition('class="qr"')[2]
    assert "style=" not in page
    answer = here.post("/me/second-step", {"code": code_of(device), "current_password": PASSWORD}, follow=True)
    codes = StaticToken.objects.filter(device__user=owner).values_list("token", flat=True)
    assert len(codes) == 10
    assert all(code in answer.content.decode() for code in codes)
    assert not any(code in here.get("/me/second-step").content.decode() for code in codes)
    assert not is_signed_in(there)
    assert AuditEntry.objects.filter(action=Action.SECOND_FACTOR_ADDED, user=owner).exists()


@pytest.mark.parametrize(("code", "password"), [("000000", PASSWORD), (None, "not this one"), ("", PASSWORD)])
def test_a_wrong_code_or_password_sets_nothing_up(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser, code: str | None, password: str
) -> None:
    client = browser(owner)
    client.get("/me/second-step")
    device = TOTPDevice.objects.get(user=owner)
    sent = {"code": code_of(device) if code is None else code, "current_password": password}
    assert client.post("/me/second-step", sent).status_code == 200
    assert not TOTPDevice.objects.get(user=owner).confirmed


def test_no_page_opens_between_the_steps(ledgers: OpenLedgers, guarded: User, browser: MakeBrowser) -> None:
    client = after_password(browser(), guarded)
    for path in ("/me", "/me/second-step", "/accounts", "/a/acme/admin/users", "/a/acme/admin/settings"):
        assert client.get(path)["Location"].startswith("/sign-in?next=")
    assert client.post("/me/second-step/change", {"current_password": PASSWORD, "what": "remove"}).status_code == 302
    assert TOTPDevice.objects.filter(user=guarded, confirmed=True).exists()
    assert not AuditEntry.objects.filter(action=Action.SIGNED_IN).exists()


def test_a_code_signs_in_and_redirects_to_the_requested_page(
    ledgers: OpenLedgers, guarded: User, browser: MakeBrowser
) -> None:
    client = after_password(browser(), guarded, next="/accounts")
    before = client.session.session_key
    answer = client.post("/sign-in/code", {"code": code_of(TOTPDevice.objects.get(user=guarded))})
    assert answer["Location"] == "/accounts"
    assert is_signed_in(client)
    assert client.session.session_key != before


def test_the_code_field_supports_autofill(guarded: User, browser: MakeBrowser) -> None:
    assert 'autocomplete="one-time-code"' in after_password(browser(), guarded).get("/sign-in/code").content.decode()


def test_a_code_works_once(guarded: User, browser: MakeBrowser) -> None:
    code = code_of(TOTPDevice.objects.get(user=guarded))
    assert after_password(browser(), guarded).post("/sign-in/code", {"code": code}).status_code == 302
    assert after_password(browser(), guarded).post("/sign-in/code", {"code": code}).status_code == 200


def test_a_recovery_code_works_once(ledgers: OpenLedgers, guarded: User, browser: MakeBrowser) -> None:
    code = next(code for code in new_recovery_codes(guarded) if not code.isdecimal())
    first = after_password(browser(), guarded)
    assert first.post("/sign-in/code", {"code": f" {code[:4]}-{code[4:].upper()} "}).status_code == 302
    assert is_signed_in(first)
    second = after_password(browser(), guarded)
    assert second.post("/sign-in/code", {"code": code}).status_code == 200
    assert not is_signed_in(second)


def test_guesses_of_codes_are_throttled(guarded: User, browser: MakeBrowser) -> None:
    client = after_password(browser(), guarded)
    pages = [client.post("/sign-in/code", {"code": "000000"}).content.decode() for _ in range(2)]
    assert "The code is wrong" in pages[0]
    assert re.search(r"Try again in \d+ second", pages[1])
    assert client.post("/sign-in/code", {"code": code_of(TOTPDevice.objects.get(user=guarded))}).status_code == 200
    TOTPDevice.objects.update(throttling_failure_timestamp=present() - timedelta(minutes=1))
    assert client.post("/sign-in/code", {"code": code_of(TOTPDevice.objects.get(user=guarded))}).status_code == 302


def test_the_second_step_requires_the_first(guarded: User, browser: MakeBrowser) -> None:
    code = code_of(TOTPDevice.objects.get(user=guarded))
    assert browser().post("/sign-in/code", {"code": code})["Location"] == "/sign-in"


def test_a_code_of_another_user_is_refused(guarded: User, person: MakePerson, browser: MakeBrowser) -> None:
    other = TOTPDevice.objects.create(user=person("eve@example.org"), confirmed=True)
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


def test_turning_it_off_requires_the_password(ledgers: OpenLedgers, guarded: User, browser: MakeBrowser) -> None:
    client = browser(guarded)
    client.post("/me/second-step/change", {"what": "remove", "current_password": "not this one"})
    assert TOTPDevice.objects.filter(user=guarded).exists()
    client.post("/me/second-step/change", {"what": "remove", "current_password": PASSWORD})
    assert not TOTPDevice.objects.filter(user=guarded).exists()
    assert is_signed_in(client)
    assert AuditEntry.objects.filter(action=Action.SECOND_FACTOR_REMOVED).exists()


def test_new_recovery_codes_replace_the_old(ledgers: OpenLedgers, guarded: User, browser: MakeBrowser) -> None:
    old = set(new_recovery_codes(guarded))
    sent = {"what": "codes", "current_password": PASSWORD}
    page = browser(guarded).post("/me/second-step/change", sent, follow=True).content.decode()
    new = set(StaticToken.objects.values_list("token", flat=True))
    assert not old & new
    assert all(code in page for code in new)


def test_it_cannot_be_set_up_again_while_it_is_on(ledgers: OpenLedgers, guarded: User, browser: MakeBrowser) -> None:
    spare = TOTPDevice.objects.create(user=guarded, name="app", confirmed=False)
    browser(guarded).post("/me/second-step", {"code": code_of(spare), "current_password": PASSWORD})
    assert not TOTPDevice.objects.get(pk=spare.pk).confirmed


def test_a_user_without_a_password_is_asked_to_set_one_first(
    ledgers: OpenLedgers, person: MakePerson, browser: MakeBrowser
) -> None:
    user = person("demo@example.org")
    user.set_unusable_password()
    user.save()
    assert "set a password first" in browser(user).get("/me/second-step").content.decode()
