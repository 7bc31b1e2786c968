import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import botmeter.domain.instant


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0011_notification"),
    ]

    operations = [
        migrations.CreateModel(
            name="Destination",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account", models.CharField(db_index=True, max_length=64)),
                ("name", models.CharField(max_length=100)),
                ("kind", models.CharField(max_length=16)),
                ("sealed_url", models.TextField(blank=True)),
                ("shown_url", models.CharField(blank=True, max_length=1_000)),
                ("folder", models.CharField(blank=True, max_length=200)),
                ("sealed_secret", models.TextField(blank=True)),
                ("sealed_old_secret", models.TextField(blank=True)),
                ("old_secret_until", models.DateTimeField(null=True)),
                ("topics", models.JSONField(default=list)),
                ("is_on", models.BooleanField(default=True)),
                ("off_reason", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(default=botmeter.domain.instant.present)),
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
        migrations.AddField(
            model_name="notification",
            name="destination",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="notifications",
                to="people.destination",
            ),
        ),
        migrations.AddConstraint(
            model_name="destination",
            constraint=models.UniqueConstraint(fields=["account", "name"], name="destination_name"),
        ),
    ]
