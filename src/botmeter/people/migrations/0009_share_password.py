from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0008_day_note"),
    ]

    operations = [
        migrations.AddField(
            model_name="sharelink",
            name="password",
            field=models.CharField(blank=True, default="", max_length=128),
            preserve_default=False,
        ),
    ]
