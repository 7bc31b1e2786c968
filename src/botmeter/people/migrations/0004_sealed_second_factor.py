"""Seal the keys of authenticator apps and hash the recovery codes, which were plain text."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from botmeter.people.recovery_codes import code_digest, new_salt
from botmeter.people.sealing import sealed


def protect(apps: Any, _: object) -> None:
    authenticator_key, recovery_code = (apps.get_model("people", name) for name in ("AuthenticatorKey", "RecoveryCode"))
    for device in apps.get_model("otp_totp", "TOTPDevice").objects.exclude(key=""):
        authenticator_key.objects.create(device=device, sealed=sealed(device.key))
        device.key = ""
        device.save(update_fields=["key"])
    for device in apps.get_model("otp_static", "StaticDevice").objects.all():
        salt = new_salt()
        for code in device.token_set.all():
            recovery_code.objects.create(device=device, digest=code_digest(code.token, salt=salt))
        device.token_set.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("otp_static", "0003_add_timestamps"),
        ("otp_totp", "0003_add_timestamps"),
        ("people", "0003_event_source"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuthenticatorDevice",
            fields=[],
            options={"proxy": True, "indexes": [], "constraints": []},
            bases=("otp_totp.totpdevice",),
        ),
        migrations.CreateModel(
            name="AuthenticatorKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sealed", models.TextField()),
                (
                    "device",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sealed_key",
                        to="otp_totp.totpdevice",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=160)),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="codes",
                        to="otp_static.staticdevice",
                    ),
                ),
            ],
        ),
        migrations.RunPython(protect, migrations.RunPython.noop),
    ]
