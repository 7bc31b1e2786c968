"""The data folder: accounts, their owner, and files that can't be opened as they are."""

import fcntl
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pytest
from tests.support.damage import COMPRESSED_IDS, damage_blocks
from tests.support.ledgers import ACME, NOW_US, append_events, event, made_account

import botmeter
from botmeter.domain.account import Account
from botmeter.domain.errors import BotmeterError, Conflict, Missing, NotAllowed, Refused, Unavailable
from botmeter.ledger.folder import Folder
from botmeter.ledger.folder_files import LOCK, SERVER_LOCK, is_free, is_served, served
from botmeter.ledger.tables import SCHEMA_VERSION, migrate, schema_version
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT, InForce

SOURCE = Path(botmeter.__file__).parents[1]
OWN = """
import sys
from pathlib import Path
from botmeter.domain.errors import BotmeterError
from botmeter.ledger.folder import Folder
try:
    with Folder.owned(Path(sys.argv[1]), purpose="a second one"):
        print("owned")
except BotmeterError as error:
    print(error.code, error.message)
"""


def second_process(path: Path) -> str:
    """Message to a second process that opens the folder."""
    done = subprocess.run(
        [sys.executable, "-c", OWN, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(SOURCE)},
    )
    assert done.stderr == ""
    return done.stdout.strip()


@contextmanager
def closing_after(file: int, *, seconds: float) -> Iterator[None]:
    timer = threading.Timer(seconds, os.close, [file])
    timer.start()
    yield
    timer.join()


def tampered(file: Path, change: str) -> None:
    with closing(duckdb.connect(str(file))) as connection:
        connection.execute(change)


def test_a_new_account_has_its_settings_and_its_policy(folder: Folder) -> None:
    folder.create(ACME, policy=FRESHCHAT, now_us=NOW_US)
    assert folder.accounts() == ["acme"]
    with folder.ledger("ACME") as ledger:
        assert ledger.account == ACME
        assert ledger.schedule == (InForce(policy=FRESHCHAT, from_us=ALWAYS_US),)


def test_an_account_can_t_be_made_twice(folder: Folder, acme: str) -> None:
    with pytest.raises(Conflict, match="Account acme already exists") as refused:
        folder.create(Account(name="Acme"), policy=FRESHCHAT, now_us=NOW_US)
    assert refused.value.code == "account_exists"


def test_an_account_that_does_not_exist_is_refused_with_those_that_do(folder: Folder, acme: str) -> None:
    made_account(folder, Account(name="zeta"))
    with pytest.raises(Missing, match="Unknown account acne in .*. Accounts: acme, zeta."), folder.ledger("acne"):
        pass


@pytest.mark.parametrize("name", ["../acme", "..", "a/b", "/etc/passwd", "", "acme\0", "ac me"])
def test_a_name_that_leaves_the_folder_is_refused(folder: Folder, acme: str, name: str) -> None:
    with pytest.raises(Refused, match="is not a valid account name"), folder.ledger(name):
        pass
    with pytest.raises(Refused, match="is not a valid account name"):
        folder.file_of(name)


@pytest.mark.parametrize(
    "name",
    [
        "main",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("temp", "system", "memory", "draft", "con", "0")),
    ],
)
def test_an_account_name_may_be_a_keyword_of_the_database(folder: Folder, name: str) -> None:
    made_account(folder, Account(name=name))
    with folder.ledger(name) as ledger:
        assert append_events(ledger, event("1", "2026-03-01T10:00")).accepted == 1


@pytest.mark.slow
def test_a_second_process_learns_which_process_owns_the_folder(folder: Folder) -> None:
    assert second_process(folder.path).startswith("ledger_in_use The data folder")
    assert "(a test). Wait for it to finish, or end it." in second_process(folder.path)


@pytest.mark.parametrize("lock", [LOCK, SERVER_LOCK])
def test_a_check_whether_the_folder_is_free_keeps_nobody_from_owning_it(tmp_path: Path, lock: str) -> None:
    check = os.open(tmp_path / lock, os.O_RDWR | os.O_CREAT)
    fcntl.flock(check, fcntl.LOCK_SH)
    with closing_after(check, seconds=0.05), served(tmp_path, wait_seconds=0):
        assert is_served(tmp_path)


@pytest.mark.slow
def test_the_folder_is_free_once_its_owner_is_done(tmp_path: Path) -> None:
    with Folder.owned(tmp_path / "data", purpose="one"):
        pass
    assert second_process(tmp_path / "data") == "owned"
    with Folder.owned(tmp_path / "data", purpose="two"):
        pass


