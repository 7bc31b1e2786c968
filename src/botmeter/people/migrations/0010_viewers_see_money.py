from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0009_share_password"),
    ]

    operations = [
        migrations.AddField(
            model_name="accountpreference",
            name="viewers_see_money",
            field=models.BooleanField(default=False),
        ),
    ]
