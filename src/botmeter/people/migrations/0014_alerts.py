import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import botmeter.domain.instant


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0013_schedule"),
    ]

    operations = [
        migrations.CreateModel(
            name="AlertRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account", models.CharField(db_index=True, max_length=64)),
                ("data_folder", models.CharField(max_length=32)),
                ("name", models.CharField(max_length=100)),
                ("kind", models.CharField(max_length=24)),
                ("options", models.JSONField(default=dict)),
                ("version", models.PositiveIntegerField(default=1)),
                ("version_at", models.DateTimeField(default=botmeter.domain.instant.present)),
                ("is_on", models.BooleanField(default=True)),
                ("recipients", models.JSONField(default=list)),
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
            ],
        ),
        migrations.CreateModel(
            name="AlertCrossing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account", models.CharField(db_index=True, max_length=64)),
                ("rule_version", models.PositiveIntegerField()),
                ("epoch", models.CharField(max_length=200)),
                ("level", models.CharField(max_length=40)),
                ("state", models.CharField(max_length=16)),
                ("detail", models.JSONField(default=dict)),
                ("crossed_at", models.DateTimeField(default=botmeter.domain.instant.present)),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="crossings", to="people.alertrule"
                    ),
                ),
            ],
            options={
                "ordering": ["-crossed_at", "-pk"],
            },
        ),
        migrations.AddIndex(
            model_name="alertrule",
            index=models.Index(fields=["data_folder", "account"], name="alert_of_folder"),
        ),
        migrations.AddConstraint(
            model_name="alertcrossing",
            constraint=models.UniqueConstraint(fields=("rule", "rule_version", "epoch", "level"), name="crossing_once"),
        ),
    ]
