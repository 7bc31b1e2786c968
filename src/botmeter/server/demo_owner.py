"""Demo account's owner, with saved views, a schedule and notes on days."""

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from botmeter.demo import DEMO_ACCOUNT
from botmeter.demo.notes import demo_notes
from botmeter.domain.instant import now_us
from botmeter.domain.period import day_of_us
from botmeter.ledger.folder import Folder

if TYPE_CHECKING:
    from botmeter.people.models import SavedView, User

_NOTED_DAYS: Final = 800
_VIEWS: Final = (
    ("Last month by opening bot", "period=last-month&split=opened"),
    ("Refund tickets, last 90 days", "period=last-90-days&ticket_type=refund"),
    ("Web chats this quarter", "period=quarter-to-date&channel=web"),
)
"""Names and addresses of saved views."""
_SCHEDULE_NAME: Final = "Web chats every Monday"
_SCHEDULED_VIEW: Final = "Web chats this quarter"


def demo_owner_link(folder: Path | None = None) -> str:
    """Create a sign-in link for the demo's owner, whose views, notes and alerts are made the first time.

    Args:
        folder: To make the alerts, if no server owns it yet.
    """
    from botmeter.server.start import demo_link

    secret = demo_link(DEMO_ACCOUNT)
    _add_views_and_notes(day_of_us(now_us()))
    if folder is not None:
        _add_alerts(folder)
    return secret


def _add_alerts(folder: Path) -> None:
    from botmeter.people.notifications.alert_models import AlertRule
    from botmeter.server.demo_alerts import add_demo_alerts

    if AlertRule.objects.filter(account=DEMO_ACCOUNT).exists():
        return
    with (
        Folder.owned(folder, purpose="botmeter demo", for_server=True) as owned,
        owned.ledger(DEMO_ACCOUNT) as ledger,
    ):
        add_demo_alerts(ledger, owner=_owner(), now_us=now_us())


def _owner() -> "User":
    from botmeter.people.models import Membership

    return Membership.objects.filter(account=DEMO_ACCOUNT).order_by("pk")[0].user


def _add_views_and_notes(today: date) -> None:
    from django.http import QueryDict

    from botmeter.people.day_notes import add_day_note
    from botmeter.people.models import DayNote, SavedView
    from botmeter.people.notifications.schedule_models import Schedule
    from botmeter.web.pages.sharing.saved_address import canonical_query
    from botmeter.web.report_address import read_address

    owner = _owner()
    if not SavedView.objects.filter(account=DEMO_ACCOUNT).exists():
        for name, query in _VIEWS:
            address = canonical_query(read_address(QueryDict(query)))
            SavedView.objects.create(account=DEMO_ACCOUNT, owner=owner, name=name, query=address, is_for_all=True)
    if not Schedule.objects.filter(account=DEMO_ACCOUNT).exists():
        view = SavedView.objects.filter(account=DEMO_ACCOUNT, name=_SCHEDULED_VIEW).first()
        if view is not None:
            _add_schedule(owner, view)
    if not DayNote.objects.filter(account=DEMO_ACCOUNT).exists():
        for on, text in demo_notes(today - timedelta(days=_NOTED_DAYS), today):
            add_day_note(DEMO_ACCOUNT, on=on, text=text, created_by=owner)


def _add_schedule(owner: "User", view: "SavedView") -> None:
    from django.conf import settings

    from botmeter.ledger.folder_files import folder_id
    from botmeter.people.notifications.schedule_models import Schedule
    from botmeter.people.notifications.schedules import FileFormat, Subject
    from botmeter.people.notifications.slots import Cadence

    Schedule.objects.create(
        account=DEMO_ACCOUNT,
        data_folder=folder_id(settings.DATA),
        name=_SCHEDULE_NAME,
        subject=Subject.VIEW,
        view=view,
        query=view.query,
        cadence=Cadence.WEEKLY,
        hour=9,
        timezone="UTC",
        file_format=FileFormat.XLSX,
        recipients=[{"user": owner.pk}],
        form_token=uuid4().hex,
        created_by=owner,
    )
