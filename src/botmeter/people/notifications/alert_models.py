"""Tables of alerts and crossings."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from botmeter.domain.instant import present


class AlertRule(models.Model):
    """Alert of an account; a removed one is kept for its history."""

    account = models.CharField(max_length=64, db_index=True)
    # Of the server that evaluates it, since servers may share a database.
    data_folder = models.CharField(max_length=32)
    name = models.CharField(max_length=100)
    # Value of `AlertKind`, and what it watches (`alert_from_json`).
    kind = models.CharField(max_length=24)
    options = models.JSONField(default=dict)
    # Another version fires anew.
    version = models.PositiveIntegerField(default=1)
    version_at = models.DateTimeField(default=present)
    is_on = models.BooleanField(default=True)
    # Users, email addresses and destinations: `chosen_recipients`.
    recipients = models.JSONField(default=list)
    # The same form sent twice makes one alert.
    form_token = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=present)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        """Indexes: of the server that evaluates them."""

        indexes: ClassVar = [models.Index(fields=["data_folder", "account"], name="alert_of_folder")]

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"


class AlertCrossing(models.Model):
    """Crossed level, once in its epoch."""

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="crossings")
    account = models.CharField(max_length=64, db_index=True)
    rule_version = models.PositiveIntegerField()
    epoch = models.CharField(max_length=200)
    level = models.CharField(max_length=40)
    # Value of `CrossingState`.
    state = models.CharField(max_length=16)
    # Facts of the notification; of a superseded level only the value.
    detail = models.JSONField(default=dict)
    crossed_at = models.DateTimeField(default=present)

    class Meta:
        """Constraints."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "rule_version", "epoch", "level"], name="crossing_once")
        ]
        ordering: ClassVar = ["-crossed_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.level} in {self.epoch}: {self.state}"
