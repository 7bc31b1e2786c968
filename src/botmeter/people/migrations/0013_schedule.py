import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import botmeter.domain.instant


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0012_destination"),
    ]

    operations = [
        migrations.CreateModel(
            name="Schedule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account", models.CharField(db_index=True, max_length=64)),
                ("data_folder", models.CharField(max_length=32)),
                ("name", models.CharField(max_length=100)),
                ("subject", models.CharField(max_length=16)),
                ("query", models.TextField(blank=True)),
                ("cadence", models.CharField(max_length=16)),
                ("hour", models.PositiveSmallIntegerField()),
                ("weekday", models.PositiveSmallIntegerField(default=0)),
                ("month_day", models.PositiveSmallIntegerField(default=1)),
                ("timezone", models.CharField(max_length=64)),
                ("file_format", models.CharField(blank=True, max_length=8)),
                ("skips_empty", models.BooleanField(default=False)),
                ("recipients", models.JSONField(default=list)),
                ("is_on", models.BooleanField(default=True)),
                ("begins_at", models.DateTimeField(default=botmeter.domain.instant.present)),
                ("form_token", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField(default=botmeter.domain.instant.present)),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "view",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="schedules",
                        to="people.savedview",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ScheduleSlot",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("slot", models.CharField(max_length=100)),
                ("due_at", models.DateTimeField()),
                ("created_at", models.DateTimeField(default=botmeter.domain.instant.present)),
                ("notifications", models.JSONField(default=list)),
                (
                    "schedule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="slots", to="people.schedule"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="schedule",
            index=models.Index(fields=["data_folder", "account"], name="schedule_of_folder"),
        ),
        migrations.AddConstraint(
            model_name="scheduleslot",
            constraint=models.UniqueConstraint(fields=("schedule", "slot"), name="slot_once"),
        ),
    ]
