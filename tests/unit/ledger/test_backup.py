"""Backup and restore: everything comes back, and a backup that isn't whole changes nothing."""

import errno
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.billing_facts import billing_rows, close, record_facts
from tests.support.ledgers import account_filled_by, append_events, event, made_account
from tests.support.table_meaning import table_meaning

from botmeter.domain.account import Account
from botmeter.domain.errors import BotmeterError, Conflict, Missing, NotAllowed, Refused, Unavailable
from botmeter.ledger.backup import BackupSummary, backup, restore
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.quarantine import quarantined
from botmeter.ledger.verify import verify

EVENTS = [event(f"e{number}", f"2026-03-{number:02}T10:00", bot_id=f"b{number % 3}") for number in range(1, 29)]
REFUSED = event("early", "2020-01-01T10:00")


def fill(ledger: Ledger) -> None:
    append_events(ledger, *EVENTS, REFUSED)
    record_facts(ledger, by="ann@example.com", reason="as agreed")
    close(ledger, 0, end_us=1)


@pytest.fixture(scope="module")
def only_backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("backups") / "acme.backup"
    with Folder.owned(path.parent / "data", purpose="tests") as folder:
        backup(folder, account_filled_by(folder, fill), path=path)
    return path


@pytest.fixture
def saved(folder: Folder, only_backup: Path, tmp_path: Path) -> Path:
    account_filled_by(folder, fill)
    return shutil.copyfile(only_backup, tmp_path / "acme.backup")


def meaning(folder: Folder, name: str) -> Any:
    with folder.reading(name) as ledger:
        refused = [each.raw for each in quarantined(ledger)]
        return table_meaning(ledger), refused, ledger.schedule, billing_rows(ledger)


def rewritten(path: Path, *, manifest: Callable[[dict[str, Any]], None] = lambda _: None, leave: str = "") -> None:
    """The archive at `path` with another manifest, or without one of its files."""
    with tarfile.open(path) as archive:
        content = {name: archive.extractfile(name).read() for name in archive.getnames()}  # type: ignore[union-attr]
    message = json.loads(content["manifest.json"])
    manifest(message)
    content["manifest.json"] = json.dumps(message).encode()
    with tarfile.open(path, "w") as archive:
        for name, text in content.items():
            if name != leave:
                entry = tarfile.TarInfo(name)
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text))


def test_a_backup_has_a_summary_of_its_contents(folder: Folder, acme: str, saved: Path, tmp_path: Path) -> None:
    summary = backup(folder, acme, path=tmp_path / "again")
    assert (summary.account, summary.event_count, summary.session_count) == ("acme", 28, 28)
    assert summary.size_bytes == folder.file_of(acme).stat().st_size


@pytest.mark.slow
def test_a_restored_account_is_complete(folder: Folder, acme: str, saved: Path) -> None:
    before = meaning(folder, acme)
    folder.remove(acme)
    summary = restore(folder, saved)
    assert isinstance(summary, BackupSummary)
    assert meaning(folder, acme) == before
    with folder.ledger(acme) as ledger:
        assert append_events(ledger, *EVENTS).duplicates == 28
        assert verify(ledger).is_clean


@pytest.mark.slow
def test_a_backup_can_be_restored_under_another_name(folder: Folder, acme: str, saved: Path) -> None:
    restore(folder, saved, name="Copy")
    assert folder.accounts() == ["acme", "copy"]
    with folder.reading("copy") as ledger:
        assert ledger.account.name == "copy"
    assert meaning(folder, "copy") == meaning(folder, acme)


@pytest.mark.slow
def test_an_existing_account_is_replaced_only_with_replace(folder: Folder, acme: str, saved: Path) -> None:
    before = meaning(folder, acme)
    with folder.ledger(acme) as ledger:
        append_events(ledger, event("more", "2026-04-01T10:00"))
    changed = meaning(folder, acme)
    with pytest.raises(Conflict, match="Account acme already exists"):
        restore(folder, saved)
    assert meaning(folder, acme) == changed
    restore(folder, saved, replace=True)
    assert meaning(folder, acme) == before


def test_the_log_of_a_killed_process_is_not_applied_to_the_restored_ledger(
    folder: Folder, acme: str, saved: Path
) -> None:
    before = meaning(folder, acme)
    folder.file_of(acme).with_name("acme.duckdb.wal").write_bytes(b"changes of the ledger that is replaced")
    restore(folder, saved, replace=True)
    assert meaning(folder, acme) == before


def test_a_backup_of_another_account_than_its_manifest_says_is_refused(folder: Folder, acme: str, saved: Path) -> None:
    rewritten(saved, manifest=lambda it: it.update(account="beta"))
    with pytest.raises(Refused, match="holds account acme, but its manifest names beta") as refused:
        restore(folder, saved)
    assert refused.value.code == "backup_invalid"
    assert folder.accounts() == [acme]


