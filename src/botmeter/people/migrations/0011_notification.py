import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import botmeter.domain.instant


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0010_viewers_see_money"),
    ]

    operations = [
        migrations.CreateModel(
            name="Notification",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=200, unique=True)),
                ("data_folder", models.CharField(max_length=32)),
                ("account", models.CharField(blank=True, max_length=64)),
                ("topic", models.CharField(max_length=40)),
                ("cause", models.CharField(max_length=300)),
                ("content", models.JSONField(default=dict)),
                ("channel", models.CharField(max_length=16)),
                ("recipient", models.CharField(max_length=254)),
                ("state", models.CharField(default="due", max_length=16)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("due_at", models.DateTimeField(default=botmeter.domain.instant.present)),
                ("claimed_until", models.DateTimeField(null=True)),
                ("last_answer", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(default=botmeter.domain.instant.present)),
                ("handed_over_at", models.DateTimeField(null=True)),
                (
                    "again_of",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="repeats",
                        to="people.notification",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["data_folder", "state", "due_at"], name="notification_due"),
                    models.Index(fields=["account", "-created_at"], name="notification_page"),
                ],
            },
        ),
    ]
