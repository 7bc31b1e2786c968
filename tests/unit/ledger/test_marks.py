"""The mark of a ledger: a file that lost what was acknowledged is refused with what is missing."""

import shutil
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import duckdb
import pytest
from tests.support.ledgers import ACME, NOW_US, append_events, event, raw_connection

from botmeter.domain.errors import Unavailable
from botmeter.ledger import marks
from botmeter.ledger.acceptance import accept
from botmeter.ledger.backup import backup, restore
from botmeter.ledger.erase import erase
from botmeter.ledger.folder import Folder
from botmeter.ledger.marks import mark_file
from botmeter.ledger.settings import set_title
from botmeter.ledger.verify import verify
from botmeter.metering.policy import FRESHCHAT

FIRST, SECOND = event("e1", "2026-03-01T10:00"), event("e2", "2026-03-03T10:00")


@pytest.fixture
def killed(folder: Folder, acme: str, tmp_path: Path) -> Folder:
    """The folder of a process that was killed after three receipts, of which the last two are in the log."""
    file = folder.file_of(acme)
    with folder.ledger(acme) as ledger:
        append_events(ledger, FIRST)
    with folder.ledger(acme) as ledger:
        append_events(ledger, SECOND)
        append_events(ledger, event("e3", "2026-03-05T10:00"))
        for path in (file, log_of(folder)):
            shutil.copyfile(path, tmp_path / path.name)
    for path in (file, log_of(folder)):
        shutil.copyfile(tmp_path / path.name, path)
    return folder


def log_of(folder: Folder) -> Path:
    return folder.file_of("acme").with_name("acme.duckdb.wal")


def refusal(folder: Folder) -> Unavailable:
    with pytest.raises(Unavailable) as refused, folder.ledger("acme"):
        pass
    with pytest.raises(Unavailable) as read, folder.reading("acme"):
        pass
    assert read.value.args == refused.value.args
    return refused.value


def event_ids(folder: Folder) -> list[str]:
    with folder.ledger("acme") as ledger:
        return [row[0] for row in ledger.connection.execute("SELECT event_id FROM event ORDER BY 1").fetchall()]


def cut(log: Path) -> None:
    log.write_bytes(log.read_bytes()[:-10])


