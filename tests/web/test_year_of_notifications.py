"""A year of alerts, reports and statements on a driven clock, with a mail server that fails and senders that end."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pytest_django import Settings
from tests.support.ledgers import append_events, event_at, made_account

from botmeter.billing.alerts.alert import Alert, AlertKind
from botmeter.billing.closing import close_due
from botmeter.billing.plan import Allowance, Beyond, CycleRule, Meter, Plan
from botmeter.billing.plan_actions import set_plan
from botmeter.domain.instant import us_from_datetime
from botmeter.ledger.billing.corrections import CorrectionKind, correct_session
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.notifications.alert_watch import AlertWatch
from botmeter.live.notifications.mail_transport import send_mail
from botmeter.live.notifications.schedule_watch import ScheduleWatch
from botmeter.live.notifications.sender import NotificationSender
from botmeter.people.models import SavedView, User
from botmeter.people.notifications import outbox
from botmeter.people.notifications.alert_models import AlertCrossing
from botmeter.people.notifications.alert_rules import AlertDraft, add_rule
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.outbox import LEASE
from botmeter.people.notifications.schedule_models import Schedule
from botmeter.people.notifications.topics import Channel, State, Topic
from botmeter.people.rights import Role
from botmeter.reports.billed_sessions import billed_sessions
from botmeter.web.notifications.rendering import render
from support.smtp_server import SmtpServer, smtp_server
from web.conftest import MakePerson

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.longest]

# Later than the present, as what is put at once is due at present.
YEAR = 2041
BERLIN = ZoneInfo("Europe/Berlin")
FIRST = datetime(YEAR, 1, 1, 12, tzinfo=UTC)
LEVELS = (50, 80, 100)
ALLOWANCES = {1: 100, 6: 40}
"""Sessions that plans include, by the month from which."""
CORRECTED_ON = 20
"""Day of each month on which sessions are taken off the bill."""
FAILING = date(YEAR, 3, 20)
"""Day on which the mail server refuses everything."""
ENDS = {date(YEAR, 4, 3): "claim", date(YEAR, 5, 4): "note_rendered", date(YEAR, 9, 5): "note_answer"}
"""Days on which the sender ends while it stores this state."""


class EndError(BaseException):
    """The process ends here."""


class World:
    """An account, its clock, and what should have been sent."""

    def __init__(self, folder: Folder, server: SmtpServer) -> None:
        self.now, self.server = FIRST, server
        self.ledgers = OpenLedgers(folder)
        self.alerts = AlertWatch(self.ledgers, clock=lambda: us_from_datetime(self.now))
        self.schedules = ScheduleWatch(self.ledgers, clock=lambda: self.now)
        self.sender = self.new_sender()
        self.sessions = Counter[int]()
        self.fired: list[tuple[int, int]] = []
        self._crossed: set[tuple[int, int]] = set()
        self._count = 0

    def new_sender(self) -> NotificationSender:
        return NotificationSender(
            self.ledgers, render=render, transports={Channel.EMAIL: send_mail}, clock=lambda: self.now
        )

    def plans(self) -> None:
        with self.ledgers.writing("acme") as ledger:
            for month, sessions in ALLOWANCES.items():
                meter = Meter(allowance=Allowance(sessions=sessions), beyond=Beyond(kind="price", price=Decimal("0.1")))
                plan = Plan(
                    name=f"plan{month}", currency="EUR", cycle=CycleRule(anchor=date(YEAR, 1, 1)), meters=(meter,)
                )
                from_us = us_from_datetime(datetime(YEAR, month, 1, tzinfo=UTC))
                set_plan(ledger, plan, from_us=from_us, now_us=us_from_datetime(FIRST))

    def happen(self) -> None:
        """A day's sessions: most of today, some of days before."""
        day = self.now.timetuple().tm_yday
        ages = [0] * (2 + day % 3) + [day % 5] * (day % 4 == 0)
        events = []
        for age in ages:
            self._count += 1
            at = self.now - timedelta(days=age, minutes=self._count % 60)
            events.append(
                event_at(
                    f"e{self._count}",
                    us_from_datetime(at),
                    customer_id=f"c{self._count}",
                    conversation_id=f"v{self._count}",
                )
            )
            self.sessions[at.year * 12 + at.month] += 1
        with self.ledgers.writing("acme") as ledger:
            append_events(ledger, *events, now_us=us_from_datetime(self.now))
            if self.now.day == CORRECTED_ON:
                self._correct(ledger)
            close_due(ledger, now_us=us_from_datetime(self.now))
        self._expect()

    def _correct(self, ledger: Ledger) -> None:
        """Take a session of this month off the bill, and one of the last month, which is closed."""
        month = self.now.year * 12 + self.now.month
        first = self.now.replace(day=1, hour=0)
        for start, end in ((first, self.now), ((first - timedelta(days=1)).replace(day=1), first)):
            ids = billed_sessions(ledger, us_from_datetime(start), end_us=us_from_datetime(end))["session_id"]
            if len(ids):
                session_id, now_us = ids[len(ids) - 1].as_py(), us_from_datetime(self.now)
                correct_session(ledger, session_id, kind=CorrectionKind.VOID, reason="a loop", now_us=now_us)
        self.sessions[month] -= 1

    def _expect(self) -> None:
        """Of the levels that this month newly reaches, the highest fires."""
        month = self.now.year * 12 + self.now.month
        allowance = [sessions for first, sessions in ALLOWANCES.items() if first <= self.now.month][-1]
        percent = 100 * self.sessions[month] / allowance
        reached = {(month, level) for level in LEVELS if percent >= level}
        if new := reached - self._crossed:
            self.fired.append(max(new))
        self._crossed |= reached

    def send(self) -> None:
        self.alerts.check_all()
        self.schedules.check_all()
        self.sender.send_due()

    def end_at(self, step: str) -> None:
        """End the sender while it stores a state; another one begins after the lease."""

        def ends(*_given: object, **_options: object) -> None:
            raise EndError

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(outbox, step, ends)
            with pytest.raises(EndError):
                self.send()
        self.sender = self.new_sender()
        self.now += LEASE

    def pass_hours(self, hours: int) -> None:
        for _ in range(hours):
            self.now += timedelta(hours=1)
            self.sender.send_due()


