"""`key`: created and printed once, listed, rotated and revoked, without a server."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from botmeter.domain.instant import present
from botmeter.people.access_state import state_of
from botmeter.people.keys import valid_key
from botmeter.people.models import ApiKey, AuditEntry
from cli.conftest import Run

pytestmark = pytest.mark.django_db


def test_a_key_is_alone_on_stdout_and_works(acme: Run) -> None:
    ran = acme("key create --account ACME --scope reports:read --scope exports:read --name nightly")
    assert ran.code == 0
    key = valid_key(ran.out.removesuffix("\n"))
    assert (key.account, key.name, key.scopes) == ("acme", "nightly", ["reports:read", "exports:read"])
    assert ran.out.strip() not in ran.err
    assert AuditEntry.objects.get(action="key_created").who == "command line"


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ("--account acme --scope events:read", 1, "Unknown scope 'events:read'"),
        ("--account acme --scope reports:read --expires 2020-01-01", 1, "expiry date 2020-01-01 is in the past"),
        ("--account acme --scope reports:read --expires soon", 2, "not a date"),
        ("--account acme", 2, "--scope"),
        ("--account acme --scope metrics:read", 2, "leave out the account"),
        ("--scope admin", 2, "name the account"),
        ("--account nobody --scope reports:read", 1, "Unknown account nobody"),
        ("--account ../acme --scope reports:read", 2, "is not a valid account name"),
    ],
)
def test_an_invalid_key_is_refused(acme: Run, options: str, code: int, message: str) -> None:
    ran = acme(f"key create {options}")
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err
    assert not ApiKey.objects.exists()


def test_a_key_s_name_must_be_one_line(acme: Run) -> None:
    ran = acme("key create --account acme --scope reports:read --name", "a\nb")
    assert ran.code == 1
    assert "is not a valid name of a key" in ran.err


def test_a_key_without_an_account_is_the_server_s(acme: Run) -> None:
    secret = acme("key create --scope metrics:read --name prometheus").out.strip()
    assert valid_key(secret).account == ""
    (line,) = acme("key list --format json").json
    assert (line["name"], line["scopes"]) == ("prometheus", "metrics:read")
    assert acme("key list --account acme --format json").json == []
    new = acme("key rotate prometheus --lives-on 0").out.strip()
    assert valid_key(new).scopes == ["metrics:read"]
    assert acme("key revoke prometheus").code == 0
    assert "has no key" in acme("key revoke nothing").err


def test_keys_are_listed_without_their_secrets(acme: Run) -> None:
    secret = acme("key create --account acme --scope reports:read --expires 2199-12-31").out.strip()
    listed = acme("key list --account acme --format json")
    assert secret not in listed.out
    (line,) = listed.json
    assert (line["key"], line["state"], line["expires_at"]) == (f"{secret[:10]}…", "works", "2200-01-01T00:00:00Z")
    assert "works" in acme("key list --account acme").out


def test_a_key_is_revoked_by_name_by_its_first_characters_or_by_itself(acme: Run) -> None:
    create = "key create --account acme --scope reports:read --name"
    secrets = [acme(f"{create} {name}").out.strip() for name in ("one", "two", "three")]
    for message in ("one", secrets[1][:9], secrets[2]):
        assert acme("key revoke --account acme", message).code == 0
    assert {state_of(key) for key in ApiKey.objects.all()} == {"revoked"}


def test_an_unknown_or_ambiguous_key_is_not_revoked(acme: Run) -> None:
    for _ in range(2):
        acme("key create --account acme --scope reports:read --name twin")
    twins, nobody = acme("key revoke twin --account acme"), acme("key revoke nobody --account acme")
    assert (twins.code, nobody.code) == (1, 1)
    assert "2 keys of account acme match" in twins.err
    assert "no key 'nobody'" in nobody.err
    assert {state_of(key) for key in ApiKey.objects.all()} == {"works"}


def test_a_key_is_rotated_and_the_old_one_works_for_the_given_time(acme: Run) -> None:
    old = acme("key create --account acme --scope events:write --name bot").out.strip()
    ran = acme("key rotate bot --account acme --lives-on 90m")
    assert ran.code == 0
    new = valid_key(ran.out.removesuffix("\n"))
    assert (new.name, new.scopes, ran.out.strip() in ran.err) == ("bot", ["events:write"], False)
    ends_at = valid_key(old).expires_at
    assert ends_at is not None
    assert timedelta(minutes=89) < ends_at - present() <= timedelta(minutes=90)
    entry = AuditEntry.objects.filter(action="key_created").latest("pk")
    assert (entry.detail["instead_of"], entry.detail["old_lives_on"]) == (old[:10], "90m")


def test_a_key_rotated_without_overlap_stops_at_once(acme: Run) -> None:
    old = acme("key create --account acme --scope events:write --name bot").out.strip()
    assert acme("key rotate --account acme --lives-on 0", old).code == 0
    assert sorted(state_of(key) for key in ApiKey.objects.all()) == ["expired", "works"]


@pytest.mark.parametrize("lives_on", ["soon", "-1h", "24", "1.5h", "367d", "", "99999d", "1w"])
def test_an_invalid_overlap_of_an_old_key_is_refused(acme: Run, lives_on: str) -> None:
    acme("key create --account acme --scope events:write --name bot")
    ran = acme("key rotate bot --account acme --lives-on", lives_on)
    assert (ran.code, ran.out) == (1, "")
    assert "is not a valid time" in ran.err
    assert ApiKey.objects.count() == 1


@pytest.mark.slow
def test_a_separate_process_creates_the_database_of_users(filled_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "accounts").mkdir()
    (tmp_path / "accounts" / "acme.duckdb").write_bytes((filled_folder / "accounts" / "acme.duckdb").read_bytes())
    command = [sys.executable, "-m", "botmeter", "key", "create", "-a", "acme", "--scope", "reports:read"]
    named = ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "BOTMETER_SECRET_KEY")
    environment = {name: value for name, value in os.environ.items() if name not in named}
    ran = subprocess.run(
        [*command, "--data", str(tmp_path)], capture_output=True, text=True, check=True, env=environment
    )
    assert ran.stdout.startswith("bm_")
    assert (tmp_path / "people.sqlite3").exists()
