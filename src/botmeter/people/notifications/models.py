"""Tables of notifications."""

import uuid
from typing import ClassVar, Final

from django.conf import settings
from django.db import models

from botmeter.domain.instant import present
from botmeter.people.notifications.topics import State

CAUSE_CHARACTERS_MAX: Final = 300
ANSWER_CHARACTERS_MAX: Final = 300


class Destination(models.Model):
    """Webhook, chat channel or folder of an account."""

    account = models.CharField(max_length=64, db_index=True)
    name = models.CharField(max_length=100)
    # A `Channel` other than email; permanent.
    kind = models.CharField(max_length=16)
    # Sealed, since chat programs accept whatever is posted to it; beside what is shown of it.
    sealed_url = models.TextField(blank=True)
    shown_url = models.CharField(max_length=1_000, blank=True)
    # Below the account's folder for reports; blank is that folder itself.
    folder = models.CharField(max_length=200, blank=True)
    # Signs webhooks; the old one, too, until its time is over.
    sealed_secret = models.TextField(blank=True)
    sealed_old_secret = models.TextField(blank=True)
    old_secret_until = models.DateTimeField(null=True)
    # Values of `Topic` that it gets without being chosen.
    topics = models.JSONField(default=list)
    is_on = models.BooleanField(default=True)
    # A sentence if the server turned it off.
    off_reason = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=present)

    class Meta:
        """Constraints."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "name"], name="destination_name")]

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"


class Notification(models.Model):
    """One message to one recipient."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    # Its cause and recipient: the same one is not put twice.
    key = models.CharField(max_length=200, unique=True)
    # Of the server that sends it, since servers may share a database.
    data_folder = models.CharField(max_length=32)
    # Blank: of no account, and shown to nobody.
    account = models.CharField(max_length=64, blank=True)
    # Values of `Topic`, `Channel` and `State`; not as choices, of which each change would be a migration.
    topic = models.CharField(max_length=40)
    # A sentence.
    cause = models.CharField(max_length=CAUSE_CHARACTERS_MAX)
    # Facts to render from; never a secret.
    content = models.JSONField(default=dict)
    channel = models.CharField(max_length=16)
    # Email address, or name of a destination.
    recipient = models.CharField(max_length=254)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    destination = models.ForeignKey(Destination, on_delete=models.SET_NULL, null=True, related_name="notifications")
    state = models.CharField(max_length=16, default=State.DUE.value)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(default=present)
    claimed_until = models.DateTimeField(null=True)
    last_answer = models.CharField(max_length=ANSWER_CHARACTERS_MAX, blank=True)
    created_at = models.DateTimeField(default=present)
    handed_over_at = models.DateTimeField(null=True)
    again_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="repeats")

    class Meta:
        """Indexes: of the sender, and of the page."""

        indexes: ClassVar = [
            models.Index(fields=["data_folder", "state", "due_at"], name="notification_due"),
            models.Index(fields=["account", "-created_at"], name="notification_page"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} to {self.recipient}: {self.state}"