@pytest.mark.slow
def test_a_folder_is_a_server_s_while_its_worker_restarts(tmp_path: Path) -> None:
    with served(tmp_path, wait_seconds=0):
        assert not is_free(tmp_path)
        with pytest.raises(Unavailable, match="is starting") as refused, Folder.owned(tmp_path, purpose="a command"):
            pass
        assert refused.value.code == "server_restarting"
        with Folder.owned(tmp_path, purpose="botmeter serve", for_server=True):
            assert second_process(tmp_path).startswith("ledger_in_use")
    assert is_free(tmp_path)
    assert second_process(tmp_path) == "owned"


def test_a_folder_is_served_once(tmp_path: Path) -> None:
    with (
        served(tmp_path, wait_seconds=0),
        pytest.raises(Unavailable, match="botmeter serve"),
        served(tmp_path, wait_seconds=0),
    ):
        pass


def test_a_folder_in_use_is_not_served(folder: Folder) -> None:
    with pytest.raises(Unavailable, match=r"\(a test\)") as refused, served(folder.path, wait_seconds=0):
        pass
    assert refused.value.code == "ledger_in_use"
    assert not is_served(folder.path)


def test_the_same_process_can_t_own_it_twice_either(folder: Folder) -> None:
    with pytest.raises(Unavailable, match="is in use by process"), Folder.owned(folder.path, purpose="again"):
        pass


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no folder")
    with pytest.raises(NotAllowed, match="can't be used") as refused, Folder.owned(tmp_path / "data", purpose="a test"):
        pass
    assert refused.value.code == "folder_not_writable"


@pytest.mark.parametrize(
    "content", [b"", b"binary noise \x00\xff" * 5_000, b"text\n", None], ids=["empty", "noise", "text", "cut short"]
)
@pytest.mark.parametrize(
    "read_only", [pytest.param(True, id="reading", marks=pytest.mark.slow), pytest.param(False, id="writing")]
)
def test_a_corrupt_file_gets_a_sentence(folder: Folder, acme: str, content: bytes | None, read_only: bool) -> None:
    with folder.ledger(acme) as ledger:
        append_events(ledger, *(event(f"e{number}", "2026-03-01T10:00") for number in range(500)))
    file = folder.file_of(acme)
    file.write_bytes(file.read_bytes()[: 3 * 4096] if content is None else content)
    with pytest.raises(Unavailable) as refused, (folder.reading if read_only else folder.ledger)(acme):
        pass
    assert refused.value.code == "ledger_corrupt"
    assert refused.value.message == "The ledger of account acme is damaged. Restore it from a backup."
    assert refused.value.__notes__[0].startswith("DuckDB says: ")


@pytest.mark.parametrize("read_only", [True, False], ids=["reading", "writing"])
def test_another_program_s_database_is_refused(folder: Folder, acme: str, read_only: bool) -> None:
    file = folder.file_of(acme)
    file.unlink()
    tampered(file, "CREATE TABLE t AS SELECT 1 AS a")
    with (
        pytest.raises(Unavailable, match="is damaged"),
        (folder.reading if read_only else folder.ledger)(acme),
    ):
        pass


def test_reading_a_damaged_page_is_refused(folder: Folder, acme: str) -> None:
    with folder.ledger(acme) as ledger:
        append_events(ledger, *(event(f"e{number}", "2026-03-01T10:00") for number in range(5_000)))
    file = folder.file_of(acme)
    damage_blocks(file, holding=COMPRESSED_IDS)
    with pytest.raises(BotmeterError) as refused, folder.ledger(acme) as ledger:
        append_events(ledger, event("e4999", "2026-03-01T10:00"))
    assert refused.value.code == "ledger_corrupt"


def test_a_read_only_file_can_be_read_and_not_written(folder: Folder, acme: str) -> None:
    file = folder.file_of(acme)
    file.chmod(0o444)
    message = r"The ledger of account acme \(.*\) is read-only"
    with pytest.raises(NotAllowed, match=message) as refused, folder.ledger(acme):
        pass
    assert refused.value.code == "ledger_read_only"
    with folder.reading(acme) as ledger:
        assert ledger.account.name == "acme"


