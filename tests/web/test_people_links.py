"""Secret links: first start, sign-in, invitation, new password; used, expired and altered ones."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from pytest_django import Settings

from botmeter.domain.errors import Missing
from botmeter.ledger.folder import Folder
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.audit import Action
from botmeter.people.links import digest_of, forget_expired_links, new_link, use_up
from botmeter.people.models import AuditEntry, Link, Membership, User
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.topics import State
from botmeter.people.rights import Role
from support.mails import wait_until_sent
from support.server_state import in_use
from web.conftest import PASSWORD, MakeBrowser, MakePerson

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ME = {"name": "Ada", "email": "Ada@Example.org", "password": PASSWORD}


@pytest.fixture
def empty_folder(tmp_path: Path) -> Iterator[OpenLedgers]:
    """A data folder without an account."""
    with Folder.owned(tmp_path / "none", purpose="tests") as folder:
        opened = OpenLedgers(folder)
        with in_use(opened):
            yield opened
        opened.close()


@pytest.fixture
def mails(settings: Settings) -> None:
    """A server with a mail server and a public address."""
    settings.EMAIL_HOST, settings.PUBLIC_ORIGIN = "mail.example.org", "https://meter.example.org"


def first_start() -> str:
    return f"/start/{new_link(Link.Purpose.FIRST_START, lasting=DAY)}"


def test_the_link_of_the_first_start_ends_with_the_first_password(ledgers: OpenLedgers, browser: MakeBrowser) -> None:
    path = first_start()
    user = User.objects.create_user("ops@example.org")
    assert browser().get(path).status_code == 200
    user.set_password(PASSWORD)
    user.save()
    assert not Link.objects.filter(purpose=Link.Purpose.FIRST_START).exists()
    assert browser().post(path, ME).status_code == 404
    assert not Membership.objects.exists()


def test_a_link_of_the_first_start_that_an_earlier_version_left_is_refused_and_deleted(
    ledgers: OpenLedgers, person: MakePerson, browser: MakeBrowser
) -> None:
    person("ops@example.org")
    path = first_start()
    assert browser().post(path, ME).status_code == 404
    assert not Link.objects.exists()
    assert not Membership.objects.exists()


def test_the_first_user_owns_every_existing_account(ledgers: OpenLedgers, browser: MakeBrowser) -> None:
    client, path = browser(), first_start()
    assert "Create the first user" in client.get(path).content.decode()
    assert client.post(path, ME)["Location"] == "/"
    assert Membership.objects.get(user__email="ada@example.org").role == Role.OWNER
    assert client.get("/me").status_code == 200


def test_without_accounts_the_first_user_creates_one(empty_folder: OpenLedgers, browser: MakeBrowser) -> None:
    client, path = browser(), first_start()
    assert "account_name" in client.get(path).content.decode()
    client.post(path, {**ME, "account_name": "Maple", "account_title": "Maple & Moor"})
    assert Membership.objects.get().account == "maple"
    with empty_folder.reading("maple") as ledger:
        assert ledger.account.title == "Maple & Moor"


def test_an_invalid_account_id_changes_nothing(empty_folder: OpenLedgers, browser: MakeBrowser) -> None:
    client, path = browser(), first_start()
    page = client.post(path, {**ME, "account_name": "../etc", "account_title": "x"}).content.decode()
    assert "is not a valid account name" in page
    assert not User.objects.exists()
    assert client.post(path, {**ME, "account_name": "maple", "account_title": "x"}).status_code == 302


def test_the_demo_owner_does_not_count_as_a_user(ledgers: OpenLedgers, browser: MakeBrowser) -> None:
    demo = User.objects.create_user("demo@botmeter.example")
    Membership.objects.create(user=demo, account="acme", role=Role.OWNER, may_export=True)
    browser().post(first_start(), ME)
    assert Membership.objects.filter(account="acme", user__email="ada@example.org", role=Role.OWNER).exists()


def test_only_submitting_the_form_uses_up_a_link(ledgers: OpenLedgers, browser: MakeBrowser) -> None:
    path = first_start()
    for _ in range(3):
        assert browser().get(path).status_code == 200
    browser().post(path, ME)
    answer = browser().get(path)
    assert answer.status_code == 404
    assert "link_unusable" in answer.content.decode()
    assert browser().post(path, {**ME, "email": "eve@example.org"}).status_code == 404


@pytest.mark.parametrize("route", ["start", "link", "invitation", "password"])
def test_a_link_works_for_its_purpose_only_and_not_when_altered_or_expired(
    ledgers: OpenLedgers, browser: MakeBrowser, route: str
) -> None:
    purposes = {"start": "first_start", "link": "sign_in", "invitation": "invitation", "password": "password"}
    about = {
        "user": User.objects.create_user("ada@example.org"),
        "account": "acme",
        "email": "new@example.org",
        "role": "viewer",
    }
    for purpose in purposes.values():
        secret = new_link(Link.Purpose(purpose), lasting=DAY, **about)
        expected = 200 if purposes[route] == purpose else 404
        assert browser().get(f"/{route}/{secret}").status_code == expected
        for altered in (secret[:-1], secret + "A", secret.swapcase(), digest_of(secret), "x", "%00"):
            assert browser().get(f"/{route}/{altered}").status_code == 404
            assert browser().post(f"/{route}/{altered}").status_code == 404
        expired = new_link(Link.Purpose(purpose), lasting=-DAY, **about)
        assert browser().get(f"/{route}/{expired}").status_code == 404
        assert browser().post(f"/{route}/{expired}").status_code == 404


def test_secrets_of_links_are_not_stored(owner: User) -> None:
    secret = new_link(Link.Purpose.SIGN_IN, lasting=DAY, user=owner)
    assert secret not in str(Link.objects.values().get())


def test_two_concurrent_uses_of_a_link_let_only_one_succeed(owner: User) -> None:
    new_link(Link.Purpose.SIGN_IN, lasting=DAY, user=owner)
    link = Link.objects.get()
    use_up(link)
    with pytest.raises(Missing) as refused:
        use_up(link)
    assert refused.value.code == "link_unusable"


def test_a_sign_in_link_signs_in_only_after_its_button(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    path = f"/link/{new_link(Link.Purpose.SIGN_IN, lasting=DAY, user=owner)}"
    client = browser()
    assert owner.email in client.get(path).content.decode()
    assert client.get("/me").status_code == 302
    assert client.post(path)["Location"] == "/"
    assert client.get("/me").status_code == 200
    assert browser().post(path).status_code == 404


def test_the_demo_link_signs_in_at_once_and_repeatedly(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    path = f"/link/{new_link(Link.Purpose.SIGN_IN, lasting=DAY, user=owner, is_reusable=True)}"
    for _ in range(2):
        client = browser()
        assert client.get(path)["Location"] == "/"
        assert client.get("/me").status_code == 200


def test_a_link_of_an_inactive_user_is_unusable(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    secrets = [new_link(purpose, lasting=DAY, user=owner) for purpose in (Link.Purpose.SIGN_IN, Link.Purpose.PASSWORD)]
    User.objects.update(is_active=False)
    assert browser().post(f"/link/{secrets[0]}").status_code == 404
    assert browser().get(f"/password/{secrets[1]}").status_code == 404


def invitation_of(inviter: User, email: str = "new@example.org") -> str:
    about = {"account": "acme", "email": email, "role": Role.ANALYST, "may_export": True, "created_by": inviter}
    return f"/invitation/{new_link(Link.Purpose.INVITATION, lasting=DAY, **about)}"


def test_a_new_user_joins_with_a_name_and_a_password(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    client, path = browser(), invitation_of(owner)
    assert "Olga invites you as an analyst" in client.get(path).content.decode()
    assert (
        client.post(path, {"name": "New", "password": PASSWORD})["Location"]
        == "/a/acme/reports/bot-session-consumption"
    )
    membership = Membership.objects.get(user__email="new@example.org")
    assert (membership.role, membership.may_export) == (Role.ANALYST, True)
    assert AuditEntry.objects.get(action=Action.MEMBER_JOINED).account == "acme"
    assert browser().get(path).status_code == 404


def test_a_signed_in_user_joins_as_themselves(
    ledgers: OpenLedgers, owner: User, stranger: User, browser: MakeBrowser
) -> None:
    path, client = invitation_of(owner), browser(stranger)
    assert stranger.email in client.get(path).content.decode()
    client.post(path)
    assert Membership.objects.get(user=stranger, account="acme").role == Role.ANALYST
    assert not User.objects.filter(email="new@example.org").exists()


def test_an_invitation_never_sets_the_password_of_an_existing_user(
    ledgers: OpenLedgers, owner: User, person: MakePerson, browser: MakeBrowser
) -> None:
    known, fresh = person("known@example.org"), User.objects.create_user("fresh@example.org")
    for user in (known, fresh):
        path = invitation_of(owner, user.email)
        assert f"/sign-in?next={path}" in browser().get(path).content.decode()
        browser().post(path, {"name": "Mallory", "password": "mallory chose this"})
        assert not User.objects.get(pk=user.pk).check_password("mallory chose this")
        assert Link.objects.filter(email=user.email, used_at=None).exists()


def test_an_invitation_does_not_change_an_existing_member(
    ledgers: OpenLedgers, owner: User, viewer: User, browser: MakeBrowser
) -> None:
    answer = browser(viewer).post(invitation_of(owner))
    assert answer.status_code == 409
    assert "member_already" in answer.content.decode()
    assert Membership.objects.get(user=viewer).role == Role.VIEWER


def test_without_mail_the_reset_page_refers_to_an_owner(browser: MakeBrowser) -> None:
    page = browser().get("/password").content.decode()
    assert "Ask an account owner" in page
    assert "<form" not in page
    browser().post("/password", {"email": "x@example.org"})
    assert not Link.objects.exists()


def emailed_link() -> str:
    wait_until_sent()
    match = re.search(r"https://meter\.example\.org(/password/\S+)", str(mail.outbox[-1].body))
    assert match
    return match[1]


@pytest.mark.usefixtures("mails", "ledgers")
def test_an_emailed_link_sets_a_new_password_once(owner: User, browser: MakeBrowser) -> None:
    signed_in = browser(owner)
    browser().post("/password", {"email": f" {owner.email.upper()}"})
    path, client = emailed_link(), browser()
    assert mail.outbox[-1].to == [owner.email]
    assert client.post(path, {"password": "short"}).status_code == 200
    assert client.post(path, {"password": "quite another one"})["Location"] == "/"
    assert client.get("/me").status_code == 200
    assert signed_in.get("/me").status_code == 302
    assert browser().get(path).status_code == 404
    assert AuditEntry.objects.filter(action=Action.PASSWORD_CHANGED, user=owner).exists()


@pytest.mark.usefixtures("mails", "ledgers")
def test_a_new_password_invalidates_earlier_links(owner: User, browser: MakeBrowser) -> None:
    older = new_link(Link.Purpose.SIGN_IN, lasting=DAY, user=owner)
    browser().post("/password", {"email": owner.email})
    first = emailed_link()
    browser().post("/password", {"email": owner.email})
    browser().post(emailed_link(), {"password": "quite another one"})
    assert browser().get(first).status_code == 404
    assert browser().get(f"/link/{older}").status_code == 404


@pytest.mark.usefixtures("mails")
def test_a_reset_does_not_reveal_known_addresses(owner: User, browser: MakeBrowser) -> None:
    pages = []
    for email in (owner.email, "nobody@example.org"):
        page = browser().post("/password", {"email": email}, follow=True).content.decode()
        pages.append([line for line in page.splitlines() if "csrfmiddlewaretoken" not in line])
    wait_until_sent()
    assert pages[0] == pages[1]
    assert [email.to for email in mail.outbox] == [[owner.email]]
    # Of the unknown address nothing is left.
    assert Notification.objects.get().recipient == owner.email
    assert Link.objects.get().user == owner


@pytest.mark.usefixtures("mails")
def test_reset_emails_are_rate_limited(owner: User, browser: MakeBrowser) -> None:
    for _ in range(8):
        assert browser().post("/password", {"email": owner.email}).status_code == 302
    wait_until_sent()
    assert len(mail.outbox) == 3


@pytest.mark.usefixtures("mails")
def test_an_email_links_to_the_configured_url_whatever_host_was_requested(owner: User, browser: MakeBrowser) -> None:
    for headers in ({"host": "localhost:6666"}, {"x-forwarded-host": "evil.example"}):
        browser().post("/password", {"email": owner.email}, headers=headers)
        assert emailed_link()
    assert browser().post("/password", {"email": owner.email}, headers={"host": "evil.example"}).status_code == 400
    assert not any(name in email.body for email in mail.outbox for name in ("evil", "6666"))


def test_a_failing_mail_server_does_not_fail_the_request(
    mails: None, owner: User, browser: MakeBrowser, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert browser().post("/password", {"email": owner.email}).status_code == 302
    wait_until_sent()
    waiting = Notification.objects.get()
    assert (waiting.state, "does not answer" in waiting.last_answer) == (State.DUE, True)


def test_expired_links_except_invitations_are_deleted(owner: User) -> None:
    for lasting in (-DAY, DAY):
        for purpose in (Link.Purpose.PASSWORD, Link.Purpose.INVITATION):
            new_link(purpose, lasting=lasting, user=owner)
    forget_expired_links()
    assert sorted(Link.objects.values_list("purpose", flat=True)) == ["invitation", "invitation", "password"]