@pytest.fixture
def world(tmp_path: Path, person: MakePerson, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.DATA = tmp_path / "data"
    with smtp_server() as server, Folder.owned(tmp_path / "data", purpose="a test") as folder:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        made_account(folder)
        world = World(folder, server)
        world.plans()
        ada = person("ada@example.org", role=Role.OWNER)
        schedule(world, ada, cadence="daily", subject="view")
        schedule(world, ada, cadence="cycle_close", subject="statement")
        alert = Alert(kind=AlertKind.USAGE, levels=tuple(map(Decimal, LEVELS)))
        add_rule("acme", AlertDraft(name="Used", alert=alert, recipients=({"user": ada.pk},)), form_token="f", by=ada)  # noqa: S106 - of a form
        yield world
        world.ledgers.close()


def schedule(world: World, ada: User, *, cadence: str, subject: str) -> None:
    view = SavedView.objects.create(account="acme", owner=ada, name=cadence, query="") if subject == "view" else None
    Schedule.objects.create(
        account="acme",
        data_folder=world.ledgers.folder.id,
        name=cadence,
        subject=subject,
        view=view,
        cadence=cadence,
        hour=8,
        timezone=BERLIN.key,
        recipients=[{"user": ada.pk}],
        begins_at=FIRST - timedelta(hours=6),
        form_token=cadence,
        created_by=ada,
    )


def test_a_year_sends_what_is_due_once(world: World) -> None:
    while world.now.year == YEAR:
        world.happen()
        today = world.now.date()
        world.server.recipient_answer = "421 4.3.2 Down" if today == FAILING else ""
        if today in ENDS:
            world.end_at(ENDS[today])
        world.send()
        if today == FAILING:
            world.pass_hours(23)
        world.now = datetime(today.year, today.month, today.day, 12, tzinfo=UTC) + timedelta(days=1)
    world.server.recipient_answer = ""
    world.pass_hours(72)

    days = (date(YEAR + 1, 1, 1) - date(YEAR, 1, 1)).days
    rows = Notification.objects.values_list("topic", flat=True)
    of_day = Notification.objects.filter(topic=Topic.REPORT, cause__contains="daily").count()
    ids = Counter(str(mail["Message-ID"]) for mail in world.server.mails)
    assert set(Notification.objects.values_list("state", flat=True)) == {State.HANDED_OVER}
    assert len(ids) == len(rows)
    assert Counter(ids.values()) == {1: len(rows) - 1, 2: 1}
    levels = AlertCrossing.objects.filter(state="fired").order_by("pk").values_list("level", flat=True)
    assert list(levels) == [str(level) for _month, level in world.fired]
    assert Counter(rows)[Topic.ALERT] == len(world.fired) > 20
    assert of_day == days
    assert Counter(rows)[Topic.REPORT] - of_day == 11
