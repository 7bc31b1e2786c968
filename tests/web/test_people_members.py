"""Admin → Users and the accounts page: inviting, changing, removing, and what must stay impossible."""

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from botmeter.domain.errors import Refused
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people import members
from botmeter.people.audit import Action
from botmeter.people.members import MemberRole
from botmeter.people.models import AuditEntry, Link, Membership, User
from botmeter.people.rights import Role
from support.mails import wait_until_sent
from web.conftest import PASSWORD, MakeBrowser, MakePerson

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledgers")]
USERS = "/a/acme/admin/users"


def member_path(user: User, account: str = "acme") -> str:
    return f"/a/acme/admin/users/{Membership.objects.get(user=user, account=account).pk}"


def role_of(user: User) -> str:
    return Membership.objects.get(user=user, account="acme").role


def displayed_link(page: str, route: str) -> str:
    match = re.search(rf"http://testserver(/{route}/[\w-]+)", page)
    assert match, "The page displays no link."
    return match[1]


def test_an_invitation_link_is_displayed_once_and_lets_the_user_join(owner: User, browser: MakeBrowser) -> None:
    client = browser(owner)
    sent = {"email": "New@Example.org", "role": "viewer", "export": "yes"}
    path = displayed_link(client.post(USERS, sent, follow=True).content.decode(), "invitation")
    page = client.get(USERS).content.decode()
    assert path not in page
    assert "new@example.org" in page
    browser().post(path, {"name": "New", "password": PASSWORD})
    joined = Membership.objects.get(user__email="new@example.org")
    assert (joined.role, joined.may_export) == (Role.VIEWER, True)
    entry = AuditEntry.objects.get(action=Action.MEMBER_INVITED)
    assert (entry.account, entry.user, entry.detail["email"]) == ("acme", owner, "new@example.org")


def test_with_mail_an_invitation_is_sent_and_not_displayed(
    owner: User, browser: MakeBrowser, settings: Settings
) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    page = browser(owner).post(USERS, {"email": "new@example.org", "role": "viewer"}, follow=True).content.decode()
    wait_until_sent()
    assert mail.outbox[0].to == ["new@example.org"]
    assert "/invitation/" in str(mail.outbox[0].body)
    assert "/invitation/" not in page


def test_a_second_invitation_replaces_the_first(owner: User, browser: MakeBrowser) -> None:
    client = browser(owner)
    first, second = (
        displayed_link(
            client.post(USERS, {"email": "a@b.org", "role": role}, follow=True).content.decode(), "invitation"
        )
        for role in ("viewer", "analyst")
    )
    assert browser().get(first).status_code == 404
    assert "as an analyst" in browser().get(second).content.decode()


def test_a_revoked_invitation_is_unusable(owner: User, browser: MakeBrowser) -> None:
    client = browser(owner)
    path = displayed_link(
        client.post(USERS, {"email": "a@b.org", "role": "owner"}, follow=True).content.decode(), "invitation"
    )
    client.post(f"/a/acme/admin/invitations/{Link.objects.get().pk}")
    assert browser().get(path).status_code == 404
    assert AuditEntry.objects.filter(action=Action.INVITATION_REVOKED).exists()


@pytest.mark.parametrize(
    "sent",
    [
        {"email": "no address", "role": "viewer"},
        {"email": "a@b.org", "role": "king"},
        {"email": "", "role": ""},
        {"email": "a@b.org\nBcc: x@y.org", "role": "viewer"},
        {"email": "victor@example.org", "role": "owner"},
    ],
)
def test_an_invalid_invitation_shows_an_error(
    owner: User, viewer: User, browser: MakeBrowser, sent: dict[str, str]
) -> None:
    answer = browser(owner).post(USERS, sent)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()
    assert not Link.objects.exists()


@pytest.mark.slow
def test_an_account_has_at_most_two_hundred_open_invitations(owner: User) -> None:
    role = MemberRole(role=Role.VIEWER, may_export=False)
    for number in range(members.INVITATIONS_MAX):
        members.invite("acme", f"n{number}@example.org", role=role, by=owner)
    with pytest.raises(Refused) as refused:
        members.invite("acme", "one.more@example.org", role=role, by=owner)
    assert refused.value.code == "invitations_too_many"
    members.invite("acme", "n7@example.org", role=role, by=owner)


