"""Schedules: each slot is sent once, to those who may see it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.notifications.schedule_watch import ScheduleWatch
from botmeter.people.models import Membership, SavedView, User
from botmeter.people.notifications import outbox
from botmeter.people.notifications.delivery import Mail, RenderContext, Rendered, Withdrawn
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.schedule_models import Schedule, ScheduleSlot
from botmeter.people.rights import Role
from botmeter.web.notifications.rendering import render
from web.conftest import MakePerson

pytestmark = pytest.mark.django_db

_MORNING = datetime(2026, 4, 2, 9, tzinfo=UTC)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = _MORNING


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(ledgers: OpenLedgers, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> ScheduleWatch:
    monkeypatch.setattr(outbox, "folder_id", lambda _path: ledgers.folder.id)
    return watch_of(ledgers, clock)


def watch_of(ledgers: OpenLedgers, clock: Clock) -> ScheduleWatch:
    return ScheduleWatch(ledgers, clock=lambda: clock.now)


@pytest.fixture
def ada(person: MakePerson) -> User:
    return person("ada@example.org", role=Role.OWNER)


@pytest.fixture
def daily(ada: User, ledgers: OpenLedgers) -> Schedule:
    """The sessions of yesterday at 9 o'clock, to ada."""
    view = SavedView.objects.create(account="acme", owner=ada, name="All", query="")
    return Schedule.objects.create(
        account="acme",
        data_folder=ledgers.folder.id,
        name="Daily sessions",
        subject="view",
        view=view,
        cadence="daily",
        hour=9,
        timezone="UTC",
        file_format="csv",
        recipients=[{"user": ada.pk}],
        begins_at=_MORNING - timedelta(days=9),
        form_token="t1",  # noqa: S106 - of a form
        created_by=ada,
    )


def rendered(ledgers: OpenLedgers, clock: Clock) -> Iterator[Rendered]:
    for notification in Notification.objects.order_by("created_at", "recipient"):
        yield render(notification, RenderContext(ledgers=ledgers, now=clock.now))


@pytest.mark.usefixtures("daily")
def test_a_slot_is_sent_once_by_two_servers_and_after_a_restart(
    watch: ScheduleWatch, ledgers: OpenLedgers, clock: Clock
) -> None:
    clock.now = _MORNING - timedelta(hours=1)
    watch.check_all()
    # The newest missed one, of the day before; and not again by a server that starts before the next.
    assert list(ScheduleSlot.objects.values_list("slot", flat=True)) == ["day 2026-04-01"]
    other = watch_of(ledgers, clock)
    other.check_all()
    clock.now = _MORNING
    for each in (watch, other, watch, watch_of(ledgers, clock)):
        each.check_all()
    assert list(ScheduleSlot.objects.order_by("slot").values_list("slot", flat=True)) == [
        "day 2026-04-01",
        "day 2026-04-02",
    ]
    assert Notification.objects.count() == 2


def test_a_server_with_another_data_folder_sends_nothing(watch: ScheduleWatch, daily: Schedule) -> None:
    Schedule.objects.filter(pk=daily.pk).update(data_folder="another")
    watch.check_all()
    assert not Notification.objects.exists()


@pytest.mark.slow
@pytest.mark.usefixtures("daily")
def test_the_email_has_the_numbers_the_chart_the_bots_and_the_file(
    watch: ScheduleWatch, ledgers: OpenLedgers, clock: Clock
) -> None:
    watch.check_all()
    [mail] = rendered(ledgers, clock)
    assert isinstance(mail, Mail)
    assert mail.subject == "Daily sessions, 1 Apr 2026"
    assert "1 Apr 2026: 1 session consumed, no change from 1." in mail.text
    assert "/bot-session-consumption?from=2026-04-01&to=2026-04-01&timezone=UTC" in mail.text
    assert mail.images["chart"].startswith(b"\x89PNG")
    [file] = mail.attachments
    assert file.name == "sessions_2026-04-01_2026-04-01_UTC.csv"
    assert file.content.count(b"\n") == 2


def test_a_recipient_gets_the_own_part_and_nothing_without_sessions(
    watch: ScheduleWatch, daily: Schedule, ada: User, ledgers: OpenLedgers, clock: Clock
) -> None:
    daily.recipients = [{"user": ada.pk, "filters": {"bot": [bot]}} for bot in ("b2", "b1")]
    daily.skips_empty = True
    daily.save()
    clock.now -= timedelta(days=1)
    watch.check_all()
    parts = {
        each.reason if isinstance(each, Withdrawn) else each.text.split("\n\n")[2] for each in rendered(ledgers, clock)
    }
    assert parts == {"Nothing was sent: there were no sessions.", "Only bot b1."}


def test_a_member_never_gets_more_than_they_may_see(
    watch: ScheduleWatch, daily: Schedule, ledgers: OpenLedgers, clock: Clock, person: MakePerson
) -> None:
    viewer = person("vera@example.org", role=Role.VIEWER)
    daily.recipients = [{"user": viewer.pk}]
    daily.save()
    watch.check_all()
    [mail] = rendered(ledgers, clock)
    assert isinstance(mail, Mail)
    assert not mail.attachments
    assert "No file is attached, because you may not export data of this account." in mail.text
    Membership.objects.filter(user=viewer).delete()
    [nothing] = rendered(ledgers, clock)
    assert nothing == Withdrawn(reason="Nothing was sent: the recipient may not see this report any more.")
    clock.now += timedelta(days=1)
    watch.check_all()
    assert Notification.objects.count() == 1
