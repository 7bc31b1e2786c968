import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import botmeter.domain.instant


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0007_user_shortcuts"),
    ]

    operations = [
        migrations.CreateModel(
            name="DayNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account", models.CharField(db_index=True, max_length=64)),
                ("on", models.DateField()),
                ("text", models.CharField(max_length=100)),
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
    ]