def cut_to_half(log: Path) -> None:
    content = log.read_bytes()
    log.write_bytes(content[: len(content) // 2])


def test_a_killed_process_s_ledger_opens_with_its_log(killed: Folder) -> None:
    assert event_ids(killed) == ["e1", "e2", "e3"]


@pytest.mark.parametrize(
    ("damage", "missing"),
    [
        pytest.param(cut, "receipt 3 is missing", id="cut"),
        pytest.param(cut_to_half, "receipts 2 to 3 are missing", id="half", marks=pytest.mark.slow),
        pytest.param(Path.unlink, "receipts 2 to 3 are missing", id="deleted"),
        pytest.param(
            lambda log: log.write_bytes(b""), "receipts 2 to 3 are missing", id="empty", marks=pytest.mark.slow
        ),
    ],
)
def test_a_damaged_log_is_a_loss_with_its_receipts(
    killed: Folder, damage: Callable[[Path], object], missing: str
) -> None:
    damage(log_of(killed))
    left = log_of(killed).read_bytes() if log_of(killed).exists() else b""
    problem = refusal(killed)
    assert (problem.code, missing in problem.message) == ("ledger_behind", True), problem.message
    # What is left of the log is kept for whoever can read it.
    assert (log_of(killed).read_bytes() if log_of(killed).exists() else b"") == left


@pytest.mark.slow
def test_an_accepted_loss_lets_senders_send_the_events_again(killed: Folder) -> None:
    log_of(killed).unlink()
    refusal(killed)
    accept(killed, "acme")
    assert event_ids(killed) == ["e1"]
    with killed.ledger("acme") as ledger:
        assert append_events(ledger, FIRST, SECOND).accepted == 1
        assert verify(ledger).is_clean


@pytest.mark.slow
def test_an_older_file_put_there_by_hand_is_older_than_what_was_acknowledged(
    folder: Folder, acme: str, tmp_path: Path
) -> None:
    shutil.copyfile(folder.file_of(acme), tmp_path / "older")
    with folder.ledger(acme) as ledger:
        append_events(ledger, FIRST)
    shutil.copyfile(tmp_path / "older", folder.file_of(acme))
    problem = refusal(folder)
    assert problem.code == "ledger_behind"
    assert "is older than what was acknowledged: receipt 1 is missing, acknowledged by 20" in problem.message
    accept(folder, acme)
    assert event_ids(folder) == []


def test_a_lost_change_of_the_settings_is_a_loss_too(folder: Folder, acme: str, tmp_path: Path) -> None:
    with folder.ledger(acme) as ledger:
        append_events(ledger, FIRST)
    shutil.copyfile(folder.file_of(acme), tmp_path / "older")
    with folder.ledger(acme) as ledger:
        set_title(ledger, "Acme & Sons", by=None, now_us=NOW_US)
    shutil.copyfile(tmp_path / "older", folder.file_of(acme))
    assert "1 change after receipt 1 is missing" in refusal(folder).message


@pytest.mark.slow
def test_another_file_with_as_many_commits_is_not_the_acknowledged_one(
    folder: Folder, acme: str, tmp_path: Path
) -> None:
    with folder.ledger(acme) as ledger:
        append_events(ledger, FIRST)
    shutil.copyfile(folder.file_of(acme), tmp_path / "copy")
    with Folder.owned(tmp_path / "other", purpose="a test") as other:
        shutil.copyfile(tmp_path / "copy", other.file_of(acme))
        with other.ledger(acme) as ledger:
            append_events(ledger, SECOND)
            append_events(ledger, event("e9", "2026-03-09T10:00"))
        with folder.ledger(acme) as ledger:
            append_events(ledger, event("e8", "2026-03-08T10:00"))
        shutil.copyfile(other.file_of(acme), folder.file_of(acme))
    problem = refusal(folder)
    assert (problem.code, "up to receipt 2" in problem.message) == ("ledger_replaced", True), problem.message


def test_a_lost_file_is_no_unknown_account(folder: Folder) -> None:
    folder.create(ACME, policy=FRESHCHAT, now_us=NOW_US)
    folder.file_of("acme").unlink()
    assert refusal(folder).code == "ledger_missing"
    with pytest.raises(Unavailable, match="The ledger of account acme is gone"):
        folder.create(ACME, policy=FRESHCHAT, now_us=NOW_US)
    accept(folder, "acme")
    folder.create(ACME, policy=FRESHCHAT, now_us=NOW_US)
    assert event_ids(folder) == []


def test_a_commit_whose_process_ended_before_its_mark_is_right(killed: Folder, tmp_path: Path) -> None:
    mark = mark_file(killed.path, "acme")
    assert event_ids(killed) == ["e1", "e2", "e3"]
    before = mark.read_bytes()
    with killed.ledger("acme") as ledger:
        append_events(ledger, event("e4", "2026-03-07T10:00"))
    mark.write_bytes(before)
    assert event_ids(killed)[-1] == "e4"
    assert mark.read_bytes() != before


@pytest.mark.slow
def test_a_mark_that_can_t_be_written_refuses_the_change_until_it_can(folder: Folder, acme: str) -> None:
    with folder.ledger(acme) as ledger:
        append_events(ledger, FIRST)
        mark = mark_file(folder.path, acme)
        content = mark.read_bytes()
        mark.unlink()
        mark.mkdir()
        for attempt, consequence in enumerate(("The change is stored", "Nothing was changed", "Nothing was changed")):
            with pytest.raises(Unavailable, match=consequence) as refused:
                append_events(ledger, event(f"x{attempt}", "2026-03-02T10:00"))
            assert refused.value.code == "mark_failed"
        mark.rmdir()
        mark.write_bytes(content)
        assert append_events(ledger, event("x0", "2026-03-02T10:00"), SECOND).duplicates == 1
    assert event_ids(folder) == ["e1", "e2", "x0"]


@pytest.mark.slow
def test_a_torn_write_of_a_mark_leaves_the_one_before(folder: Folder, acme: str) -> None:
    with folder.ledger(acme) as ledger:
        for number in range(3):
            append_events(ledger, event(f"e{number}", "2026-03-02T10:00"))
    mark = mark_file(folder.path, acme)
    content = mark.read_bytes()
    assert len(content) == 8192
    newer = max((0, 4096), key=lambda start: int(content[start:].partition(b'"sequence":')[2].partition(b",")[0]))
    mark.write_bytes(content[: newer + 30] + bytes(4066) + content[newer + 4096 :])
    # The commit before, which the ledger follows.
    assert len(event_ids(folder)) == 3
    mark.write_bytes(bytes(8192))
    assert refusal(folder).code == "mark_damaged"
    accept(folder, acme)
    assert len(event_ids(folder)) == 3


def test_a_file_without_a_mark_starts_one(folder: Folder, acme: str) -> None:
    assert not mark_file(folder.path, acme).exists()
    with folder.reading(acme):
        assert not mark_file(folder.path, acme).exists()
    assert event_ids(folder) == []
    assert mark_file(folder.path, acme).stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_a_file_of_an_earlier_botmeter_starts_one_with_its_receipts(folder: Folder, acme: str) -> None:
    with folder.ledger(acme) as ledger:
        append_events(ledger, FIRST)
    mark_file(folder.path, acme).unlink()
    with raw_connection(folder.file_of(acme)) as connection:
        connection.execute("DELETE FROM meta WHERE name = 'last_commit'")
    with folder.ledger(acme) as ledger:
        append_events(ledger, SECOND)
        assert marks.stored_commit(ledger.connection).receipt_no == 2
    assert event_ids(folder) == ["e1", "e2"]


@pytest.mark.slow
def test_a_restored_backup_is_what_is_acknowledged(folder: Folder, acme: str, tmp_path: Path) -> None:
    backup(folder, acme, path=tmp_path / "acme.backup")
    with folder.ledger(acme) as ledger:
        append_events(ledger, FIRST)
    restore(folder, tmp_path / "acme.backup", replace=True)
    assert event_ids(folder) == []
    with folder.ledger(acme) as ledger:
        append_events(ledger, SECOND)
    folder.file_of(acme).unlink()
    restore(folder, tmp_path / "acme.backup")
    assert event_ids(folder) == []


@pytest.mark.slow
@pytest.mark.parametrize("is_replaced", [True, False])
def test_a_restore_that_is_killed_leaves_a_ledger_that_opens(
    folder: Folder, acme: str, tmp_path: Path, is_replaced: bool
) -> None:
    shutil.copyfile(folder.file_of(acme), tmp_path / "older")
    with closing(duckdb.connect(str(tmp_path / "older"))) as connection:
        commit = marks.stored_commit(connection)
    with folder.ledger(acme) as ledger:
        append_events(ledger, FIRST)
    with suppress(KeyboardInterrupt), marks.replacing(folder.path, acme, commit=commit):
        if is_replaced:
            shutil.copyfile(tmp_path / "older", folder.file_of(acme))
        raise KeyboardInterrupt
    assert event_ids(folder) == ([] if is_replaced else ["e1"])
    with folder.ledger(acme) as ledger:
        append_events(ledger, SECOND)
    assert event_ids(folder)[-1] == "e2"


@pytest.mark.slow
def test_an_erased_customer_s_rewritten_file_is_the_acknowledged_one(folder: Folder, acme: str) -> None:
    with folder.ledger(acme) as ledger:
        append_events(ledger, FIRST)
    erase(folder, acme, customer_id="c1")
    with folder.ledger(acme) as ledger:
        assert verify(ledger).event_count == 1


def test_a_removed_account_leaves_no_mark(folder: Folder) -> None:
    folder.create(ACME, policy=FRESHCHAT, now_us=NOW_US)
    folder.remove("acme")
    assert list((folder.path / "marks").iterdir()) == []
