"""Tables of schedules and slots."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from botmeter.domain.instant import present


class Schedule(models.Model):
    """Report or statement sent regularly; a removed one is kept for its history."""

    account = models.CharField(max_length=64, db_index=True)
    # Of the server that sends it, since servers may share a database.
    data_folder = models.CharField(max_length=32)
    name = models.CharField(max_length=100)
    # Values of `Subject`, `Cadence` and `FileFormat`.
    subject = models.CharField(max_length=16)
    view = models.ForeignKey("people.SavedView", on_delete=models.SET_NULL, null=True, related_name="schedules")
    # Of the view, also after it was deleted.
    query = models.TextField(blank=True)
    cadence = models.CharField(max_length=16)
    hour = models.PositiveSmallIntegerField()
    weekday = models.PositiveSmallIntegerField(default=0)
    month_day = models.PositiveSmallIntegerField(default=1)
    timezone = models.CharField(max_length=64)
    file_format = models.CharField(max_length=8, blank=True)
    skips_empty = models.BooleanField(default=False)
    # As `chosen_recipients` reads them, each with its own filters.
    recipients = models.JSONField(default=list)
    is_on = models.BooleanField(default=True)
    # Slots and cycle closes before it are not sent.
    begins_at = models.DateTimeField(default=present)
    # The same form sent twice makes one schedule.
    form_token = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=present)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        """Indexes: of the server that sends them."""

        indexes: ClassVar = [models.Index(fields=["data_folder", "account"], name="schedule_of_folder")]

    def __str__(self) -> str:
        return self.name


class ScheduleSlot(models.Model):
    """Used slot."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="slots")
    # A day, or a statement.
    slot = models.CharField(max_length=100)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField(default=present)
    # Ids of its notifications.
    notifications = models.JSONField(default=list)

    class Meta:
        """Constraints."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["schedule", "slot"], name="slot_once")]

    def __str__(self) -> str:
        return f"{self.schedule_id}: {self.slot}"
