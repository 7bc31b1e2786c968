from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0005_attempt_counts"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountTitle",
            fields=[
                ("account", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("title", models.CharField(max_length=255)),
            ],
        ),
    ]
