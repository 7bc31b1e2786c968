"""Invitations and password links in the outbox: secrets exist in emails alone."""

import json
import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from botmeter.people.audit import Action
from botmeter.people.links import digest_of
from botmeter.people.models import AuditEntry, Link, User
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.security_messages import resume_invitation
from botmeter.people.notifications.topics import State
from botmeter.people.removed_rows import put_back
from support.mails import wait_until_sent
from web.conftest import MakeBrowser

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mails", "ledgers")]
USERS = "/a/acme/admin/users"
LINK = re.compile(r"https?://[^/\s]+(/(?:password|invitation)/(\S+))")


@pytest.fixture
def mails(settings: Settings) -> None:
    """A server with a mail server."""
    settings.EMAIL_HOST = "mail.example.org"


def sent_links() -> list[tuple[str, str]]:
    """Path and secret of each email's link."""
    wait_until_sent()
    return [LINK.findall(str(each.body))[0] for each in mail.outbox]


def attempt_again() -> None:
    """Let the server end between the hand-over and its record."""
    claimed_until = Notification.objects.get().created_at
    Notification.objects.update(state=State.RENDERED, claimed_until=claimed_until, handed_over_at=None)


def invite(owner: User, browser: MakeBrowser) -> None:
    browser(owner).post(USERS, {"email": "new@example.org", "role": "viewer"})


@pytest.mark.parametrize("kind", ["password", "invitation"])
def test_a_repeated_email_is_the_same_with_a_link_that_works(kind: str, owner: User, browser: MakeBrowser) -> None:
    if kind == "password":
        browser().post("/password", {"email": owner.email})
    else:
        invite(owner, browser)
    wait_until_sent()
    attempt_again()
    first, again = sent_links()
    assert first == again
    assert len({each.extra_headers["Message-ID"] for each in mail.outbox}) == 1
    assert browser().get(first[0]).status_code == 200
    assert Link.objects.count() == 1


def test_secrets_are_nowhere_but_in_the_email(owner: User, browser: MakeBrowser) -> None:
    browser().post("/password", {"email": owner.email})
    assert not Link.objects.exists()
    ((path, secret),) = sent_links()
    row = json.dumps(Notification.objects.values().get(), default=str)
    assert secret not in row
    assert digest_of(secret) not in row
    assert Link.objects.get().digest == digest_of(secret)
    html, _ = mail.outbox[0].alternatives[0]
    assert path in html


def test_a_link_that_was_used_is_not_sent_again(owner: User, browser: MakeBrowser) -> None:
    browser().post("/password", {"email": owner.email})
    ((path, _),) = sent_links()
    browser().post(path, {"password": "quite another one"})
    attempt_again()
    assert len(sent_links()) == 1
    assert not Link.objects.filter(used_at=None).exists()


def test_a_password_link_that_waited_is_void_once_the_password_was_changed(owner: User, browser: MakeBrowser) -> None:
    browser().post("/password", {"email": owner.email})
    AuditEntry.objects.create(user=owner, action=Action.PASSWORD_CHANGED, who=owner.email)
    assert sent_links() == []


def test_a_password_link_that_waited_for_a_day_is_not_sent(owner: User, browser: MakeBrowser) -> None:
    browser().post("/password", {"email": owner.email})
    Notification.objects.update(created_at=Notification.objects.get().created_at - timedelta(days=1))
    assert sent_links() == []


def test_a_revoked_invitation_is_not_sent(owner: User, browser: MakeBrowser) -> None:
    invite(owner, browser)
    Link.objects.all().delete()
    assert sent_links() == []
    row = Notification.objects.get()
    assert (row.state, "revoked" in row.last_answer) == (State.SUPERSEDED, True)


def test_an_invitation_that_was_revoked_and_restored_is_sent_once(owner: User, browser: MakeBrowser) -> None:
    invite(owner, browser)
    invitation = Link.objects.get()
    Link.objects.all().delete()
    assert sent_links() == []
    for _ in range(2):
        put_back(invitation)
        resume_invitation(invitation)
        ((path, _secret),) = sent_links()
        assert browser().get(path).status_code == 200
        invitation = Link.objects.get()
        Link.objects.all().delete()


def test_an_invitation_expires_a_week_after_it_was_sent(owner: User, browser: MakeBrowser) -> None:
    invite(owner, browser)
    Link.objects.update(expires_at=Link.objects.get().created_at)
    ((path, _),) = sent_links()
    assert browser().get(path).status_code == 200


def test_a_request_for_an_unknown_address_runs_the_same_queries(owner: User, browser: MakeBrowser) -> None:
    # The first request of a network also counts it.
    browser().post("/password", {"email": "first@example.org"})
    shapes = []
    for email in (owner.email, "nobody@example.org"):
        with CaptureQueriesContext(connection) as queries:
            browser().post("/password", {"email": email})
        shapes.append([re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in queries.captured_queries])
    assert shapes[0] == shapes[1]
    assert any("notification" in query for query in shapes[0])
