"""The second step: setting it up, being asked for it, and getting round it, which must not be."""

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
    """An owner who has set up the second step."""
    TOTPDevice.objects.create(user=owner, name="app", confirmed=True)
    return owner


def after_password(client: Client, user: User, **more: str) -> Client:
    answer = client.post("/sign-in", {"username": user.email, "password": PASSWORD, **more})
    assert answer["Location"] == "/sign-in/code"
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/me").status_code == 200


def test_it_is_set_up_with_the_apps_code_and_the_password(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser
) -> None:
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


def test_between_the_steps_nothing_is_reached(ledgers: OpenLedgers, guarded: User, browser: MakeBrowser) -> None:
    client = after_password(browser(), guarded)
    for path in ("/me", "/me/second-step", "/accounts", "/a/acme/admin/users", "/a/acme/admin/settings"):
        assert client.get(path)["Location"].startswith("/sign-in?next=")
    assert client.post("/me/second-step/change", {"current_password": PASSWORD, "what": "remove"}).status_code == 302
    assert TOTPDevice.objects.filter(user=guarded, confirmed=True).exists()
    assert not AuditEntry.objects.filter(action=Action.SIGNED_IN).exists()


def test_the_apps_code_signs_in_and_leads_where_one_wanted_to_go(
    ledgers: OpenLedgers, guarded: User, browser: MakeBrowser
) -> None:
    client = after_password(browser(), guarded, next="/accounts")
    before = client.session.session_key
    answer = client.post("/sign-in/code", {"code": code_of(TOTPDevice.objects.get(user=guarded))})
    assert answer["Location"] == "/accounts"
    assert is_signed_in(client)
    assert client.session.session_key != before


def test_the_code_is_asked_for_in_a_field_that_phones_fill_in(guarded: User, browser: MakeBrowser) -> None:
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


def test_guessing_codes_takes_longer_and_longer(guarded: User, browser: MakeBrowser) -> None:
    client = after_password(browser(), guarded)
    pages = [client.post("/sign-in/code", {"code": "000000"}).content.decode() for _ in range(2)]
    assert "The code is wrong" in pages[0]
    assert re.search(r"Try again in \d+ second", pages[1])
    assert client.post("/sign-in/code", {"code": code_of(TOTPDevice.objects.get(user=guarded))}).status_code == 200
    TOTPDevice.objects.update(throttling_failure_timestamp=present() - timedelta(minutes=1))
    assert client.post("/sign-in/code", {"code": code_of(TOTPDevice.objects.get(user=guarded))}).status_code == 302


def test_the_second_step_is_nobodys_who_has_not_made_the_first(guarded: User, browser: MakeBrowser) -> None:
    code = code_of(TOTPDevice.objects.get(user=guarded))
    assert browser().post("/sign-in/code", {"code": code})["Location"] == "/sign-in"


def test_another_persons_code_does_not_do(guarded: User, person: MakePerson, browser: MakeBrowser) -> None:
    other = TOTPDevice.objects.create(user=person("eve@example.org"), confirmed=True)
    assert after_password(browser(), guarded).post("/sign-in/code", {"code": code_of(other)}).status_code == 200


def test_a_password_changed_meanwhile_undoes_the_first_step(guarded: User, browser: MakeBrowser) -> None:
    client = after_password(browser(), guarded)
    guarded.set_password("quite another one")
    guarded.save()
    assert client.get("/sign-in/code")["Location"] == "/sign-in"


def test_a_first_step_is_forgotten_after_ten_minutes(guarded: User, browser: MakeBrowser) -> None:
    client = after_password(browser(), guarded)
    session = client.session
    session["pending_login"] |= {"since": present().timestamp() - 601}
    session.save()
    assert client.get("/sign-in/code")["Location"] == "/sign-in"


def test_a_link_asks_for_the_second_step_too(ledgers: OpenLedgers, guarded: User, browser: MakeBrowser) -> None:
    secret = links.new_link(Link.Purpose.SIGN_IN, lasting=timedelta(days=1), user=guarded)
    client = browser()
    assert client.post(f"/link/{secret}")["Location"] == "/sign-in/code"
    assert not is_signed_in(client)


def test_a_new_password_by_link_does_not_get_round_it(
    ledgers: OpenLedgers, guarded: User, browser: MakeBrowser
) -> None:
    secret = links.new_link(Link.Purpose.PASSWORD, lasting=timedelta(days=1), user=guarded)
    client = browser()
    assert client.post(f"/password/{secret}", {"password": "quite another one"})["Location"] == "/sign-in/code"
    assert not is_signed_in(client)


def test_taking_it_away_asks_for_the_password(ledgers: OpenLedgers, guarded: User, browser: MakeBrowser) -> None:
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


def test_it_can_not_be_replaced_without_being_taken_away(
    ledgers: OpenLedgers, guarded: User, browser: MakeBrowser
) -> None:
    spare = TOTPDevice.objects.create(user=guarded, name="app", confirmed=False)
    browser(guarded).post("/me/second-step", {"code": code_of(spare), "current_password": PASSWORD})
    assert not TOTPDevice.objects.get(pk=spare.pk).confirmed


def test_someone_without_a_password_is_told_what_comes_first(
    ledgers: OpenLedgers, person: MakePerson, browser: MakeBrowser
) -> None:
    user = person("demo@example.org")
    user.set_unusable_password()
    user.save()
    assert "set a password first" in browser(user).get("/me/second-step").content.decode()
