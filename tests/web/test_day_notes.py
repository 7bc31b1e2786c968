"""Notes on days: written by billing admins, marked in everyone's trend, absent on shared pages."""

from datetime import date

import pytest
from django.test import Client

from botmeter.domain.errors import Refused, TooMuch
from botmeter.ledger.erased_ids import ErasedIds
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.people import day_notes
from botmeter.people.account_deletion import delete_account
from botmeter.people.audit import Action
from botmeter.people.erasure import forget_customer
from botmeter.people.models import AuditEntry, DayNote, User
from botmeter.people.rights import Role
from botmeter.people.shares import ShareDraft, new_share

from .conftest import MakeBrowser, MakePerson

pytestmark = pytest.mark.django_db
NOTES = "/a/acme/notes"
REPORT = "/a/acme/reports/bot-session-consumption"
DAYS = "from=2026-03-25&to=2026-04-05"
TREND = f"{REPORT}?{DAYS}#w-session-consumption-trend"


@pytest.fixture
def admin(person: MakePerson, browser: MakeBrowser, ledgers: OpenLedgers) -> Client:
    """The browser of a billing admin."""
    return browser(person("bo@example.org", role=Role.BILLING_ADMIN))


def page_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def noted(client: Client, *, on: str = "31 Mar 2026", text: str = "Campaign <b>starts</b>") -> None:
    answer = client.post(NOTES, {"on": on, "text": text, "query": DAYS})
    assert (answer.status_code, answer["Location"]) == (302, TREND)


@pytest.mark.slow
def test_an_admin_notes_a_day_and_everyone_sees_its_mark(admin: Client, viewer: User, browser: MakeBrowser) -> None:
    before = page_of(browser(viewer), f"{REPORT}?{DAYS}")
    noted(admin)
    assert DayNote.objects.get().created_by is not None
    page = page_of(browser(viewer), f"{REPORT}?{DAYS}")
    assert "Campaign" not in before
    assert "<b>31 Mar</b> <bdi>Campaign &lt;b&gt;starts&lt;/b&gt;</bdi>" in page
    assert "31 Mar: Campaign &lt;b&gt;starts&lt;/b&gt;" in page.partition('class="chart-marks"')[2]
    assert NOTES not in page
    assert "Edit notes" in page_of(admin, f"{REPORT}?{DAYS}")
    assert "Campaign" not in page_of(browser(viewer), f"{REPORT}?from=2026-04-01&to=2026-04-05")
    # By week the note is on its week, by hour on the first hour of its day.
    for query in ("from=2026-03-01&to=2026-04-30&interval=week", "from=2026-03-31&to=2026-03-31"):
        assert "31 Mar: Campaign" in page_of(browser(viewer), f"{REPORT}?{query}").partition('class="chart-marks"')[2]


def test_a_shared_page_has_no_notes(admin: Client, owner: User, browser: MakeBrowser) -> None:
    noted(admin)
    secret = new_share("acme", ShareDraft(name="March", query=DAYS, lasting_days=1), created_by=owner).secret
    assert "Campaign" not in page_of(browser(), f"/s/{secret}")
    assert "Campaign" not in page_of(browser(), f"/s/{secret}/widgets/session-consumption-trend")
    assert "Campaign" in page_of(browser(owner), f"{REPORT}/widgets/session-consumption-trend?{DAYS}")


def test_a_note_is_listed_and_removed_with_an_audit_entry_of_each(admin: Client) -> None:
    noted(admin)
    page = page_of(admin, f"{NOTES}?query=compare%3Dyear")
    assert 'href="/a/acme/reports/bot-session-consumption?from=2026-03-31&amp;to=2026-03-31"' in page
    answer = admin.post(f"{NOTES}/{DayNote.objects.get().pk}", {"query": "compare=year"}, follow=True)
    assert "removed from 31 Mar 2026" in answer.content.decode()
    assert answer.redirect_chain == [(f"{NOTES}?query=compare%3Dyear", 302)]
    assert not DayNote.objects.exists()
    entries = AuditEntry.objects.filter(action__in=[Action.NOTE_ADDED, Action.NOTE_REMOVED])
    assert [entry.detail["day"] for entry in entries] == ["2026-03-31", "2026-03-31"]


def test_a_note_of_another_account_is_not_found(admin: Client) -> None:
    other = DayNote.objects.create(account="other", on=date(2026, 3, 31), text="secret")
    assert admin.post(f"{NOTES}/{other.pk}").status_code == 404
    assert "secret" not in page_of(admin, NOTES)
    assert DayNote.objects.exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"on": "2026-03-31", "text": "a\u202eb"}, "changes the order of the text after it"),
        ({"on": "2026-03-31", "text": "  "}, "required"),
        ({"on": "31.3.2026", "text": "a"}, "is not a date"),
        ({"on": "2026-03-31", "text": "x" * 101}, "100 characters"),
    ],
)
def test_an_invalid_note_is_refused_in_its_field(admin: Client, fields: dict[str, str], sentence: str) -> None:
    answer = admin.post(NOTES, fields)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not DayNote.objects.exists()


def test_notes_are_limited(admin: Client, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(day_notes, "NOTES_MAX", 1)
    noted(admin)
    answer = admin.post(NOTES, {"on": "2026-03-30", "text": "more"})
    assert "has 1 notes; the limit is 1" in answer.content.decode()
    with pytest.raises(TooMuch) as refusal:
        day_notes.add_day_note("acme", on=date(2026, 3, 30), text="more", created_by=owner)
    assert refusal.value.code == "day_notes_too_many"


def test_an_empty_note_is_refused(owner: User) -> None:
    with pytest.raises(Refused) as refusal:
        day_notes.add_day_note("acme", on=date(2026, 3, 30), text=" ", created_by=owner)
    assert refusal.value.code == "day_note_invalid"


def test_notes_end_with_their_account_and_name_no_erased_customer(
    admin: Client, owner: User, ledgers: OpenLedgers
) -> None:
    noted(admin, text="Complaint of eve@x.example")
    ids = ErasedIds(customers=frozenset({"eve@x.example"}), pseudonym="erased-0", others={})
    forget_customer("acme", ids)
    assert DayNote.objects.get().text == "Complaint of erased-0"
    delete_account(SharedFolder(ledgers), "acme")
    assert not DayNote.objects.exists()
