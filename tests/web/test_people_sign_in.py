"""Sign-in and sign-out by password, and limits on guesses."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import F
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.audit import Action
from botmeter.people.guesses import CLIENTS, RIGHT_PASSWORDS
from botmeter.people.links import new_link
from botmeter.people.models import AttemptCount, AuditEntry, Link, User
from botmeter.people.password_words import ContextWordsValidator
from web.conftest import PASSWORD, MakeBrowser, MakePerson

pytestmark = pytest.mark.django_db
COOKIE = settings.SESSION_COOKIE_NAME


def try_password(client: Client, email: str, *, typed: str = PASSWORD, **more: str) -> HttpResponse:
    return client.post("/sign-in", {"username": email, "password": typed, **more})


def is_signed_in(client: Client) -> bool:
    return client.get("/me").status_code == 200


def test_the_right_password_signs_in_and_redirects_to_the_home_page(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser
) -> None:
    client = browser()
    answer = try_password(client, owner.email)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_signed_in(client)
    assert AuditEntry.objects.get(action=Action.SIGNED_IN).user == owner


def test_email_addresses_are_case_insensitive(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    client = browser()
    try_password(client, f" {owner.email.upper()} ")
    assert is_signed_in(client)


def test_a_right_password_can_be_entered_a_limited_number_of_times(
    ledgers: OpenLedgers, owner: User, viewer: User, browser: MakeBrowser
) -> None:
    client = browser()
    try_password(client, owner.email)
    AttemptCount.objects.filter(key=RIGHT_PASSWORDS.of(owner.email).key).update(
        attempts=F("attempts") + RIGHT_PASSWORDS.free_count - 2
    )
    assert try_password(browser(), owner.email).status_code == 302
    # Also where the session or the browser is known.
    confirmation = {"current_password": PASSWORD, "password": "another-Wombat-77"}
    for answer in (try_password(browser(), owner.email), client.post("/me/password", confirmation)):
        assert (answer.status_code, answer["Retry-After"]) == (429, "3600")
        assert "was entered too often" in answer.content.decode()
    assert try_password(browser(), viewer.email).status_code == 302
    AttemptCount.objects.update(
        blocked_until=F("blocked_until") - timedelta(hours=1), ends_at=F("ends_at") - timedelta(hours=1)
    )
    assert try_password(browser(), owner.email).status_code == 302


def test_the_sign_in_form_supports_password_managers(browser: MakeBrowser) -> None:
    page = browser().get("/sign-in").content.decode()
    assert page.count("<h1") == 1
    for text in ('autocomplete="username"', 'autocomplete="current-password"', "autofocus", 'for="id_username"'):
        assert text in page


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(owner: User, browser: MakeBrowser) -> None:
    def answer_to(email: str, password: str) -> str:
        client = browser()
        page = try_password(client, email, typed=password).content.decode()
        return page.replace(email, "").replace(client.cookies["botmeter_csrf"].value, "")

    def without_token(page: str) -> list[str]:
        return [line for line in page.splitlines() if "csrfmiddlewaretoken" not in line]

    wrong, unknown = answer_to(owner.email, "not this one"), answer_to("nobody@example.org", "not this one")
    assert "Wrong email address or password." in wrong
    assert without_token(wrong) == without_token(unknown)


def test_an_inactive_user_gets_the_same_answer_as_a_stranger(owner: User, browser: MakeBrowser) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert "Wrong email address or password." in try_password(browser(), owner.email).content.decode()


def guess(client: Client, email: str, *, count: int = 1, address: str = "203.0.113.9") -> list[int]:
    """Statuses of wrong passwords."""
    form = {"username": email, "password": "a guess"}
    return [client.post("/sign-in", form, REMOTE_ADDR=address).status_code for _ in range(count)]


def pass_time(passed: timedelta) -> None:
    """Let this much time pass for the limits of guesses."""
    AttemptCount.objects.update(blocked_until=F("blocked_until") - passed, ends_at=F("ends_at") - passed)


def test_after_ten_wrong_passwords_even_the_right_one_waits(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser
) -> None:
    client = browser()
    assert guess(client, owner.email, count=30) == [200] * 10 + [429] * 20
    answer = try_password(client, owner.email)
    assert answer.status_code == 429
    # A minute from the tenth guess; twenty more take a while on a busy machine.
    assert 50 <= int(answer["Retry-After"]) <= 60
    assert f"Try again in {answer['Retry-After']} seconds." in answer.content.decode()
    assert not is_signed_in(client)
    assert AuditEntry.objects.filter(action=Action.SIGN_IN_FAILED).count() == 10


def test_guesses_count_for_the_person_from_any_address_browser_and_spelling(owner: User, browser: MakeBrowser) -> None:
    for number in range(10):
        email = f" {owner.email.upper()}" if number % 2 else owner.email
        assert guess(browser(), email, address=f"10.0.0.{number}") == [200]
    assert guess(browser(), owner.email, address="2001:db8::1") == [429]


@pytest.mark.slow
def test_waits_grow_with_further_guesses(owner: User, browser: MakeBrowser) -> None:
    guess(browser(), owner.email, count=10)
    for wait_minutes in (1, 2, 4, 8, 15, 30, 60, 60):
        assert guess(browser(), owner.email) == [429]
        pass_time(timedelta(minutes=wait_minutes))
        assert guess(browser(), owner.email) == [200]


@pytest.mark.slow
def test_the_right_password_after_the_wait_signs_in_and_ends_the_waits(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser
) -> None:
    guess(browser(), owner.email, count=10)
    pass_time(timedelta(minutes=1))
    assert try_password(browser(), owner.email).status_code == 302
    assert guess(browser(), owner.email, count=11) == [200] * 10 + [429]


@pytest.mark.slow
def test_guesses_by_others_do_not_lock_the_owner_out_of_a_known_browser(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser
) -> None:
    known = browser()
    try_password(known, owner.email)
    known.post("/sign-out")
    assert guess(browser(), owner.email, count=11)[-1] == 429
    for name in range(50):
        guess(browser(), f"name{name}@example.org")
    # Also from the address of those who guess, as behind a proxy that was not declared.
    signed_in = known.post("/sign-in", {"username": owner.email, "password": PASSWORD}, REMOTE_ADDR="203.0.113.9")
    assert signed_in.status_code == 302
    assert try_password(browser(), owner.email).status_code == 429


@pytest.mark.slow
def test_guesses_in_a_known_browser_have_a_limit_of_their_own(
    ledgers: OpenLedgers, owner: User, stranger: User, browser: MakeBrowser
) -> None:
    known = browser()
    try_password(known, owner.email)
    known.post("/sign-out")
    assert guess(known, owner.email, count=11) == [200] * 10 + [429]
    assert guess(browser(), owner.email) == [200]
    # It is known for who signed in there, not for others.
    guess(browser(), stranger.email, count=10)
    assert guess(known, stranger.email) == [429]


@pytest.mark.slow
def test_a_browser_is_known_for_several_people_and_not_by_an_altered_cookie(
    ledgers: OpenLedgers, owner: User, stranger: User, browser: MakeBrowser
) -> None:
    known = browser()
    for user in (owner, stranger):
        try_password(known, user.email)
        known.post("/sign-out")
    cookie = known.cookies[settings.KNOWN_BROWSER_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["max-age"] == 400 * 24 * 3600
    for user in (owner, stranger):
        guess(browser(), user.email, count=11)
        assert try_password(known, user.email).status_code == 302
        known.post("/sign-out")
    altered = browser()
    altered.cookies[settings.KNOWN_BROWSER_COOKIE_NAME] = cookie.value[:-2] + "xx"
    assert try_password(altered, owner.email).status_code == 429


def test_a_browser_is_known_only_after_the_whole_sign_in(owner: User, browser: MakeBrowser) -> None:
    client = browser()
    guess(client, owner.email)
    TOTPDevice.objects.create(user=owner, name="app", confirmed=True)
    assert try_password(client, owner.email)["Location"] == "/sign-in/code"
    assert settings.KNOWN_BROWSER_COOKIE_NAME not in client.cookies


@pytest.mark.slow
def test_one_client_guessing_for_many_users_is_blocked_too(owner: User, browser: MakeBrowser) -> None:
    # All addresses of one IPv6 network are one client.
    for number in range(50):
        assert guess(browser(), f"name{number}@example.org", address=f"2001:db8::{number:x}") == [200]
    assert guess(browser(), owner.email, address="2001:db8::ffff:1") == [429]
    assert guess(browser(), owner.email, address="2001:db8:0:1::1") == [200]
    pass_time(timedelta(minutes=15))
    assert guess(browser(), owner.email, address="2001:db8::1") == [200]


def test_right_passwords_do_not_count_for_the_client(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    try_password(browser(), owner.email, typed="not this one")
    AttemptCount.objects.filter(key=CLIENTS.of("127.0.0.1").key, attempts=1).update(attempts=CLIENTS.free_count - 1)
    assert all(try_password(browser(), owner.email).status_code == 302 for _ in range(3))


def test_unknown_and_known_addresses_wait_alike(owner: User, browser: MakeBrowser) -> None:
    assert guess(browser(), "nobody@example.org", count=11) == guess(browser(), owner.email, count=11)


def test_failed_sign_ins_are_audited_for_the_user(owner: User, browser: MakeBrowser) -> None:
    try_password(browser(), owner.email, typed="guess")
    try_password(browser(), "nobody@example.org", typed="guess")
    users = AuditEntry.objects.filter(action=Action.SIGN_IN_FAILED).values_list("user", "who")
    assert sorted(users, key=str) == sorted([(owner.pk, owner.email), (None, "unknown")], key=str)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "///evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "me",
        "\t//evil.example",
        "/\n/evil.example",
        "https:///evil.example",
    ],
)
def test_signing_in_never_redirects_to_another_site(owner: User, browser: MakeBrowser, target: str) -> None:
    assert try_password(browser(), owner.email, next=target)["Location"] == "/"
    assert "evil" not in browser().get("/sign-in", {"next": target}).content.decode().partition("<form")[2]


def test_signing_in_redirects_to_the_requested_page(owner: User, browser: MakeBrowser) -> None:
    own = "/a/acme/reports?period=today"
    client = browser()
    assert client.get("/me")["Location"] == "/sign-in?next=/me"
    assert 'value="/a/acme/reports?period=today"' in client.get("/sign-in", {"next": own}).content.decode()
    assert try_password(client, owner.email, next=own)["Location"] == own
    assert client.get("/sign-in", {"next": own})["Location"] == own


def test_a_session_key_from_before_signing_in_is_worthless(owner: User, browser: MakeBrowser) -> None:
    client = browser()
    client.session.save()
    slipped_in = client.session.session_key
    client.cookies[COOKIE] = slipped_in
    try_password(client, owner.email)
    thief = browser()
    thief.cookies[COOKIE] = slipped_in
    assert client.session.session_key != slipped_in
    assert thief.get("/me").status_code == 302


def test_signing_out_ends_the_session(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    client = browser(owner)
    cookie = client.cookies[COOKIE].value
    answer = client.post("/sign-out", follow=True)
    assert "You are signed out." in answer.content.decode()
    client.cookies[COOKIE] = cookie
    assert not is_signed_in(client)
    assert AuditEntry.objects.get(action=Action.SIGNED_OUT).user == owner


def test_a_get_request_does_not_sign_out(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    client = browser(owner)
    assert client.get("/sign-out").status_code == 405
    assert is_signed_in(client)


def test_signing_out_twice_is_accepted(browser: MakeBrowser) -> None:
    assert browser().post("/sign-out")["Location"] == "/sign-in?notice=signed-out"


def test_signing_out_everywhere_ends_every_other_session(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser
) -> None:
    here, there = browser(owner), browser(owner)
    here.post("/me/sign-out-everywhere", {"confirmed": "yes"})
    assert is_signed_in(here)
    assert not is_signed_in(there)
    assert AuditEntry.objects.filter(action=Action.SIGNED_OUT_EVERYWHERE, user=owner).exists()


def test_a_changed_password_ends_every_other_session(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    here, there = browser(owner), browser(owner)
    sent = {"current_password": PASSWORD, "password": "quite another one"}
    assert here.post("/me/password", sent)["Location"] == "/me"
    assert is_signed_in(here)
    assert not is_signed_in(there)
    assert try_password(browser(), owner.email).status_code == 200
    assert try_password(browser(), owner.email, typed="quite another one").status_code == 302


def test_changing_the_password_requires_the_current_one(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser
) -> None:
    client = browser(owner)
    sent = {"current_password": "a guess", "password": "quite another one"}
    answers = [client.post("/me/password", sent) for _ in range(11)]
    assert "Wrong password." in answers[0].content.decode()
    assert answers[-1].status_code == 429
    assert User.objects.get(pk=owner.pk).check_password(PASSWORD)


@pytest.mark.parametrize("weak", ["short", "1234567890123", "olga@example.org"])
def test_a_weak_password_shows_an_error(ledgers: OpenLedgers, owner: User, browser: MakeBrowser, weak: str) -> None:
    answer = browser(owner).post("/me/password", {"current_password": PASSWORD, "password": weak})
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()


def test_name_and_theme_can_be_changed(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    client = browser(owner)
    page = client.post("/me", {"name": "Olga <b>", "theme": "dark"}, follow=True).content.decode()
    assert 'data-theme="dark"' in page
    assert "Olga &lt;b&gt;" in page
    assert client.post("/me", {"name": "", "theme": "purple"}).status_code == 200
    assert User.objects.get(pk=owner.pk).theme == "dark"


def test_single_key_shortcuts_can_be_turned_off_and_on(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    client = browser(owner)
    assert " data-shortcuts>" in client.get("/me").content.decode()
    for sent, has_shortcuts in (({}, False), ({"has_shortcuts": "on"}, True)):
        page = client.post("/me", {"name": "Olga", "theme": "system", **sent}, follow=True).content.decode()
        assert (" data-shortcuts>" in page) is has_shortcuts
    assert " data-shortcuts>" not in browser().get("/sign-in").content.decode()


def test_every_route_used_in_pages_exists(person: MakePerson) -> None:
    fixed = ["own-password", "own-sessions", "sign-out-everywhere", "own-second-factor", "change-second-factor"]
    assert [reverse(name) for name in fixed] == [
        "/me/password",
        "/me/sessions",
        "/me/sign-out-everywhere",
        "/me/second-step",
        "/me/second-step/change",
    ]


def test_a_password_that_is_little_more_than_a_name_of_the_server_is_refused(settings: Settings) -> None:
    settings.PUBLIC_ORIGIN = "https://maple.example.org:8443"
    for weak in ("Botmeter-2026", "maple-example", "MapleMaple!!1", "botmeter.maple"):
        with pytest.raises(ValidationError, match="similar to the name of this server"):
            ContextWordsValidator().validate(weak)
    for strong in ("botmeter rules the waves", "sugar from the maple tree", "correct horse"):
        ContextWordsValidator().validate(strong)


@pytest.mark.parametrize("breached", ["password123", "Liverpool1", "letmein123!", "P@ssw0rd123", "asdfghjkl:"])
def test_a_breached_password_is_refused_wherever_one_is_chosen(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser, breached: str
) -> None:
    secret = new_link(Link.Purpose.PASSWORD, lasting=timedelta(days=1), user=owner)
    sent = {"current_password": PASSWORD, "password": breached}
    for answer in (browser(owner).post("/me/password", sent), browser().post(f"/password/{secret}", sent)):
        assert "on a list of breached passwords" in answer.content.decode()
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)
