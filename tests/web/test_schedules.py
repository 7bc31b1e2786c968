"""Schedules: each slot is sent once, to those who may see it."""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest

from botmeter.billing.closing import close_ended
from botmeter.billing.plan_actions import set_plan
from botmeter.billing.plan_text import plan_from_text
from botmeter.domain.instant import datetime_from_us, now_us, us_from_text
from botmeter.ledger.billing.closed_statements import closed_statements
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.notifications.schedule_watch import ScheduleWatch
from botmeter.people.models import Membership, SavedView, User
from botmeter.people.notifications import outbox
from botmeter.people.notifications.delivery import (
    ChatText,
    FolderFiles,
    Mail,
    RenderContext,
    Rendered,
    WebhookCall,
    Withdrawn,
)
from botmeter.people.notifications.models import Destination, Notification
from botmeter.people.notifications.schedule_models import Schedule, ScheduleSlot
from botmeter.people.notifications.topics import Channel
from botmeter.people.rights import Role
from botmeter.web.notifications import scheduled_files
from botmeter.web.notifications.rendering import render
from support.pdf_text import text_of
from web.conftest import MakePerson
from web.test_billing_pages import PRICED

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
    for notification in Notification.objects.order_by("key"):
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


@pytest.mark.slow
def test_a_report_is_attached_as_an_accessible_pdf_with_its_numbers(
    watch: ScheduleWatch, daily: Schedule, ledgers: OpenLedgers, clock: Clock
) -> None:
    import pikepdf

    daily.file_format, daily.cadence = "pdf", "monthly"
    daily.save()
    watch.check_all()
    [mail] = rendered(ledgers, clock)
    assert isinstance(mail, Mail)
    [file] = mail.attachments
    assert (file.name, file.media_type) == ("sessions_2026-03-01_2026-03-31_UTC.pdf", "application/pdf")
    with pikepdf.open(BytesIO(file.content)) as pdf:
        text = " ".join(text_of(pdf).split())
        assert str(pdf.open_metadata()["pdfuaid:part"]) == "1"
    figures = re.search(r"(\d+) session", mail.text)
    assert figures is not None
    assert f"Sessions consumed {figures[1]} Days 1 – 31 Mar 2026" in text
    assert f"Month Sessions Mar 2026 {figures[1]} Total {figures[1]}" in text
    assert all(part in text for part in ("Daily sessions", "Sessions by bot", "Sessions by channel", "Created"))