def test_changes_of_role_and_export_are_audited(owner: User, viewer: User, browser: MakeBrowser) -> None:
    sent = {"what": "change", "role": "analyst", "may_export": "on"}
    page = browser(owner).post(member_path(viewer), sent, follow=True).content.decode()
    assert "analyst, can export" in page
    membership = Membership.objects.get(user=viewer)
    assert (membership.role, membership.may_export) == (Role.ANALYST, True)
    detail = AuditEntry.objects.get(action=Action.MEMBER_CHANGED).detail
    assert (detail["before"], detail["after"]) == ("viewer, can't export", "analyst, can export")


@pytest.mark.parametrize("sent", [{"what": "change", "role": "viewer"}, {"what": "remove"}])
def test_the_last_owner_cannot_be_removed_or_demoted(
    owner: User, viewer: User, browser: MakeBrowser, sent: dict[str, str]
) -> None:
    answer = browser(owner).post(member_path(owner), sent)
    assert answer.status_code == 400
    assert "last_owner" in answer.content.decode()
    assert role_of(owner) == Role.OWNER


def test_the_only_owner_is_offered_neither_removal_nor_another_role(
    owner: User, viewer: User, person: MakePerson, browser: MakeBrowser
) -> None:
    client, own = browser(owner), member_path(owner)
    page = client.get(USERS).content.decode()
    assert "Only owner" in page
    assert f"Remove {owner.email}" not in page
    assert f"Role of {owner.email}" not in page
    assert f"Remove {viewer.email}" in page
    # The right to export can still be changed.
    client.post(own, {"what": "change", "role": "owner"})
    assert Membership.objects.get(user=owner).may_export is False

    person("second@example.org", role=Role.OWNER)
    page = client.get(USERS).content.decode()
    assert "Only owner" not in page
    assert f'href="{own}?what=remove"' in page
    answer = client.post(own, {"what": "remove", "confirmed": "yes"})
    assert answer["Location"] == "/"
    assert not Membership.objects.filter(user=owner, account="acme").exists()


@pytest.mark.parametrize(
    ("role", "export", "may_export"),
    [
        *((role.value, "", role is not Role.VIEWER) for role in Role),
        ("viewer", "yes", True),
        ("owner", "no", False),
    ],
)
def test_an_invitation_gives_the_usual_right_to_export_unless_one_is_chosen(
    owner: User, browser: MakeBrowser, role: str, export: str, may_export: bool
) -> None:
    sent = {"email": "a@b.org", "role": role, "export": export}
    path = displayed_link(browser(owner).post(USERS, sent, follow=True).content.decode(), "invitation")
    assert Link.objects.get().may_export is may_export
    words = "You can export underlying data." if may_export else "You can&#39;t export underlying data."
    assert words in browser().get(path).content.decode()


def test_an_owner_of_another_account_does_not_count_as_owner(owner: User, stranger: User, browser: MakeBrowser) -> None:
    assert browser(owner).post(member_path(owner), {"what": "remove"}).status_code == 400


def test_one_of_two_owners_can_be_demoted(owner: User, person: MakePerson, browser: MakeBrowser) -> None:
    second = person("second@example.org", role=Role.OWNER)
    client = browser(owner)
    assert client.post(member_path(owner), {"what": "change", "role": "viewer", "confirmed": "yes"})["Location"] == "/"
    assert client.get(USERS).status_code == 403
    assert browser(second).post(member_path(second), {"what": "remove"}).status_code == 400


def test_a_removed_member_loses_access_at_once(owner: User, viewer: User, browser: MakeBrowser) -> None:
    theirs = browser(viewer)
    path = member_path(viewer)
    assert theirs.get(USERS).status_code == 403
    browser(owner).post(path, {"what": "remove"})
    assert theirs.get(USERS).status_code == 404
    assert browser(owner).post(path, {"what": "remove"}).status_code == 404
    assert AuditEntry.objects.get(action=Action.MEMBER_REMOVED).detail["email"] == viewer.email


@pytest.mark.parametrize("sent", [{}, {"what": "everything"}, {"what": "change", "role": "king"}])
def test_an_unknown_action_or_role_is_refused(
    owner: User, viewer: User, browser: MakeBrowser, sent: dict[str, str]
) -> None:
    assert browser(owner).post(member_path(viewer), sent).status_code == 400
    assert role_of(viewer) == Role.VIEWER


