from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0006_account_title"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="has_shortcuts",
            field=models.BooleanField(default=True),
        ),
    ]