@pytest.mark.parametrize("position", [0.1, 0.5, 0.9])
def test_a_damaged_backup_is_refused_and_changes_nothing(
    folder: Folder, acme: str, saved: Path, position: float
) -> None:
    before = meaning(folder, acme)
    content = bytearray(saved.read_bytes())
    content[int(len(content) * position)] ^= 0xFF
    saved.write_bytes(content)
    with pytest.raises(Refused) as refused:
        restore(folder, saved, replace=True)
    assert refused.value.code == "backup_invalid"
    assert meaning(folder, acme) == before
    assert not list((folder.path / "accounts").glob("*.draft*"))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_backup_is_refused(folder: Folder, acme: str, saved: Path, share: float) -> None:
    content = saved.read_bytes().rstrip(b"\0")
    saved.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(Refused) as refused:
        restore(folder, saved, name="copy")
    assert refused.value.code == "backup_invalid"
    assert folder.accounts() == ["acme"]


@pytest.mark.parametrize("leave", ["manifest.json", "ledger.duckdb"])
def test_a_backup_with_a_part_missing_is_refused(folder: Folder, acme: str, saved: Path, leave: str) -> None:
    rewritten(saved, leave=leave)
    with pytest.raises(Refused, match="is not a complete backup of Botmeter"):
        restore(folder, saved, name="copy")


def test_a_file_that_is_no_backup_is_refused(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no backup")
    with pytest.raises(Refused, match="is not a complete backup of Botmeter"):
        restore(folder, tmp_path / "notes.txt")


def test_restoring_a_missing_backup_is_refused(folder: Folder, tmp_path: Path) -> None:
    with pytest.raises(Missing, match="No backup at") as refused:
        restore(folder, tmp_path / "nowhere")
    assert refused.value.code == "file_unknown"


def test_a_backup_that_may_not_be_read_is_refused(
    folder: Folder, acme: str, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(tarfile, "open", forbidden)
    with pytest.raises(NotAllowed, match="can't be read: Permission denied") as refused:
        restore(folder, saved, name="copy")
    assert refused.value.code == "backup_not_readable"


def test_a_backup_of_a_newer_version_is_refused(folder: Folder, acme: str, saved: Path) -> None:
    rewritten(saved, manifest=lambda message: message.update(schema_version=99))
    with pytest.raises(Unavailable, match="has version 99") as refused:
        restore(folder, saved, name="copy")
    assert refused.value.code == "ledger_newer"


def test_a_backup_whose_counts_are_not_those_of_its_ledger_is_refused(folder: Folder, acme: str, saved: Path) -> None:
    rewritten(saved, manifest=lambda message: message.update(event_count=27))
    with pytest.raises(Refused, match="has other event and session counts than its manifest"):
        restore(folder, saved, name="copy")


def test_a_name_that_leaves_the_folder_is_refused(folder: Folder, acme: str, saved: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is not a valid account name"):
        restore(folder, saved, name="../escaped")
    rewritten(saved, manifest=lambda message: message.update(account="../escaped"))
    with pytest.raises(Refused, match="is not a valid account name"):
        restore(folder, saved)
    assert not list(tmp_path.rglob("escaped*"))


def test_a_backup_needs_an_existing_folder(folder: Folder, acme: str, tmp_path: Path) -> None:
    with pytest.raises(NotAllowed, match="can't be written to") as refused:
        backup(folder, acme, path=tmp_path / "no" / "such" / "folder" / "acme.backup")
    assert refused.value.code == "backup_not_writable"


def test_an_older_backup_is_not_written_over(folder: Folder, acme: str, saved: Path) -> None:
    before = saved.read_bytes()
    with pytest.raises(Conflict, match="Give the backup another name") as refused:
        backup(folder, acme, path=saved)
    assert refused.value.code == "backup_exists"
    assert saved.read_bytes() == before


def test_an_account_that_does_not_exist_has_no_backup(folder: Folder, tmp_path: Path) -> None:
    with pytest.raises(BotmeterError, match="Unknown account nobody"):
        backup(folder, "nobody", path=tmp_path / "nobody.backup")
    assert not (tmp_path / "nobody.backup").exists()


@pytest.mark.slow
def test_a_read_only_ledger_can_be_backed_up(folder: Folder, acme: str, saved: Path, tmp_path: Path) -> None:
    folder.file_of(acme).chmod(0o444)
    backup(folder, acme, path=tmp_path / "again")
    restore(folder, tmp_path / "again", name="copy")
    assert meaning(folder, "copy") == meaning(folder, acme)


@pytest.mark.slow
def test_the_name_in_the_backup_of_a_renamed_account_is_the_account_s(folder: Folder, tmp_path: Path) -> None:
    name = made_account(folder, Account(name="one"))
    backup(folder, name, path=tmp_path / "one.backup")
    restore(folder, tmp_path / "one.backup", name="two")
    assert backup(folder, "two", path=tmp_path / "two.backup").account == "two"
