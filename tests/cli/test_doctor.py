"""`doctor`: faults that keep a server from working well."""

import resource
import socket
from pathlib import Path
from typing import Any

import duckdb
import pytest

from botmeter.cli.doctor import Check, checks
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, now_us
from botmeter.domain.settings import DECLARED
from cli.conftest import Run

BOTH_WAYS = True
LEDGER = Path("data", "accounts", "acme.duckdb")


def results(ran: Any) -> dict[str, tuple[str, str]]:
    return {check["check"]: (check["state"], check["detail"]) for check in ran.json}


def people_check(folder: Path) -> Check:
    return next(check for check in checks(folder, account=None) if check.name == "people")


def changed(path: Path, statement: str) -> None:
    with duckdb.connect(path) as connection:
        connection.execute(statement)


def test_a_healthy_folder_is_ok_in_every_respect(acme: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOTMETER_URL", raising=False)
    ran = acme("doctor --format json")
    assert ran.code == 0
    assert {state for state, _ in results(ran).values()} == {"ok"}
    assert set(results(ran)) == {
        "botmeter", "libraries", "compiled kernel", "data folder", "free space", "accounts", "time zones",
        "open files", "mail", "report folder", "server", "private files", "people", "account acme",
        *(setting.variable for setting in DECLARED.values() if not setting.is_internal),
    }  # fmt: skip


def test_the_server_check_names_the_process_of_a_running_server(acme: Run, way: str) -> None:
    detail = results(acme("doctor --format json"))["server"][1]
    assert ("process" in detail) is (way == "through a server")


@pytest.mark.slow
def test_one_account_can_be_checked_alone(acme: Run) -> None:
    assert acme("account create zeta").code == 0
    assert {"account acme", "account zeta"} <= set(results(acme("doctor --format json")))
    assert "account zeta" not in results(acme("doctor --account ACME --format json"))
    nobody = acme("doctor --account nobody")
    assert nobody.code == 1
    assert "Unknown account nobody" in nobody.err


def test_events_in_quarantine_are_counted_and_no_fault(acme: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.ndjson").write_text('{"event_id": "x"}\n{"event_id": "y"}\n', encoding="utf-8")
    acme("import bad.ndjson --account acme")
    state, detail = results(acme("doctor --format json"))["account acme"]
    assert state == "ok"
    assert "2 events in quarantine" in detail


def test_a_receipt_from_the_future_is_a_clock_that_was_set_back(acme: Run, tmp_path: Path) -> None:
    ahead = now_us() + 3_600 * MICROSECONDS_PER_SECOND
    changed(tmp_path / LEDGER, f"UPDATE receipt SET recorded_at = {ahead}")
    ran = acme("doctor --format json")
    state, detail = results(ran)["account acme"]
    assert (ran.code, state) == (1, "wrong")
    assert "the clock was set back" in detail


def test_the_settings_in_force_are_listed_and_secrets_hidden(acme: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTMETER_URL", "http://meter.example/tools")
    monkeypatch.setenv("BOTMETER_SECRET_KEY", "a-long-random-text")
    monkeypatch.delenv("BOTMETER_MEMORY", raising=False)
    ran = acme("doctor --format json")
    assert ran.code == 0
    assert results(ran)["BOTMETER_URL"] == (
        "ok",
        "http://meter.example/tools; without https, passwords and keys travel unencrypted",
    )
    assert results(ran)["BOTMETER_MEMORY"] == ("ok", "800MB (default)")
    assert results(ran)["BOTMETER_SECRET_KEY"] == ("ok", "set, hidden")
    assert "a-long-random-text" not in ran.out + ran.err


def test_wrong_and_unknown_settings_are_faults_that_hide_passwords(acme: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("BOTMETER_URL", "https://ada:hunter2@meter.example")
    monkeypatch.setenv("BOTMETER_DATTA", "elsewhere")
    ran = acme("doctor")
    assert ran.code == 1
    assert "BOTMETER_URL has a value which contains a user name or password." in ran.err
    assert "BOTMETER_DATTA is not a setting and has no effect. Did you mean BOTMETER_DATA?" in ran.err
    assert "hunter2" not in ran.out + ran.err
    assert "account acme" in ran.out


def test_a_mail_server_that_does_not_answer_is_a_fault(acme: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("BOTMETER_MAIL", f"smtp://127.0.0.1:{closed.getsockname()[1]}")
        state, detail = results(acme("doctor --format json"))["mail"]
    assert state == "wrong"
    assert "does not answer as expected (Connection refused)" in detail


def test_a_folder_for_reports_that_is_not_there_is_a_fault(
    acme: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOTMETER_REPORT_DIR", str(tmp_path / "reports"))
    state, detail = results(acme("doctor --format json"))["report folder"]
    assert (state, "Create it." in detail) == ("wrong", True)
    (tmp_path / "reports").mkdir()
    assert results(acme("doctor --format json"))["report folder"][0] == "ok"


def test_few_open_files_are_a_fault(acme: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 1_024))
    state, detail = results(acme("doctor --format json"))["open files"]
    assert state == "wrong"
    assert "1,024" in detail


@pytest.mark.parametrize("name", ["secret.key", "accounts/acme.duckdb", "logs", "."])
def test_a_file_or_folder_that_others_can_use_is_a_fault_once(acme: Run, tmp_path: Path, name: str) -> None:
    # A server makes everything private when it starts.
    assert acme("account list").code == 0
    path = tmp_path / "data" / name
    path.touch() if path.suffix else path.mkdir(exist_ok=True)
    path.chmod(0o754)
    ran = acme("doctor --format json")
    state, detail = results(ran)["private files"]
    assert (ran.code, state) == (1, "wrong")
    assert f"can be used by others, the first is {path}; run `chmod -R go= {tmp_path / 'data'}`" in detail
    path.chmod(0o700)
    assert results(acme("doctor --format json"))["private files"] == ("ok", "readable by their owner alone")


@pytest.mark.django_db
def test_a_database_of_users_with_all_tables_is_ok(tmp_path: Path) -> None:
    (tmp_path / "people.sqlite3").touch()
    check = people_check(tmp_path)
    assert (check.is_ok, check.detail) == (True, "user database reachable and up to date")


@pytest.mark.django_db
def test_alerts_that_a_restored_folder_has_lost_are_a_fault(tmp_path: Path) -> None:
    from botmeter.people.notifications.alert_models import AlertRule

    (tmp_path / "people.sqlite3").touch()
    (tmp_path / "accounts").mkdir()
    (tmp_path / "accounts" / "acme.duckdb").touch()
    rule = AlertRule.objects.create(account="acme", data_folder="a" * 32, name="Allowance", kind="usage")
    check = people_check(tmp_path)
    assert not check.is_ok
    assert "the alerts and schedules of these accounts (1) belong to" in check.detail
    assert f"write {'a' * 32} into {tmp_path / 'folder.id'}" in check.detail
    (tmp_path / "folder.id").write_text("a" * 32, encoding="ascii")
    assert people_check(tmp_path).is_ok
    (tmp_path / "folder.id").write_text("b" * 32, encoding="ascii")
    assert not people_check(tmp_path).is_ok, "a server made a new id"
    AlertRule.objects.filter(pk=rule.pk).update(account="elsewhere")
    assert people_check(tmp_path).is_ok, "another server's account, in a shared database"


def test_a_lost_database_of_users_is_a_fault(acme: Run, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert results(acme("doctor --format json"))["people"][0] == "ok"
    (data / "people.created").touch()
    state, detail = results(acme("doctor --format json"))["people"]
    assert (state, "Restore it from a backup" in detail) == ("wrong", True)
    assert not (data / "people.sqlite3").exists()


@pytest.mark.django_db
def test_a_database_of_users_that_does_not_answer_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    from botmeter.people import database

    def unreachable(*_: object, **__: object) -> int:
        raise OperationalError("no such host")

    (tmp_path / "people.sqlite3").touch()
    monkeypatch.setattr(database, "_pending_migrations", unreachable)
    check = people_check(tmp_path)
    assert (check.is_ok, "no such host" in check.detail) == (False, True)
