"""A data folder of an earlier version, whose authenticator keys and recovery codes were plain text."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.faults

KEY, CODE = "5ec2e7" * 6 + "beef", "sec2etco"

# The tables as they were; the columns of users since then stay.
_BEFORE = """
import django, os, sqlite3
from botmeter.domain.settings import export
export(django_settings="botmeter.web.settings", data_dir={data!r})
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("migrate", "people", "0003", verbosity=0)
with sqlite3.connect({file!r}) as connection:
    connection.execute("INSERT INTO people_user (id, password, email, name, is_active, created_at, theme, "
        "sign_out_count, last_account) VALUES (1, '!', 'ada@example.org', '', 1, '2026-01-01', 'system', 0, '')")
    connection.execute("INSERT INTO otp_totp_totpdevice (id, user_id, name, confirmed, key, step, t0, digits, "
        "tolerance, drift, last_t, throttling_failure_count) VALUES (1, 1, 'app', 1, {key!r}, 30, 0, 6, 1, 0, -1, 0)")
    connection.execute("INSERT INTO otp_static_staticdevice (id, user_id, name, confirmed, throttling_failure_count) "
        "VALUES (1, 1, 'codes', 1, 0)")
    connection.execute("INSERT INTO otp_static_statictoken (device_id, token) VALUES (1, {code!r})")
"""
_AFTER = """
import pathlib
from botmeter.people.database import open_people
open_people(pathlib.Path({data!r}), django_settings="botmeter.web.settings")
from botmeter.people.models import AuthenticatorDevice, User
from botmeter.people.second_factor import device_of_code
print(AuthenticatorDevice.objects.get().bin_key.hex(), device_of_code(User.objects.get(), {code!r}) is not None)
"""


def ran(script: str, **values: str) -> str:
    command = [sys.executable, "-c", script.format(**values)]
    return subprocess.run(command, capture_output=True, check=True, text=True, timeout=60).stdout


def test_an_upgrade_leaves_no_plain_key_or_code_in_any_file_and_both_still_work(tmp_path: Path) -> None:
    file = tmp_path / "people.sqlite3"
    ran(_BEFORE, data=str(tmp_path), file=str(file), key=KEY, code=CODE)
    assert all(secret.encode() in file.read_bytes() for secret in (KEY, CODE))
    assert ran(_AFTER, data=str(tmp_path), code=CODE) == f"{KEY} True\n"
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path.name for path in files if KEY.encode() in path.read_bytes() or CODE.encode() in path.read_bytes()]
