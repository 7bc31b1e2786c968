"""Admin → Notifications: what was sent, sent again, and test emails."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from botmeter.people.audit import Action
from botmeter.people.models import AuditEntry, User
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.outbox import Message, Recipient, put
from botmeter.people.notifications.topics import Channel, State, Topic
from botmeter.people.rights import Role
from support.mails import wait_until_sent
from web.conftest import MakeBrowser, MakePerson

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledgers")]
PAGE = "/a/acme/admin/notifications"


@pytest.fixture
def client(owner: User, browser: MakeBrowser, settings: Settings) -> Client:
    settings.EMAIL_HOST = "mail.example.org"
    return browser(owner)


def text(client: Client, address: str = PAGE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def a_row(key: str = "k", *, account: str = "acme", topic: Topic = Topic.TEST, **fields: object) -> Notification:
    recipient = Recipient(channel=Channel.EMAIL, address=f"{key}@example.org")
    (row,) = put(Message(key=key, topic=topic, account=account, cause=f"Because of {key}."), [recipient])
    Notification.objects.filter(pk=row.pk).update(**fields)
    row.refresh_from_db()
    return row


def test_the_page_says_what_was_sent_to_whom_and_why(client: Client) -> None:
    a_row("ada", state=State.HANDED_OVER, last_answer="Accepted by the mail server.", attempts=1)
    late = a_row("bea", last_answer="451 greylisted", attempts=3)
    Notification.objects.filter(pk=late.pk).update(due_at=late.created_at + timedelta(hours=1))
    page = text(client)
    for words in ("ada@example.org", "Because of ada.", "Sent", "Accepted by", "bea@example.org", "451 greylisted"):
        assert words in page
    assert "3 attempts" in page
    assert "Next attempt" in page


def test_other_accounts_and_security_emails_without_an_account_are_not_shown(client: Client) -> None:
    a_row("elsewhere", account="other")
    a_row("nobody", account="", topic=Topic.PASSWORD_RESET)
    page = text(client)
    assert "elsewhere@" not in page
    assert "nobody@" not in page
    assert "No notifications yet" in page


def test_filters_and_pages_are_in_the_address(client: Client) -> None:
    for number in range(51):
        a_row(f"n{number:02}", state=State.FAILED)
    a_row("sent", state=State.HANDED_OVER)
    failed = text(client, f"{PAGE}?status=failed&channel=email&topic=test")
    assert "sent@example.org" not in failed
    assert "n50@" in failed
    assert "n00@" not in failed
    older = failed.partition("before=")[2].partition('"')[0]
    assert "n00@" in text(client, f"{PAGE}?status=failed&before={older}")
    assert "No matching" in text(client, f"{PAGE}?status=waiting")
    assert client.get(f"{PAGE}?status=evil").status_code == 400
    assert client.get(f"{PAGE}?before=1.x").status_code == 400


def test_a_notification_is_sent_again_once_however_often_the_form_is_sent(client: Client) -> None:
    row = a_row("ada")
    wait_until_sent()
    for _ in range(2):
        assert client.post(f"{PAGE}/{row.pk}/again", {"number": "0"}).status_code == 302
    wait_until_sent()
    again = Notification.objects.exclude(pk=row.pk).get()
    assert (again.again_of, again.content, again.cause) == (row, row.content, row.cause)
    assert len({each.extra_headers["Message-ID"] for each in mail.outbox}) == len(mail.outbox) == 2
    assert 'name="number" value="1"' in text(client)
    client.post(f"{PAGE}/{row.pk}/again", {"number": "1"})
    assert Notification.objects.count() == 3
    assert AuditEntry.objects.filter(action=Action.NOTIFICATION_SENT_AGAIN, account="acme").count() == 2


@pytest.mark.parametrize(
    ("fields", "account", "status"),
    [
        ({"topic": Topic.INVITATION, "state": State.HANDED_OVER}, "acme", 400),
        ({"topic": Topic.PASSWORD_RESET, "state": State.HANDED_OVER}, "acme", 400),
        ({"state": State.DUE}, "acme", 400),
        ({"state": State.HANDED_OVER}, "other", 404),
        ({"state": State.HANDED_OVER}, "", 404),
    ],
)
def test_links_and_unfinished_or_foreign_notifications_are_not_sent_again(
    client: Client, fields: dict[str, str], account: str, status: int
) -> None:
    row = a_row("ada", account=account, **fields)
    assert "Send again" not in text(client)
    answer = client.post(f"{PAGE}/{row.pk}/again", {"number": "0"})
    assert answer.status_code == status
    assert ("notification_not_repeatable" in answer.content.decode()) == (status == 400)
    assert Notification.objects.count() == 1


def test_a_test_email_goes_to_oneself_once(client: Client, owner: User) -> None:
    assert "mail.example.org:587" in text(client)
    for _ in range(2):
        client.post(f"{PAGE}/test", {"form_token": "a"})
    wait_until_sent()
    assert [each.to for each in mail.outbox] == [[owner.email]]
    assert "You asked for it" in text(client)
    assert AuditEntry.objects.filter(action=Action.NOTIFICATION_TESTED).count() == 1


def test_without_a_mail_server_the_page_says_how_to_set_one_up(client: Client, owner: User, settings: Settings) -> None:
    settings.EMAIL_HOST = ""
    page = text(client)
    assert "Email is not set up." in page
    assert "BOTMETER_MAIL=" in page
    assert "Send test email" not in page
    assert "mail_not_set_up" in client.post(f"{PAGE}/test", {"form_token": "a"}).content.decode()
    assert not Notification.objects.exists()


def test_sending_again_counts_against_the_limits_on_emails(client: Client) -> None:
    row = a_row("ada", state=State.FAILED)
    statuses = [client.post(f"{PAGE}/{row.pk}/again", {"number": str(number)}).status_code for number in range(4)]
    assert statuses == [302, 302, 302, 429]


def test_only_owners_and_billing_admins_see_notifications(person: MakePerson, browser: MakeBrowser) -> None:
    for role, status in ((Role.BILLING_ADMIN, 200), (Role.ANALYST, 403)):
        assert browser(person(f"{role}@example.org", role=role)).get(PAGE).status_code == status
