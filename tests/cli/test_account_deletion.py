"""`account delete`: asks for the account's name, and leaves nothing that belonged to the account."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from botmeter.cli.confirm import confirm_by_name
from botmeter.domain.errors import Refused
from botmeter.domain.instant import now_us
from botmeter.people.audit import COMMAND_LINE, Action, record
from botmeter.people.keys import KeyDraft, Scope, new_key
from botmeter.people.models import ApiKey, AuditEntry, Membership, User
from botmeter.people.pending_audit import FOLDER, has_pending, note_entry
from cli.conftest import Run

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("", "There is no terminal to confirm on. Add --confirm acme."),
        ("--confirm ACME", "'ACME' is not the name of the account."),
        ("--confirm yes", "'yes' is not the name of the account."),
    ],
)
def test_an_account_is_deleted_only_by_its_name(acme: Run, more: str, sentence: str, tmp_path: Path) -> None:
    ran = acme(f"account delete acme {more}")
    assert (ran.code, sentence in ran.err) == (2, True)
    assert (tmp_path / "data" / "accounts" / "acme.duckdb").exists()


def test_the_refusal_has_a_code_of_its_own() -> None:
    with pytest.raises(Refused) as refused:
        confirm_by_name("It will be deleted.", "acme", given="other")
    assert refused.value.code == "name_needed"


def test_an_unknown_account_is_refused_before_anything_is_asked(acme: Run) -> None:
    assert "Unknown account other" in acme("account delete other").err


@pytest.mark.slow
@pytest.mark.parametrize(("typed", "code"), [("acme", 0), ("yes", 1)])
def test_the_name_is_asked_for_on_a_terminal(acme: Run, tmp_path: Path, typed: str, code: int) -> None:
    del acme
    controller, terminal = pty.openpty()
    os.write(controller, f"{typed}\n".encode())
    command = [sys.executable, "-m", "botmeter", "account", "delete", "acme"]
    variables = {**os.environ, "BOTMETER_DATA": str(tmp_path / "data"), "DJANGO_SETTINGS_MODULE": ""}
    ran = subprocess.run(
        command, env=variables, stdin=terminal, stderr=terminal, stdout=subprocess.DEVNULL, check=False
    )
    os.close(terminal)
    os.close(controller)
    assert ran.returncode == code
    assert (tmp_path / "data" / "accounts" / "acme.duckdb").exists() == (code != 0)


def test_its_ledger_members_keys_and_audit_log_are_deleted_and_users_stay(acme: Run, tmp_path: Path) -> None:
    # The database of these tests is elsewhere.
    (tmp_path / "data" / "people.sqlite3").touch()
    user = User.objects.create(email="ada@example.org", last_account="acme")
    for account in ("acme", "other"):
        Membership.objects.create(user=user, account=account, role="owner")
        new_key(account, KeyDraft(name="nightly", scopes=(Scope.REPORTS_READ,)), created_by=None)
        record(Action.KEY_CREATED, account=account)
        note_entry(
            tmp_path / "data", Action.IMPORTED, account=account, who=COMMAND_LINE, at_us=now_us(), detail={"import": 1}
        )
    ran = acme("account delete acme --confirm acme")
    assert (ran.code, ran.err) == (0, "deleted account acme\n")
    assert list((tmp_path / "data" / "accounts").glob("acme*")) == []
    assert list((tmp_path / "data" / "marks").glob("acme*")) == []
    for kind in (Membership, ApiKey, AuditEntry):
        assert list(kind.objects.values_list("account", flat=True)) == ["other"]
    user.refresh_from_db()
    assert user.last_account == ""
    files = sorted((tmp_path / "data" / FOLDER).iterdir())
    assert has_pending(tmp_path / "data")
    assert ['"other"' in file.read_text() or "account_deleted" in file.read_text() for file in files] == [True, True]
    assert acme("account create acme").code == 0
    assert acme("doctor").code == 0
