"""Admin → Audit: who did what, found again by person, deed and day, page after page."""

import re
from datetime import timedelta

import pytest
from pytest_django import Settings

from botmeter.domain.instant import present
from botmeter.people.audit import Action, record
from botmeter.people.models import AuditEntry, User
from botmeter.people.rights import Role
from web.conftest import MakeBrowser, MakePerson

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledgers")]
AUDIT = "/a/acme/admin/audit"


def lines(page: str) -> list[str]:
    return re.findall(r'<tr class="row">(.*?)</tr>', page, re.DOTALL)


def note(user: User, number: int, *, days_ago: int = 0, account: str = "acme") -> None:
    record(Action.EXPORTED, request=None, user=user, account=account, rows=number)
    newest = AuditEntry.objects.latest("pk")
    AuditEntry.objects.filter(pk=newest.pk).update(recorded_at=present() - timedelta(days=days_ago))


def test_what_was_done_stands_there_newest_first(owner: User, browser: MakeBrowser) -> None:
    for number in range(3):
        note(owner, number)
    shown = lines(browser(owner).get(AUDIT).content.decode())
    assert [f"rows: {number}" in line for number, line in zip((2, 1, 0), shown, strict=True)] == [True] * 3
    assert "Exported" in shown[0]


def test_every_page_follows_the_last_and_nothing_is_missed_or_doubled(owner: User, browser: MakeBrowser) -> None:
    for number in range(120):
        note(owner, number)
    # Many at one instant: the place in the log is more than a time.
    AuditEntry.objects.update(recorded_at=present())
    client, href, found = browser(owner), AUDIT, []
    while href:
        page = client.get(href).content.decode()
        found += [int(number) for number in re.findall(r"rows: (\d+)", page)]
        older = re.search(r'href="([^"]*before=[^"]*)"', page)
        href = older[1].replace("&amp;", "&") if older else ""
        note(owner, 1_000)
        AuditEntry.objects.filter(detail__rows=1_000).update(recorded_at=present())
    assert [number for number in found if number < 1_000] == list(range(119, -1, -1))
    assert len(found) == 120


def test_it_is_filtered_by_person_deed_and_day(owner: User, viewer: User, browser: MakeBrowser) -> None:
    note(owner, 1)
    note(viewer, 2)
    note(viewer, 3, days_ago=10)
    record(Action.KEY_CREATED, request=None, user=viewer, account="acme", name="key")
    client = browser(owner)

    def found(**asked: str) -> list[int]:
        return [int(number) for number in re.findall(r"rows: (\d+)", client.get(AUDIT, asked).content.decode())]

    today, earlier = present().date(), present().date() - timedelta(days=9)
    assert found(who=viewer.email) == [2, 3]
    assert found(action="exported") == [2, 1, 3]
    assert found(action="key_created") == []
    assert found(**{"from": today.isoformat()}) == [2, 1]
    assert found(to=earlier.isoformat(), who=viewer.email) == [3]
    assert found(who="nobody") == []


def test_accounts_do_not_read_each_others_log(owner: User, stranger: User, browser: MakeBrowser) -> None:
    note(owner, 1)
    note(stranger, 2, account="other")
    record(Action.SIGNED_IN, request=None, user=stranger)
    page = browser(owner).get(AUDIT).content.decode()
    assert len(lines(page)) == 1
    assert stranger.email not in page


def test_what_members_do_about_themselves_is_for_the_owners_of_their_accounts(
    owner: User, viewer: User, person: MakePerson, browser: MakeBrowser
) -> None:
    record(Action.SIGNED_IN, request=None, user=viewer)
    record(Action.SIGN_IN_FAILED, request=None, user=None, who="unknown")
    other = person("other@example.org", role=Role.OWNER, account="acme-2")
    assert viewer.email in browser(owner).get(AUDIT).content.decode()
    assert "unknown" not in browser(owner).get(AUDIT).content.decode()
    assert browser(other).get(AUDIT).status_code == 404


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"before": "x"}, "cursor_invalid"),
        ({"before": "1.2.3"}, "cursor_invalid"),
        ({"before": f"{10**30}.1"}, "cursor_invalid"),
        ({"before": f"1.{10**30}"}, "cursor_invalid"),
        ({"before": "١.٢"}, "cursor_invalid"),
        ({"action": "flew"}, "parameter_invalid"),
        ({"from": "yesterday"}, "date_invalid"),
        ({"to": "2026-02-30"}, "date_invalid"),
    ],
)
def test_what_can_not_be_asked_is_refused(owner: User, browser: MakeBrowser, asked: dict[str, str], code: str) -> None:
    answer = browser(owner).get(AUDIT, asked)
    assert answer.status_code == 400
    assert code in answer.content.decode()


@pytest.mark.parametrize(
    "asked", [{"to": "9999-12-31"}, {"from": "0001-01-01"}, {"who": "\0"}, {"who": "x" * 5_000}, {"before": "1.1"}]
)
def test_the_edges_of_the_calendar_are_no_failure(owner: User, browser: MakeBrowser, asked: dict[str, str]) -> None:
    assert browser(owner).get(AUDIT, asked).status_code == 200


def test_what_people_typed_is_text_and_nothing_else(owner: User, browser: MakeBrowser) -> None:
    record(Action.SETTING_CHANGED, request=None, user=owner, account="acme", after="<img src=x onerror=alert(1)>")
    assert "<img" not in browser(owner).get(AUDIT).content.decode()


def test_nothing_is_sent_to_the_log(owner: User, browser: MakeBrowser) -> None:
    assert browser(owner).post(AUDIT).status_code == 405


def test_yes_no_and_roles_are_said_in_words(owner: User, browser: MakeBrowser) -> None:
    record(
        Action.MEMBER_INVITED,
        request=None,
        user=owner,
        account="acme",
        role="billing_admin",
        may_export=False,
        to=[1, 2],
    )
    page = browser(owner).get(AUDIT).content.decode()
    assert "may export: no · role: billing admin · to: 1, 2" in page


def test_an_address_of_a_proxys_client_is_kept_only_behind_a_proxy(
    owner: User, browser: MakeBrowser, settings: Settings
) -> None:
    client, forwarded = browser(owner), {"x-forwarded-for": "6.6.6.6, 10.1.2.3"}
    client.post("/me/sign-out-everywhere", headers=forwarded)
    settings.IS_SECURE = True
    client.post("/me/sign-out-everywhere", headers=forwarded)
    assert list(AuditEntry.objects.order_by("pk").values_list("address", flat=True)) == ["127.0.0.1", "10.1.2.3"]