@pytest.mark.parametrize("read_only", [True, False], ids=["reading", "writing"])
def test_a_ledger_of_a_newer_version_is_refused(folder: Folder, acme: str, read_only: bool) -> None:
    tampered(folder.file_of(acme), "UPDATE meta SET value = '99' WHERE name = 'schema_version'")
    message = "has version 99, and this Botmeter supports versions up to"
    with pytest.raises(Unavailable, match=message) as refused, (folder.reading if read_only else folder.ledger)(acme):
        pass
    assert refused.value.code == "ledger_newer"


def test_an_older_file_is_migrated_step_by_step(folder: Folder, acme: str) -> None:
    steps = {
        SCHEMA_VERSION: ("ALTER TABLE receipt ADD COLUMN colour VARCHAR",),
        SCHEMA_VERSION + 1: ("UPDATE receipt SET colour = 'red'", "ALTER TABLE receipt RENAME colour TO color"),
    }
    with closing(duckdb.connect(str(folder.file_of(acme)))) as connection:
        connection.execute("INSERT INTO receipt VALUES (1, 0, 's', 'a file', 0, 0, 0, 0, NULL)")
        assert migrate(connection, name="acme", migrations=steps) == 2
        assert schema_version(connection) == SCHEMA_VERSION + 2
        assert connection.execute("SELECT label, color FROM receipt").fetchall() == [("a file", "red")]
        assert migrate(connection, name="acme", migrations=steps) == 0


def test_a_migration_that_fails_leaves_the_file_as_it_was(folder: Folder, acme: str) -> None:
    steps = {SCHEMA_VERSION: ("DROP TABLE receipt",), SCHEMA_VERSION + 1: ("DROP TABLE no_such_table",)}
    with closing(duckdb.connect(str(folder.file_of(acme)))) as connection:
        with pytest.raises(duckdb.CatalogException):
            migrate(connection, name="acme", migrations=steps)
        assert schema_version(connection) == SCHEMA_VERSION
        assert connection.execute("SELECT count(*) FROM receipt").fetchall() == [(0,)]


def test_a_deleted_account_leaves_nothing_to_a_new_one_of_its_name(folder: Folder, acme: str) -> None:
    log = folder.file_of(acme).with_name("acme.duckdb.wal")
    log.write_bytes(b"what a killed process left")
    folder.remove(acme)
    assert list((folder.path / "accounts").iterdir()) == []
    made_account(folder)
    with folder.ledger(acme) as ledger:
        assert append_events(ledger, event("1", "2026-03-01T10:00")).accepted == 1


def test_what_killed_processes_left_is_removed_when_the_folder_is_owned(tmp_path: Path) -> None:
    left = (
        "accounts/acme.draft",
        "accounts/0a1b.draft.wal",
        ".botmeter-2.draft",
        "tmp/duckdb_0",
        ".owner-3",
        ".owner-4/s",
        ".secret.key.5",
    )
    for name in left:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"half a file")
    with Folder.owned(tmp_path, purpose="a test") as folder:
        assert folder.accounts() == []
        assert {path.name for path in tmp_path.rglob("*")} == {"accounts", "owner.lock"}


def test_others_can_neither_list_nor_read_what_is_in_a_data_folder(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with Folder.owned(tmp_path / "new", purpose="a test") as folder:
            folder.create(ACME, policy=FRESHCHAT, now_us=NOW_US)
            path = folder.file_of(ACME.name)
        assert [mode_of(each) for each in (folder.path, path.parent, path)] == [0o700, 0o700, 0o600]
        path.chmod(0o644)
        path.parent.chmod(0o755)
        with Folder.owned(folder.path, purpose="a test"):
            assert [mode_of(each) for each in (path.parent, path)] == [0o700, 0o600]
    finally:
        os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_under_another_accounts_name_is_refused(folder: Folder, acme: str) -> None:
    folder.file_of(acme).rename(folder.file_of("beta"))
    for opened in (folder.ledger("beta"), folder.reading("beta")):
        with (
            pytest.raises(Unavailable, match=r"is the ledger of account acme, not of beta\. Rename it") as refused,
            opened,
        ):
            pass
        assert refused.value.code == "ledger_misnamed"


def test_accounts_with_unclosed_files_are_listed(folder: Folder, acme: str) -> None:
    made_account(folder, Account(name="beta"))
    with folder.ledger(acme) as ledger:
        append_events(ledger, event("e1", "2026-05-20T10:00"))
        assert folder.unclosed_accounts() == [acme]
    assert folder.unclosed_accounts() == []