@pytest.mark.slow
def test_a_report_without_the_extra_for_pdf_says_how_to_install_it(
    watch: ScheduleWatch, daily: Schedule, ledgers: OpenLedgers, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    daily.file_format = "pdf"
    daily.save()
    watch.check_all()
    monkeypatch.setitem(sys.modules, "typst", None)
    [mail] = rendered(ledgers, clock)
    assert isinstance(mail, Mail)
    assert not mail.attachments
    assert 'No file is attached. Files as PDF need the extra "pdf"' in mail.text


@pytest.mark.slow
def test_a_recipient_gets_the_own_part_and_nothing_without_sessions(
    watch: ScheduleWatch, daily: Schedule, ada: User, ledgers: OpenLedgers, clock: Clock
) -> None:
    daily.recipients = [{"user": ada.pk, "filters": {"bot": [bot]}} for bot in ("b2", "b1")]
    daily.skips_empty = True
    daily.save()
    clock.now -= timedelta(days=1)
    watch.check_all()
    results = list(rendered(ledgers, clock))
    parts = {each.text.split("\n\n")[2] for each in results if isinstance(each, Mail)}
    parts |= {each.reason for each in results if isinstance(each, Withdrawn)}
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


@pytest.mark.slow
def test_each_cycle_close_is_sent_once_with_its_statement(
    watch: ScheduleWatch, daily: Schedule, ledgers: OpenLedgers, clock: Clock, person: MakePerson
) -> None:
    """Two cycles that the server closed at once, after downtime."""
    with ledgers.writing("acme") as ledger:
        set_plan(ledger, plan_from_text(PRICED), from_us=us_from_text("2026-03-01T00:00:00Z"), now_us=now_us())
        close_ended(ledger, through=date(2026, 4, 30), now_us=now_us())
        closed = closed_statements(ledger)
    viewer = person("vera@example.org", role=Role.VIEWER)
    daily.subject, daily.cadence, daily.file_format = "statement", "cycle_close", "csv"
    daily.recipients = [*daily.recipients, {"user": viewer.pk}]
    daily.save()
    clock.now = datetime_from_us(closed[-1].closed_at)
    watch.check_all()
    assert not ScheduleSlot.objects.exists()
    clock.now += timedelta(days=1)
    for each in (watch, watch, watch_of(ledgers, clock)):
        each.check_all()
    slots = ScheduleSlot.objects.order_by("slot").values_list("slot", flat=True)
    assert list(slots) == [f"statement {each.number}" for each in closed]
    results = list(rendered(ledgers, clock))
    mails = [each for each in results if isinstance(each, Mail)]
    # The viewer may not see what sessions cost.
    assert [type(each) for each in results].count(Withdrawn) == len(closed)
    assert [mail.subject for mail in mails] == [
        "Statement ACME-000001, 1 \u2013 31 Mar 2026",
        "Statement ACME-000002, 1 \u2013 30 Apr 2026",
    ]
    assert "$9.00" in mails[0].text
    assert mails[0].attachments[0].name == "ACME-000001.csv"


@pytest.mark.slow
def test_a_file_beyond_its_limit_is_left_to_the_link(
    watch: ScheduleWatch, daily: Schedule, ledgers: OpenLedgers, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit, value in (("FILE_BYTES_MAX", {Channel.EMAIL: 100}), ("ROW_BYTES_LEAST", 101)):
        monkeypatch.setattr(scheduled_files, limit, value)
    watch.check_all()
    [mail] = rendered(ledgers, clock)
    assert isinstance(mail, Mail)
    assert not mail.attachments
    assert "it would have 1 session, and the limit is 0. Open the report to export it." in mail.text
    monkeypatch.setattr(scheduled_files, "ROW_BYTES_LEAST", 10)
    [mail] = rendered(ledgers, clock)
    assert isinstance(mail, Mail)
    assert "it has more than 0 MB, the limit. Open the report to export it." in mail.text
    # Written to disk only, and closed: the ledger can be changed.
    with ledgers.writing("acme") as ledger:
        assert ledger.version


@pytest.mark.slow
def test_a_webhook_and_a_folder_get_the_numbers_and_the_files(
    watch: ScheduleWatch, daily: Schedule, ada: User, ledgers: OpenLedgers, clock: Clock
) -> None:
    for name, kind in (("Hook", "webhook"), ("Files", "folder"), ("Team", "chat")):
        destination = Destination.objects.create(account="acme", name=name, kind=kind)
        daily.recipients.append({"destination": destination.pk})
    daily.recipients = daily.recipients[1:]
    daily.save()
    watch.check_all()
    chat, files, hook = rendered(ledgers, clock)
    assert isinstance(files, FolderFiles)
    assert [file.name for file in files.files] == [
        "sessions_2026-04-01_2026-04-01_UTC.png",
        "sessions_2026-04-01_2026-04-01_UTC.csv",
    ]
    assert isinstance(hook, WebhookCall)
    assert (hook.type, hook.data["sessions_consumed"]) == ("report.scheduled", 1)
    assert isinstance(chat, ChatText)
    assert "1 Apr 2026: 1 session consumed" in chat.text
    # Their author's rights bound what they get.
    Membership.objects.filter(user=ada).delete()
    assert {type(each) for each in rendered(ledgers, clock)} == {Withdrawn}
