"""`user`: creating, listing, links and roles, without a running server."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.auth import get_user
from django.test import Client

from botmeter.people.models import AuditEntry, Membership, User
from botmeter.people.second_factor import draft_device
from cli.conftest import Run

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"  # noqa: S105 - of people in tests


def path_of(link: str) -> str:
    assert link.endswith("\n")
    assert link.count("\n") == 1
    return urlsplit(link.strip()).path


@pytest.mark.slow
def test_a_new_user_chooses_a_password_by_the_link_alone_on_stdout(acme: Run) -> None:
    ran = acme("user create Ada@Example.org --name Ada --account ACME --role owner --url https://meter.example/")
    assert ran.code == 0
    assert ran.out.startswith("https://meter.example/password/")
    assert "created user ada@example.org, owner of acme" in ran.err
    client = Client()
    assert client.post(path_of(ran.out), {"password": PASSWORD}).status_code == 302
    assert client.session["_auth_user_id"] == str(User.objects.get(email="ada@example.org").pk)
    membership = Membership.objects.get()
    assert (membership.account, membership.role, membership.may_export) == ("acme", "owner", True)
    assert set(AuditEntry.objects.exclude(action__startswith="signed").values_list("who", flat=True)) == {
        "command line",
        "ada@example.org",
    }


def test_a_link_signs_a_user_in_once_without_a_password(acme: Run) -> None:
    acme("user create ada@example.org")
    path = path_of(acme("user link ADA@example.org").out)
    first, second = Client(), Client()
    assert first.post(path).status_code == 302
    assert "_auth_user_id" in first.session
    assert second.post(path).status_code == 404


def test_a_link_removes_the_second_factor_only_with_the_option(acme: Run) -> None:
    acme("user create ada@example.org")
    device = draft_device(User.objects.get())
    device.confirmed = True
    device.save()
    assert Client().post(path_of(acme("user link ada@example.org").out))["Location"] == "/sign-in/code"
    stolen = Client()
    stolen.force_login(User.objects.get())
    ran = acme("user link ada@example.org --drop-second-step")
    assert "two-factor authentication of ada@example.org is off" in ran.err
    assert Client().post(path_of(ran.out))["Location"] == "/"
    assert not get_user(stolen).is_authenticated


def test_an_operator_ends_the_sessions_of_one_user_or_of_all(acme: Run) -> None:
    browsers = []
    for name in ("ada", "bob"):
        acme(f"user create {name}@example.org")
        browsers.append(Client())
        browsers[-1].force_login(User.objects.get(email=f"{name}@example.org"))
    assert "ended the sessions of 1 user" in acme("user sign-out ada@example.org").err
    assert [get_user(browser).is_authenticated for browser in browsers] == [False, True]
    assert "ended the sessions of 2 users" in acme("user sign-out --all").err
    assert not get_user(browsers[1]).is_authenticated
    for wrong in ("user sign-out", "user sign-out ada@example.org --all"):
        assert (acme(wrong).code, User.objects.filter(sign_out_count=2).count()) == (2, 1)


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("user create nobody", 1, "'nobody' is not a valid e-mail address"),  # email_invalid
        ("user create a@b.org --name", 2, "--name"),
        ("user create a@b.org --account nowhere", 1, "Unknown account nowhere"),
        ("user create a@b.org --account ../acme", 2, "is not a valid account name"),
        ("user create a@b.org --role king", 2, "king"),
        ("user create a@b.org --url ftp://x", 1, "is not a server address"),  # url_invalid
        ("user link nobody@b.org", 1, "Unknown user nobody@b.org"),  # user_unknown
        ("user role nobody@b.org owner --account acme", 1, "Unknown user"),
    ],
)
def test_invalid_arguments_create_no_user(acme: Run, command: str, code: int, message: str) -> None:
    ran = acme(command)
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err
    assert not User.objects.exists()


def test_a_user_is_created_once(acme: Run) -> None:
    acme("user create a@b.org")
    ran = acme("user create A@B.org")
    # user_exists
    assert (ran.code, ran.err) == (1, "error: User a@b.org already exists.\n")


def test_a_name_is_one_line(acme: Run) -> None:
    # person_name_invalid
    assert "is not a valid name" in acme("user create a@b.org --name", "two\nlines").err


def test_a_role_is_set_changed_and_removed(acme: Run) -> None:
    acme("user create a@b.org")
    assert "viewer, can't export" in acme("user role a@b.org viewer --account acme").err
    assert "viewer, can export" in acme("user role a@b.org viewer --account acme --export").err
    assert "analyst, can export" in acme("user role a@b.org analyst --account acme").err
    assert acme("user role a@b.org none --account acme").code == 0
    ran = acme("user role a@b.org none --account acme")
    # member_unknown
    assert (ran.code, ran.err) == (1, "error: a@b.org does not belong to account acme.\n")


def test_the_last_owner_can_not_be_removed(acme: Run) -> None:
    acme("user create a@b.org --account acme --role owner")
    for role in ("viewer", "none"):
        ran = acme(f"user role a@b.org {role} --account acme")
        # last_owner
        assert ran.code == 1
        assert "is the only owner of account acme" in ran.err


def test_users_are_listed_with_their_roles(acme: Run) -> None:
    acme("user create a@b.org --account acme --role owner --name Ada")
    acme("user create c@d.org")
    first, second = acme("user list --format json").json
    assert (first["user"], first["account"], first["role"], first["password"]) == ("a@b.org", "acme", "owner", False)
    assert (second["user"], second["account"]) == ("c@d.org", None)
    [only] = acme("user list --account acme --format json").json
    assert only["name"] == "Ada"
    assert "a@b.org" in acme("user list").out


def test_a_missing_folder_is_not_created(acme: Run, tmp_path: Path) -> None:
    ran = acme(f"user list --data {tmp_path / 'typo'}")
    assert ran.code == 1
    assert "does not exist" in ran.err
    assert not (tmp_path / "typo").exists()


@pytest.mark.slow
def test_a_separate_process_stores_users_in_the_data_folder(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "accounts").mkdir(parents=True)

    def ran(*words: str) -> str:
        command = [sys.executable, "-m", "botmeter", "user", *words]
        environment = {**os.environ, "BOTMETER_DATA": str(data)}
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        return done.stdout

    assert ran("create", "ada@example.org").startswith("http://127.0.0.1:8000/password/")
    assert "ada@example.org" in ran("list", "--format", "csv")
    assert (data / "people.sqlite3").exists()
