"""Coming in by a secret link: first start, sign-in link, invitation, new password. Used, expired, altered."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.core.cache import cache
from pytest_django import Settings

from botmeter.domain.errors import Missing
from botmeter.domain.instant import present
from botmeter.ledger.folder import Folder
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.audit import Action
from botmeter.people.links import digest_of, forget_expired_links, new_link, use_up
from botmeter.people.mail import send
from botmeter.people.models import AuditEntry, Link, Membership, User
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
    """The server knows how to send mail, and under which address it is known."""
    settings.EMAIL_HOST, settings.PUBLIC_URL = "mail.example.org", "https://meter.example.org"
    # The hourly count of sent emails is in the cache.
    cache.clear()


def first_start() -> str:
    return f"/start/{new_link(Link.Purpose.FIRST_START, lasting=DAY)}"


def test_the_first_person_owns_every_account_that_is_there(ledgers: OpenLedgers, browser: MakeBrowser) -> None:
    client, path = browser(), first_start()
    assert "Create the first user" in client.get(path).content.decode()
    assert client.post(path, ME)["Location"] == "/"
    assert Membership.objects.get(user__email="ada@example.org").role == Role.OWNER
    assert client.get("/me").status_code == 200


def test_where_there_is_no_account_the_first_person_makes_one(empty_folder: OpenLedgers, browser: MakeBrowser) -> None:
    client, path = browser(), first_start()
    assert "account_name" in client.get(path).content.decode()
    client.post(path, {**ME, "account_name": "Maple", "account_title": "Maple & Moor"})
    assert Membership.objects.get().account == "maple"
    with empty_folder.reading("maple") as ledger:
        assert ledger.account.title == "Maple & Moor"


def test_a_name_that_can_not_be_leaves_everything_as_it_was(empty_folder: OpenLedgers, browser: MakeBrowser) -> None:
    client, path = browser(), first_start()
    page = client.post(path, {**ME, "account_name": "../etc", "account_title": "x"}).content.decode()
    assert "is not a valid account name" in page
    assert not User.objects.exists()
    assert client.post(path, {**ME, "account_name": "maple", "account_title": "x"}).status_code == 302


def test_the_demos_owner_is_nobodys_owner(ledgers: OpenLedgers, browser: MakeBrowser) -> None:
    demo = User.objects.create_user("demo@botmeter.example")
    Membership.objects.create(user=demo, account="acme", role=Role.OWNER, may_export=True)
    browser().post(first_start(), ME)
    assert Membership.objects.filter(account="acme", user__email="ada@example.org", role=Role.OWNER).exists()


def test_an_account_that_people_use_is_not_given_to_whoever_starts(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser
) -> None:
    browser().post(first_start(), ME)
    assert not Membership.objects.filter(user__email="ada@example.org").exists()


def test_nobody_takes_over_a_user_by_the_first_start(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    page = browser().post(first_start(), {**ME, "email": owner.email.upper()}).content.decode()
    assert "A user with this email address already exists" in page
    assert User.objects.get(pk=owner.pk).check_password(PASSWORD)


def test_opening_a_link_uses_nothing_up_and_sending_its_form_does(ledgers: OpenLedgers, browser: MakeBrowser) -> None:
    path = first_start()
    for _ in range(3):
        assert browser().get(path).status_code == 200
    browser().post(path, ME)
    answer = browser().get(path)
    assert answer.status_code == 404
    assert "link_unusable" in answer.content.decode()
    assert browser().post(path, {**ME, "email": "eve@example.org"}).status_code == 404


@pytest.mark.parametrize("place", ["start", "link", "invitation", "password"])
def test_a_link_is_good_for_its_own_purpose_only_and_not_when_altered_or_expired(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser, place: str
) -> None:
    purposes = {"start": "first_start", "link": "sign_in", "invitation": "invitation", "password": "password"}
    about = {"user": owner, "account": "acme", "email": "new@example.org", "role": "viewer"}
    for purpose in purposes.values():
        secret = new_link(Link.Purpose(purpose), lasting=DAY, **about)
        expected = 200 if purposes[place] == purpose else 404
        assert browser().get(f"/{place}/{secret}").status_code == expected
        for altered in (secret[:-1], secret + "A", secret.swapcase(), digest_of(secret), "x", "%00"):
            assert browser().get(f"/{place}/{altered}").status_code == 404
            assert browser().post(f"/{place}/{altered}").status_code == 404
        expired = new_link(Link.Purpose(purpose), lasting=-DAY, **about)
        assert browser().get(f"/{place}/{expired}").status_code == 404
        assert browser().post(f"/{place}/{expired}").status_code == 404


def test_secrets_are_not_kept(owner: User) -> None:
    secret = new_link(Link.Purpose.SIGN_IN, lasting=DAY, user=owner)
    assert secret not in str(Link.objects.values().get())


def test_of_two_who_use_a_link_at_once_one_comes_late(owner: User) -> None:
    new_link(Link.Purpose.SIGN_IN, lasting=DAY, user=owner)
    seen_by_both = Link.objects.get()
    use_up(seen_by_both)
    with pytest.raises(Missing) as refused:
        use_up(seen_by_both)
    assert refused.value.code == "link_unusable"


def test_a_sign_in_link_waits_for_the_button(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    path = f"/link/{new_link(Link.Purpose.SIGN_IN, lasting=DAY, user=owner)}"
    client = browser()
    assert owner.email in client.get(path).content.decode()
    assert client.get("/me").status_code == 302
    assert client.post(path)["Location"] == "/"
    assert client.get("/me").status_code == 200
    assert browser().post(path).status_code == 404


def test_the_demos_link_signs_in_at_once_and_again(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    path = f"/link/{new_link(Link.Purpose.SIGN_IN, lasting=DAY, user=owner, is_reusable=True)}"
    for _ in range(2):
        client = browser()
        assert client.get(path)["Location"] == "/"
        assert client.get("/me").status_code == 200


def test_a_link_of_someone_shut_out_is_no_link(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    secrets = [new_link(purpose, lasting=DAY, user=owner) for purpose in (Link.Purpose.SIGN_IN, Link.Purpose.PASSWORD)]
    User.objects.update(is_active=False)
    assert browser().post(f"/link/{secrets[0]}").status_code == 404
    assert browser().get(f"/password/{secrets[1]}").status_code == 404


def invitation_of(inviter: User, email: str = "new@example.org") -> str:
    about = {"account": "acme", "email": email, "role": Role.ANALYST, "may_export": True, "created_by": inviter}
    return f"/invitation/{new_link(Link.Purpose.INVITATION, lasting=DAY, **about)}"


def test_a_new_person_joins_with_a_name_and_a_password(ledgers: OpenLedgers, owner: User, browser: MakeBrowser) -> None:
    client, path = browser(), invitation_of(owner)
    assert "Olga invites you as an analyst" in client.get(path).content.decode()
    assert client.post(path, {"name": "New", "password": PASSWORD})["Location"] == "/a/acme/reports"
    membership = Membership.objects.get(user__email="new@example.org")
    assert (membership.role, membership.may_export) == (Role.ANALYST, True)
    assert AuditEntry.objects.get(action=Action.MEMBER_JOINED).account == "acme"
    assert browser().get(path).status_code == 404


def test_someone_who_is_signed_in_joins_as_they_are(
    ledgers: OpenLedgers, owner: User, stranger: User, browser: MakeBrowser
) -> None:
    path, client = invitation_of(owner), browser(stranger)
    assert stranger.email in client.get(path).content.decode()
    client.post(path)
    assert Membership.objects.get(user=stranger, account="acme").role == Role.ANALYST
    assert not User.objects.filter(email="new@example.org").exists()


def test_an_invitation_never_sets_the_password_of_someone_who_exists(
    ledgers: OpenLedgers, owner: User, person: MakePerson, browser: MakeBrowser
) -> None:
    known, fresh = person("known@example.org"), User.objects.create_user("fresh@example.org")
    for user in (known, fresh):
        path = invitation_of(owner, user.email)
        assert f"/sign-in?next={path}" in browser().get(path).content.decode()
        browser().post(path, {"name": "Mallory", "password": "mallory chose this"})
        assert not User.objects.get(pk=user.pk).check_password("mallory chose this")
        assert Link.objects.filter(email=user.email, used_at=None).exists()


def test_a_member_is_not_made_another_by_an_invitation(
    ledgers: OpenLedgers, owner: User, viewer: User, browser: MakeBrowser
) -> None:
    answer = browser(viewer).post(invitation_of(owner))
    assert answer.status_code == 409
    assert "member_already" in answer.content.decode()
    assert Membership.objects.get(user=viewer).role == Role.VIEWER


def test_without_mail_a_forgotten_password_is_a_matter_of_people(browser: MakeBrowser) -> None:
    page = browser().get("/password").content.decode()
    assert "Ask an account owner" in page
    assert "<form" not in page
    browser().post("/password", {"email": "x@example.org"})
    assert not Link.objects.exists()


def emailed_link() -> str:
    wait_until_sent()
    found = re.search(r"https://meter\.example\.org(/password/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


@pytest.mark.usefixtures("mails", "ledgers")
def test_an_emailed_link_leads_to_a_new_password_once(owner: User, browser: MakeBrowser) -> None:
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
def test_a_new_password_makes_every_earlier_link_void(owner: User, browser: MakeBrowser) -> None:
    older = new_link(Link.Purpose.SIGN_IN, lasting=DAY, user=owner)
    browser().post("/password", {"email": owner.email})
    first = emailed_link()
    browser().post("/password", {"email": owner.email})
    browser().post(emailed_link(), {"password": "quite another one"})
    assert browser().get(first).status_code == 404
    assert browser().get(f"/link/{older}").status_code == 404


@pytest.mark.usefixtures("mails")
def test_nobody_learns_who_is_known(owner: User, browser: MakeBrowser) -> None:
    pages = []
    for email in (owner.email, "nobody@example.org"):
        page = browser().post("/password", {"email": email}, follow=True).content.decode()
        pages.append([line for line in page.splitlines() if "csrfmiddlewaretoken" not in line])
    wait_until_sent()
    assert pages[0] == pages[1]
    assert [email.to for email in mail.outbox] == [[owner.email]]
    assert Link.objects.filter(user=None, expires_at__lte=present()).count() == 1


@pytest.mark.usefixtures("mails")
def test_nobodys_mailbox_is_filled(owner: User, browser: MakeBrowser) -> None:
    for _ in range(8):
        assert browser().post("/password", {"email": owner.email})["Location"] == "/sign-in"
    wait_until_sent()
    assert len(mail.outbox) == 3


@pytest.mark.usefixtures("mails")
def test_an_email_links_to_the_configured_url_whatever_host_was_requested(owner: User, browser: MakeBrowser) -> None:
    for headers in ({"host": "localhost:6666"}, {"x-forwarded-host": "evil.example"}):
        browser().post("/password", {"email": owner.email}, headers=headers)
        assert emailed_link()
    assert browser().post("/password", {"email": owner.email}, headers={"host": "evil.example"}).status_code == 400
    assert not any(name in email.body for email in mail.outbox for name in ("evil", "6666"))


def test_a_letter_that_can_not_be_sent_stops_nobody(
    mails: None, owner: User, browser: MakeBrowser, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert browser().post("/password", {"email": owner.email}).status_code == 302
    wait_until_sent()
    assert "could not be sent" in caplog.text


def test_links_that_open_nothing_any_more_are_forgotten_but_for_invitations(owner: User) -> None:
    for lasting in (-DAY, DAY):
        for purpose in (Link.Purpose.PASSWORD, Link.Purpose.INVITATION):
            new_link(purpose, lasting=lasting, user=owner)
    forget_expired_links()
    assert sorted(Link.objects.values_list("purpose", flat=True)) == ["invitation", "invitation", "password"]


def test_an_email_that_fails_by_a_bug_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    send("Two\nlines", "…", to="ada@example.org")
    wait_until_sent()
    assert "An email could not be sent" in caplog.text
    assert "Header values" in caplog.text