def test_an_owner_can_create_a_password_link_for_a_member(owner: User, viewer: User, browser: MakeBrowser) -> None:
    page = browser(owner).post(member_path(viewer), {"what": "password"}, follow=True).content.decode()
    path = displayed_link(page, "password")
    browser().post(path, {"password": "quite another one"})
    assert User.objects.get(pk=viewer.pk).check_password("quite another one")
    assert AuditEntry.objects.get(action=Action.LINK_MADE).account == "acme"


def test_an_owner_cannot_create_a_password_link_for_a_member_of_another_account(
    owner: User, viewer: User, browser: MakeBrowser
) -> None:
    Membership.objects.create(user=viewer, account="other", role=Role.OWNER, may_export=True)
    answer = browser(owner).post(member_path(viewer), {"what": "password"})
    assert answer.status_code == 403
    assert "member_elsewhere" in answer.content.decode()
    assert not Link.objects.exists()


def test_with_mail_a_password_link_is_sent_and_not_displayed(
    owner: User, viewer: User, browser: MakeBrowser, settings: Settings
) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    cache.clear()
    Membership.objects.create(user=viewer, account="other", role=Role.OWNER, may_export=True)
    page = browser(owner).post(member_path(viewer), {"what": "password"}, follow=True).content.decode()
    wait_until_sent()
    assert mail.outbox[0].to == [viewer.email]
    assert "/password/" not in page


def test_members_of_other_accounts_are_not_found(owner: User, stranger: User, browser: MakeBrowser) -> None:
    client = browser(owner)
    for what in ("change", "remove", "password"):
        path = member_path(stranger, "other")
        assert client.post(path, {"what": what, "role": "viewer"}).status_code == 404
    assert client.post(f"/a/acme/admin/users/{10**30}", {"what": "remove"}).status_code == 404
    assert Membership.objects.get(user=stranger).role == Role.OWNER
    assert stranger.email not in client.get(USERS).content.decode()


def test_html_in_names_is_escaped(owner: User, viewer: User, browser: MakeBrowser) -> None:
    User.objects.filter(pk=viewer.pk).update(name="<script>alert(1)</script>")
    page = browser(owner).get(USERS).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_only_owners_can_create_further_accounts(
    owner: User, viewer: User, ledgers: OpenLedgers, browser: MakeBrowser
) -> None:
    sent = {"account_name": "Second", "account_title": "Second & Sons"}
    client = browser(owner)
    assert client.post("/accounts", sent)["Location"] == "/a/second/reports/bot-session-consumption"
    assert (
        "Account Second &amp; Sons created." in client.get("/a/second/reports/bot-session-consumption").content.decode()
    )
    assert "Second &amp; Sons" in client.get("/accounts").content.decode()
    with ledgers.reading("second") as ledger:
        assert ledger.account.title == "Second & Sons"
    assert Membership.objects.get(account="second").user == owner
    refused = browser(viewer).post("/accounts", {**sent, "account_name": "third"})
    assert refused.status_code == 403
    assert "account_not_yours_to_make" in refused.content.decode()
    assert "<form" not in browser(viewer).get("/accounts").content.decode().partition("<main")[2]


@pytest.mark.parametrize("name", ["acme", "ACME", "a/b", "..", "", "x" * 65, "ünï"])
def test_an_invalid_account_is_not_created(owner: User, browser: MakeBrowser, name: str) -> None:
    answer = browser(owner).post("/accounts", {"account_name": name, "account_title": "X"})
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()
    assert Membership.objects.filter(user=owner).count() == 1


def test_anyone_can_create_the_first_account(person: MakePerson, browser: MakeBrowser) -> None:
    client = browser(person("first@example.org"))
    assert client.get("/")["Location"] == "/accounts"
    assert client.post("/accounts", {"account_name": "mine", "account_title": "Mine"}).status_code == 302
    assert browser(person("second@example.org")).post("/accounts", {}).status_code == 403


def test_the_number_of_queries_does_not_depend_on_the_number_of_members(
    owner: User, person: MakePerson, browser: MakeBrowser
) -> None:
    client, counts = browser(owner), []
    client.get(USERS)
    for names in ((), ("ada", "bob", "cyd", "dan")):
        for name in names:
            person(f"{name}@example.org", role=Role.VIEWER)
        with CaptureQueriesContext(connection) as queries:
            client.get(USERS)
        counts.append(len(queries))
    assert counts[0] == counts[1]
