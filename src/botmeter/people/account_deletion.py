"""Deletion of an account."""

from django.db import transaction

from botmeter.ledger.folder import Folder
from botmeter.people.keys import known_keys
from botmeter.people.models import (
    AccountPreference,
    AccountTitle,
    ApiKey,
    AuditEntry,
    DayNote,
    EventSource,
    Link,
    Membership,
    SavedView,
    ShareLink,
    User,
)
from botmeter.people.notifications.alert_models import AlertRule
from botmeter.people.notifications.models import Destination, Notification
from botmeter.people.notifications.schedule_models import Schedule
from botmeter.people.sources import opened_sources


def delete_account(folder: Folder, name: str) -> None:
    """Delete an account: its ledger, members and everything that they had in it, with the audit log.

    People go first, so that no member of a deleted account could open a new one of its name.

    Raises:
        Missing: `account_unknown`.
        Unavailable: `ledger_busy`.
    """
    account = folder.existing_file(name).stem
    with folder.exclusively(account) as alone:
        _forget(account)
        alone.remove(account)


def _forget(account: str) -> None:
    with transaction.atomic():
        for rows in (Membership.objects, Link.objects, ApiKey.objects, EventSource.objects, SavedView.objects):
            rows.filter(account=account).delete()
        for others in (ShareLink.objects, DayNote.objects, AccountPreference.objects, AccountTitle.objects):
            others.filter(account=account).delete()
        Notification.objects.filter(account=account).delete()
        Destination.objects.filter(account=account).delete()
        AlertRule.objects.filter(account=account).delete()
        Schedule.objects.filter(account=account).delete()
        AuditEntry.objects.filter(account=account).delete()
        User.objects.filter(last_account=account).update(last_account="")
    known_keys.clear()
    opened_sources.clear()
