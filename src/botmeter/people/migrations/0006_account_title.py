from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0005_attempt_counts"),
    ]

    operations = [
        migrations.AddField(
            model_name="accountpreference",
            name="title",
            field=models.CharField(blank=True, default="", max_length=255),
        ),
    ]
