"""Limits on emails that the server sends for people, and rows that strangers leave."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db.models import F
from django.test import Client
from pytest_django import Settings

from botmeter.people.email_limits import SENDERS
from botmeter.people.models import AttemptCount, AuditEntry, Link, Membership, User
from botmeter.people.notifications.models import Notification
from botmeter.people.rights import Role
from botmeter.web.pages.people.passwords import RESETS
from support.mails import wait_until_sent
from web.conftest import MakeBrowser, MakePerson
from web.test_people_attacks import ROUTES, SENT, address_of, of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mails", "ledgers")]
USERS = "/a/acme/admin/users"


@pytest.fixture
def mails(settings: Settings) -> None:
    """A server with a mail server."""
    settings.EMAIL_HOST = "mail.example.org"


def pass_time(passed: timedelta) -> None:
    AttemptCount.objects.update(blocked_until=F("blocked_until") - passed, ends_at=F("ends_at") - passed)


def invite(client: Client, email: str, *, account: str = "acme") -> str:
    """Answer to an invitation; empty if it was sent."""
    answer = client.post(f"/a/{account}/admin/users", {"email": email, "role": "viewer"})
    return "" if answer.status_code == 302 else answer.content.decode()


def emails_to(email: str) -> int:
    wait_until_sent()
    return sum(letter.to == [email] for letter in mail.outbox)


@pytest.mark.slow
def test_a_stranger_gets_a_few_invitations_whoever_sends_them(
    owner: User, person: MakePerson, browser: MakeBrowser
) -> None:
    other = person("vera@example.org", role=Role.OWNER)
    clients = [browser(owner), browser(other)]
    answers = [invite(clients[number % 2], "stranger@example.org") for number in range(30)]
    assert answers[:3] == ["", "", ""]
    assert all("more than 3 to stranger@example.org" in answer for answer in answers[3:])
    assert all("Try again in 60 minutes." in answer for answer in answers[3:])
    assert Notification.objects.filter(recipient="stranger@example.org").count() == 3
    pass_time(timedelta(hours=1))
    assert invite(clients[0], "stranger@example.org") == ""
    assert "Try again in 2 hours." in invite(clients[1], "stranger@example.org")


@pytest.mark.parametrize(
    "other",
    ["stranger+{}@example.org", '"stranger+{}"@example.org', "Stranger+{}@EXAMPLE.org", "stranger+{}@\uff45xample.org"],
)
def test_spellings_of_a_mailbox_count_together(other: str, owner: User, browser: MakeBrowser) -> None:
    client = browser(owner)
    answers = [invite(client, other.format(number)) for number in range(5)]
    assert answers[:3] == ["", "", ""]
    assert all("more than 3 to" in answer for answer in answers[3:])
    assert "more than 3 to" in invite(client, "stranger@example.org")
    assert invite(client, "stranger@example.com") == ""


def test_resets_and_invitations_count_together(owner: User, viewer: User, browser: MakeBrowser) -> None:
    for _ in range(2):
        browser().post("/password", {"email": viewer.email})
    member = Membership.objects.get(user=viewer)
    client = browser(owner)
    assert client.post(f"{USERS}/{member.pk}", {"what": "password"}).status_code == 302
    answer = client.post(f"{USERS}/{member.pk}", {"what": "password"})
    assert (answer.status_code, answer["Retry-After"]) == (429, "3600")
    assert "emails_exceeded" in answer.content.decode()
    assert emails_to(viewer.email) == 3


def test_an_invitation_that_fails_or_is_refused_changes_nothing(
    owner: User, viewer: User, browser: MakeBrowser
) -> None:
    client = browser(owner)
    for _ in range(5):
        assert "already belongs" in invite(client, viewer.email)
    for _ in range(5):
        invite(client, "stranger@example.org")
    assert Link.objects.count() == 1
    assert AuditEntry.objects.filter(action="member_invited").count() == 3
    browser().post("/password", {"email": viewer.email})
    assert emails_to(viewer.email) == 1


def test_one_user_sends_a_limited_number_of_emails(owner: User, browser: MakeBrowser) -> None:
    AttemptCount.objects.create(
        key=SENDERS.of(owner.pk).key,
        attempts=SENDERS.free_count - 1,
        blocked_until=owner.created_at,
        ends_at=owner.created_at + timedelta(hours=1),
    )
    client = browser(owner)
    assert invite(client, "first@example.org") == ""
    assert "100 by you" in invite(client, "second@example.org")


def test_limits_do_not_depend_on_the_cache(owner: User, browser: MakeBrowser) -> None:
    for _ in range(8):
        browser().post("/password", {"email": owner.email})
        cache.clear()
    assert emails_to(owner.email) == 3


def test_one_client_requests_a_limited_number_of_resets(owner: User, browser: MakeBrowser) -> None:
    def reset(email: str, number: int) -> int:
        return browser().post("/password", {"email": email}, REMOTE_ADDR=f"2001:db8::{number:x}").status_code

    assert {reset(f"n{number}@example.org", number) for number in range(RESETS.free_count)} == {302}
    assert reset(owner.email, 99) == 429
    assert emails_to(owner.email) == 0
    # Requests for unknown addresses do not pile up.
    assert not Notification.objects.exists()
    assert not Link.objects.exists()


@pytest.mark.parametrize("name", of("everyone"))
def test_a_visitor_who_is_not_signed_in_leaves_no_session(name: str, owner: User, browser: MakeBrowser) -> None:
    client, path = browser(), address_of(ROUTES[name])
    sent = {**SENT.get(name, {}), "email": owner.email, "password": "not this one", "code": "000000"}
    for answer in (client.get(path), client.post(path, sent)):
        if "Location" in answer.headers:
            client.get(answer["Location"])
    assert not Session.objects.exists()


def test_notices_before_sign_in_are_named_in_the_address(owner: User, browser: MakeBrowser) -> None:
    client = browser(owner)
    out = client.post("/sign-out")["Location"]
    sent = client.post("/password", {"email": owner.email})["Location"]
    assert "You are signed out." in client.get(out).content.decode()
    assert "we sent them a link" in client.get(sent).content.decode()
    assert urlsplit(out).path == urlsplit(sent).path == "/sign-in"
    assert "evil" not in client.get("/sign-in?notice=evil").content.decode()
