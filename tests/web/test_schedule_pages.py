"""Pages of schedules: added once, changed, paused, removed, and sent as a sample."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, RequestFactory

from botmeter.domain.errors import Refused
from botmeter.live.server_state import ServerState
from botmeter.people.models import AuditEntry, Membership, SavedView, User
from botmeter.people.notifications import outbox
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.schedule_models import Schedule
from botmeter.people.rights import Role
from botmeter.web.access import Visit
from botmeter.web.pages.schedules.recipients import check_recipients
from support.page_forms import changing_forms

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledgers")]
SCHEDULES = "/a/acme/schedules"

Browser = Callable[..., Client]
Person = Callable[..., User]


@pytest.fixture
def ana(person: Person) -> User:
    return person("ana@example.org", role=Role.ANALYST)


@pytest.fixture
def view(ana: User) -> SavedView:
    return SavedView.objects.create(account="acme", owner=ana, name="Web", query="channel=web")


@pytest.fixture(autouse=True)
def one_folder(monkeypatch: pytest.MonkeyPatch, state: ServerState) -> None:
    monkeypatch.setattr(outbox, "folder_id", lambda _path: state.ledgers.folder.id)


def filled(user: User, view: SavedView, **fields: Any) -> dict[str, Any]:
    return {
        "form_token": "0" * 32,
        "name": "Web chats",
        "report": f"view-{view.pk}",
        "cadence": "weekly",
        "weekday": "2",
        "month_day": "1",
        "hour": "7",
        "timezone": "Europe/Berlin",
        "file_format": "xlsx",
        "to": [f"user:{user.pk}"],
        f"part-user:{user.pk}": "bot=b1",
        "what": "save",
        **fields,
    }


def test_a_form_posted_twice_adds_one_schedule(ana: User, view: SavedView, browser: Browser) -> None:
    client = browser(ana)
    assert 'value="view-' in client.get(f"{SCHEDULES}/new?report=view-{view.pk}").content.decode()
    for _ in range(2):
        page = client.post(f"{SCHEDULES}/new", filled(ana, view), follow=True).content.decode()
    assert "At 07:00 on Wednesday, Europe/Berlin" in page
    schedule = Schedule.objects.get()
    assert schedule.recipients == [{"user": ana.pk, "filters": {"bot": ["b1"]}}]
    assert (schedule.query, schedule.created_by) == ("channel=web", ana)
    assert AuditEntry.objects.filter(action="schedule_added").count() == 1
    # A change of the view is one of the schedule, which keeps it when the view is deleted.
    view.query = "channel=whatsapp"
    view.save()
    view.delete()
    schedule.refresh_from_db()
    assert (schedule.query, schedule.view) == ("channel=whatsapp", None)
    answer = client.post(f"{SCHEDULES}/{schedule.pk}", filled(ana, view, report="kept", hour="8"))
    schedule.refresh_from_db()
    assert (answer.status_code, schedule.query, schedule.hour) == (302, "channel=whatsapp", 8)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"to": []}, "Choose at least one recipient."),
        ({"emails": "eve@example.com"}, "You may choose members only, not eve@example.com."),
        ({"report": "statement", "file_format": ""}, "A statement has no parts."),
        (
            {"report": "statement", "file_format": "xlsx"},
            "A statement has no such file. Choose PDF or CSV, or no file.",
        ),
        ({"timezone": "Europe/Bonn"}, "is not in the IANA time zone database."),
    ],
)
def test_what_can_not_be_sent_is_refused(
    ana: User, view: SavedView, browser: Browser, fields: dict[str, Any], sentence: str
) -> None:
    answer = browser(ana).post(f"{SCHEDULES}/new", filled(ana, view, **fields))
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not Schedule.objects.exists()


@pytest.mark.slow
def test_only_owners_choose_other_addresses_and_all_schedules(
    ana: User, owner: User, view: SavedView, browser: Browser
) -> None:
    view.is_for_all = True
    view.save()
    boss, client = browser(owner), browser(ana)
    wrong = boss.post(f"{SCHEDULES}/new", filled(owner, view, emails="not an address"))
    assert "&#39;not&#39; is not an email address." in wrong.content.decode()
    boss.post(f"{SCHEDULES}/new", filled(owner, view, emails="eve@example.com, fay@example.com", to=[]))
    [schedule] = Schedule.objects.all()
    assert schedule.recipients == [{"email": "eve@example.com"}, {"email": "fay@example.com"}]
    assert client.get(f"{SCHEDULES}/{schedule.pk}").status_code == 404
    client.post(f"{SCHEDULES}/new", filled(ana, view, form_token="1" * 32))
    pages = [page.get(SCHEDULES).content.decode() for page in (client, boss)]
    assert [page.count("/a/acme/schedules/") for page in pages] == [2, 3]


@pytest.mark.slow
def test_a_schedule_is_paused_resumed_removed_and_restored(ana: User, view: SavedView, browser: Browser) -> None:
    client = browser(ana)
    client.post(f"{SCHEDULES}/new", filled(ana, view))
    schedule = Schedule.objects.get()
    path = f"{SCHEDULES}/{schedule.pk}"
    begun = schedule.begins_at
    assert "Paused" in client.post(path, {"what": "pause"}, follow=True).content.decode()
    client.post(path, {"what": "resume"})
    schedule.refresh_from_db()
    assert schedule.is_on
    assert schedule.begins_at > begun
    page = client.post(path, {"what": "remove"}, follow=True).content.decode()
    assert client.get(path).status_code == 404
    [undo] = [each for each in changing_forms(page, path=SCHEDULES) if each.behaviour == "undo"]
    assert "restored" in client.post(undo.action, undo.fields, follow=True).content.decode()
    assert client.get(path).status_code == 200


def test_a_sample_goes_to_who_asks_once(ana: User, view: SavedView, browser: Browser) -> None:
    client = browser(ana)
    client.post(f"{SCHEDULES}/new", filled(ana, view))
    path = f"{SCHEDULES}/{Schedule.objects.get().pk}"
    for _ in range(2):
        client.post(path, {"what": "sample", "sample_token": "a"})
    [sample] = Notification.objects.all()
    assert (sample.recipient, sample.content["is_sample"]) == (ana.email, True)
    # Statements have none yet.
    Schedule.objects.update(subject="statement")
    page = client.post(path, {"what": "sample", "sample_token": "b"}, follow=True).content.decode()
    assert "Account acme has no closed statement yet." in page


@pytest.mark.slow
def test_refusals_name_what_is_wrong(owner: User, viewer: User, browser: Browser, rf: RequestFactory) -> None:
    client, form = (
        browser(owner),
        filled(owner, SavedView(pk=1), report="statement", file_format="pdf", to=[f"user:{viewer.pk}"]),
    )
    client.post(f"{SCHEDULES}/new", form)
    Schedule.objects.update(account="other")
    page = client.post(f"{SCHEDULES}/new", form).content.decode()
    assert "schedule_exists" in page
    assert "This form was sent before. Open a new one." in page
    member = Membership.objects.get(user=viewer)
    visit = Visit(request=rf.post("/"), user=viewer, account="acme", membership=member)
    with pytest.raises(Refused) as refused:
        check_recipients(visit, [{"email": f"m{number}@example.com"} for number in range(2)], before=[])
    assert refused.value.code == "recipients_invalid"
