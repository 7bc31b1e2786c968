"""Admin → Audit log: entries by person, action and day, page by page."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from botmeter.domain.instant import present, us_from_datetime, us_from_text
from botmeter.domain.text import day_text
from botmeter.people import client_address
from botmeter.people.audit import COMMAND_LINE, Action, record
from botmeter.people.models import AuditEntry, User
from botmeter.people.pending_audit import FOLDER, add_pending, has_pending, note_entry
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


def test_entries_are_listed_newest_first(owner: User, browser: MakeBrowser) -> None:
    for number in range(3):
        note(owner, number)
    entries = lines(browser(owner).get(AUDIT).content.decode())
    assert [f"rows: {number}" in line for number, line in zip((2, 1, 0), entries, strict=True)] == [True] * 3
    assert "Exported" in entries[0]


def test_paging_neither_skips_nor_repeats_entries(owner: User, browser: MakeBrowser) -> None:
    for number in range(120):
        note(owner, number)
    # Many at one instant: the cursor is more than a time.
    AuditEntry.objects.update(recorded_at=present())
    client, href, numbers = browser(owner), AUDIT, []
    while href:
        page = client.get(href).content.decode()
        numbers += [int(number) for number in re.findall(r"rows: (\d+)", page)]
        older = re.search(r'href="([^"]*before=[^"]*)"', page)
        href = older[1].replace("&amp;", "&") if older else ""
        note(owner, 1_000)
        AuditEntry.objects.filter(detail__rows=1_000).update(recorded_at=present())
    assert [number for number in numbers if number < 1_000] == list(range(119, -1, -1))
    assert len(numbers) == 120


def test_the_log_can_be_filtered_by_person_action_and_day(owner: User, viewer: User, browser: MakeBrowser) -> None:
    note(owner, 1)
    note(viewer, 2)
    note(viewer, 3, days_ago=10)
    record(Action.KEY_CREATED, request=None, user=viewer, account="acme", name="key")
    client = browser(owner)

    def matches(**query: str) -> list[int]:
        return [int(number) for number in re.findall(r"rows: (\d+)", client.get(AUDIT, query).content.decode())]

    today, earlier = present().date(), present().date() - timedelta(days=9)
    assert matches(who=viewer.email) == [2, 3]
    assert matches(action="exported") == [2, 1, 3]
    assert matches(action="key_created") == []
    assert matches(**{"from": today.isoformat()}) == [2, 1]
    # As they are shown, in any order.
    assert matches(**{"from": day_text(today), "to": day_text(earlier - timedelta(days=9))}) == [2, 1, 3]
    assert matches(to=earlier.isoformat(), who=viewer.email) == [3]
    assert matches(who="nobody") == []


def test_an_account_sees_only_its_own_entries(owner: User, stranger: User, browser: MakeBrowser) -> None:
    note(owner, 1)
    note(stranger, 2, account="other")
    record(Action.SIGNED_IN, request=None, user=stranger)
    page = browser(owner).get(AUDIT).content.decode()
    assert len(lines(page)) == 1
    assert stranger.email not in page


def test_owners_see_the_sign_ins_of_members_of_their_accounts(
    owner: User, viewer: User, person: MakePerson, browser: MakeBrowser
) -> None:
    record(Action.SIGNED_IN, request=None, user=viewer)
    record(Action.SIGN_IN_FAILED, request=None, user=None, who="unknown")
    other = person("other@example.org", role=Role.OWNER, account="acme-2")
    assert viewer.email in browser(owner).get(AUDIT).content.decode()
    assert "unknown" not in browser(owner).get(AUDIT).content.decode()
    assert browser(other).get(AUDIT).status_code == 404


@pytest.mark.parametrize(
    ("query", "code"),
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
def test_an_invalid_filter_or_cursor_is_refused(
    owner: User, browser: MakeBrowser, query: dict[str, str], code: str
) -> None:
    answer = browser(owner).get(AUDIT, query)
    assert answer.status_code == 400
    assert code in answer.content.decode()


@pytest.mark.parametrize(
    "query", [{"to": "9999-12-31"}, {"from": "0001-01-01"}, {"who": "\0"}, {"who": "x" * 5_000}, {"before": "1.1"}]
)
def test_extreme_filter_values_are_accepted(owner: User, browser: MakeBrowser, query: dict[str, str]) -> None:
    assert browser(owner).get(AUDIT, query).status_code == 200


def test_html_in_details_is_escaped(owner: User, browser: MakeBrowser) -> None:
    record(Action.SETTING_CHANGED, request=None, user=owner, account="acme", after="<img src=x onerror=alert(1)>")
    assert "<img" not in browser(owner).get(AUDIT).content.decode()


def test_the_log_accepts_no_post(owner: User, browser: MakeBrowser) -> None:
    assert browser(owner).post(AUDIT).status_code == 405


def test_booleans_roles_and_lists_are_formatted_as_words(owner: User, browser: MakeBrowser) -> None:
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


def test_a_forwarded_client_address_is_recorded_only_behind_a_trusted_proxy(owner: User, browser: MakeBrowser) -> None:
    client, forwarded = browser(owner), {"x-forwarded-for": "6.6.6.6, 10.1.2.3:5678"}
    client.post("/me/sign-out-everywhere", {"confirmed": "yes"}, headers=forwarded)
    client.post("/me/sign-out-everywhere", {"confirmed": "yes"}, headers=forwarded, REMOTE_ADDR="203.0.113.9")
    assert list(AuditEntry.objects.order_by("pk").values_list("address", flat=True)) == ["10.1.2.3", "203.0.113.9"]


def test_a_proxy_that_is_not_declared_is_reported_once(
    owner: User, browser: MakeBrowser, caplog: pytest.LogCaptureFixture
) -> None:
    client_address._is_reported.clear()
    client = browser(owner)
    for peer in ("127.0.0.1", "198.18.0.1", "8.8.8.8", "172.17.0.1", "172.17.0.1"):
        client.post(
            "/me/sign-out-everywhere", {"confirmed": "yes"}, headers={"x-forwarded-for": "8.8.4.4"}, REMOTE_ADDR=peer
        )
    reports = [each.getMessage() for each in caplog.records if "BOTMETER_TRUSTED_PROXIES" in each.getMessage()]
    assert len(reports) == 1
    assert "from 198.18.0.1 is ignored" in reports[0]


def test_entries_of_commands_are_added_once_the_database_is_open(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    detail = {"import": 3, "file": "july.csv", "accepted": 18_204}
    at_us = us_from_text("2026-07-02T10:00:00.123456Z")
    note_entry(tmp_path, Action.IMPORTED, account="acme", who=COMMAND_LINE, at_us=at_us, detail=detail)
    [file] = (tmp_path / FOLDER).iterdir()
    content = file.read_bytes()
    add_pending(tmp_path)
    assert not has_pending(tmp_path)
    # As if the process had been killed before it removed the file.
    file.write_bytes(content)
    add_pending(tmp_path)
    entry = AuditEntry.objects.get(action="imported")
    assert (entry.account, entry.who, entry.detail) == ("acme", COMMAND_LINE, detail)
    assert us_from_datetime(entry.recorded_at) == at_us
    file.write_bytes(b"torn")
    add_pending(tmp_path)
    assert has_pending(tmp_path)
    assert "wait" in caplog.text
