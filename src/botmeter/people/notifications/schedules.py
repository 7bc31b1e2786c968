"""Schedules, and the slots that each uses once."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from botmeter.people.notifications.chosen_recipients import chosen_recipients
from botmeter.people.notifications.editions import Edition
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.outbox import Message, Recipient, put
from botmeter.people.notifications.schedule_models import Schedule, ScheduleSlot
from botmeter.people.notifications.slots import Cadence, Timing
from botmeter.people.notifications.topics import Topic

FILTERS_KEY: Final = "filters"
"""Filters of a recipient, beside what `chosen_recipients` reads."""


class Subject(StrEnum):
    """Document that a schedule sends."""

    VIEW = "view"
    STATEMENT = "statement"

    @property
    def label(self) -> str:
        return "report" if self is Subject.VIEW else self.value


class FileFormat(StrEnum):
    """File beside the message; empty for none."""

    NONE = ""
    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"


FORMATS_OF: Final[Mapping[Subject, tuple[FileFormat, ...]]] = {
    Subject.VIEW: (FileFormat.NONE, FileFormat.PDF, FileFormat.CSV, FileFormat.XLSX),
    Subject.STATEMENT: (FileFormat.NONE, FileFormat.PDF, FileFormat.CSV),
}
"""Files that a subject has."""


def timing_of(schedule: Schedule) -> Timing:
    """Times of a schedule."""
    return Timing(
        cadence=Cadence(schedule.cadence),
        hour=schedule.hour,
        timezone=schedule.timezone,
        weekday=schedule.weekday,
        month_day=schedule.month_day,
    )


def schedules_of(account: str) -> "QuerySet[Schedule]":
    """Schedules of an account, by name."""
    present_ones = Schedule.objects.filter(account=account, removed_at=None)
    return present_ones.select_related("created_by", "view").order_by("name", "pk")


def sending_schedules(data_folder: str) -> "QuerySet[Schedule]":
    """Schedules that a data folder's server sends."""
    return Schedule.objects.filter(data_folder=data_folder, is_on=True, removed_at=None).order_by("pk")


def use_slot(schedule: Schedule, edition: Edition) -> ScheduleSlot | None:
    """Put a slot's messages into the outbox; return None if it was used before."""
    slot = ScheduleSlot(schedule=schedule, slot=edition.slot, due_at=edition.due_at)
    with transaction.atomic():
        # Of two servers, one inserts the row; the other one's is left out.
        ScheduleSlot.objects.bulk_create([slot], ignore_conflicts=True)
        if not ScheduleSlot.objects.filter(pk=slot.pk).exists():
            return None
        put_ones = _put(schedule, edition, key=f"schedule:{schedule.pk}:{edition.slot}", is_sample=False)
        slot.notifications = [each.pk.hex for each in put_ones]
        slot.save(update_fields=["notifications"])
    return slot


def put_sample(schedule: Schedule, edition: Edition, *, token: str, to: Recipient | None = None) -> list[Notification]:
    """Put a slot's messages now, to one recipient or all; the same token puts them once."""
    key = f"sample:{schedule.pk}:{token}"
    return _put(schedule, edition, key=key, is_sample=True, only=to)


def _put(
    schedule: Schedule, edition: Edition, *, key: str, is_sample: bool, only: Recipient | None = None
) -> list[Notification]:
    cause = f"Schedule {schedule.name}: {timing_of(schedule).sentence}, {schedule.timezone}."
    put_ones: list[Notification] = []
    for entry, recipient in _recipients(schedule, only=only):
        content = {
            "schedule": schedule.pk,
            "name": schedule.name,
            "query": schedule.query,
            "from": edition.period.first_on.isoformat(),
            "to": edition.period.last_on.isoformat(),
            "timezone": edition.period.timezone,
            "statement": edition.statement if schedule.subject == Subject.STATEMENT else "",
            "format": schedule.file_format,
            "skips_empty": schedule.skips_empty and not is_sample,
            "filters": entry.get(FILTERS_KEY, {}),
            "is_sample": is_sample,
        }
        message = Message(
            # A person may get several parts of a report.
            key=f"{key}:{_digest(content['filters'])}",
            topic=Topic.REPORT,
            account=schedule.account,
            cause=f"Sample of schedule {schedule.name}." if is_sample else cause,
            content=content,
        )
        put_ones += put(message, [recipient])
    return put_ones


def _recipients(schedule: Schedule, *, only: Recipient | None) -> Iterator[tuple[Mapping[str, Any], Recipient]]:
    if only is not None:
        yield {}, only
        return
    for entry in schedule.recipients:
        for recipient in chosen_recipients(schedule.account, [entry]):
            yield entry, recipient


def _digest(filters: Mapping[str, list[str]]) -> str:
    return hashlib.sha256(json.dumps(filters, sort_keys=True).encode()).hexdigest()[:8] if filters else ""
