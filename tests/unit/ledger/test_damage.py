"""A damaged ledger is one error with one sentence, whoever meets it; the others go on."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.damage import damage_block
from tests.support.ledgers import append_events, event, filled_account, raw_connection
from tests.support.live_batches import append_live, live_batch

from botmeter.domain.errors import BotmeterError, Unavailable
from botmeter.ledger.backup import backup, restore
from botmeter.ledger.complete_read import read_everything
from botmeter.ledger.folder import Folder
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.ledger.settle import settle
from botmeter.ledger.verify import read_and_verify

SENTENCE = "The ledger of account acme is damaged. Restore it from a backup."
EVENTS = [event(f"e{number}", f"2026-03-01T10:{number % 60:02}", attributes={"note": "n" * 90}) for number in range(9)]


@pytest.fixture
def damaged(folder: Folder) -> Folder:
    """The folder with a damaged account acme, whose file opens, and a sound one."""
    for name in ("acme", "zeta"):
        filled_account(folder, name, events=EVENTS)
    damage_block(folder.file_of("acme"), holding=b"n" * 90)
    return folder


@pytest.fixture
def ledgers(damaged: Folder) -> Iterator[OpenLedgers]:
    opened = OpenLedgers(damaged)
    yield opened
    opened.close()


def read(folder: Folder) -> None:
    with folder.reading("acme") as ledger:
        read_everything(ledger.connection)


def test_reading_verifying_and_a_backup_give_the_same_error(damaged: Folder, tmp_path: Path) -> None:
    def verify() -> None:
        with damaged.ledger("acme") as ledger:
            read_and_verify(ledger)

    for use in (lambda: read(damaged), verify, lambda: backup(damaged, "acme", path=tmp_path / "acme.backup")):
        with pytest.raises(Unavailable) as refused:
            use()
        assert (refused.value.code, refused.value.message) == ("ledger_corrupt", SENTENCE)
        assert "Corrupt database file" in refused.value.__notes__[0]
    assert not (tmp_path / "acme.backup").exists()


@pytest.mark.slow
def test_damage_is_noted_and_then_refused_everywhere_until_a_backup_is_restored(
    ledgers: OpenLedgers, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shared = SharedFolder(ledgers)
    backup(shared, "zeta", path=tmp_path / "zeta.backup")
    with ledgers.reading("acme") as ledger:
        assert ledger.account.name == "acme"
    assert ledgers.problems() == {}
    with caplog.at_level(logging.ERROR), pytest.raises(Unavailable):
        read(shared)
    assert [record.message.startswith(SENTENCE) for record in caplog.records] == [True]
    for use in (ledgers.reading, ledgers.writing, ledgers.appending_live, ledgers.settling):
        with pytest.raises(Unavailable) as refused, use("acme"):
            pass
        assert refused.value.message == SENTENCE
    assert {name: str(problem) for name, problem in ledgers.problems().items()} == {"acme": SENTENCE}
    assert len(caplog.records) == 1
    with ledgers.writing("zeta") as ledger:
        append_events(ledger, event("more", "2026-03-02T10:00"))
    restore(shared, tmp_path / "zeta.backup", name="acme", replace=True)
    assert ledgers.problems() == {}
    read(shared)


@pytest.mark.slow
def test_a_backup_that_is_restored_before_anybody_is_refused_ends_the_problem(
    ledgers: OpenLedgers, tmp_path: Path
) -> None:
    shared = SharedFolder(ledgers)
    backup(shared, "zeta", path=tmp_path / "zeta.backup")
    # As by the daily check.
    with pytest.raises(Unavailable):
        read(shared)
    restore(shared, tmp_path / "zeta.backup", name="acme", replace=True)
    assert ledgers.problems() == {}
    read(shared)


def test_live_events_of_a_damaged_ledger_are_refused_whole(ledgers: OpenLedgers) -> None:
    # The same event again: its content is read to compare, and that is the damaged block.
    with pytest.raises(BotmeterError) as refused, ledgers.appending_live("acme") as ledger:
        append_live(ledger, live_batch(EVENTS))
    assert refused.value.message == SENTENCE
    with pytest.raises(BotmeterError) as refused, ledgers.settling("acme") as writer:
        settle(writer, now_us=0)
    assert refused.value.message == SENTENCE


def test_an_error_from_outside_the_file_is_no_damage(folder: Folder, acme: str) -> None:
    # DuckDB refuses a second connection with other settings.
    with raw_connection(folder.file_of(acme)), pytest.raises(Unavailable) as refused, folder.reading(acme):
        pass
    assert refused.value.code == "ledger_failed"
    with folder.reading(acme) as ledger:
        assert ledger.account.name == acme


def test_a_damaged_file_is_closed_as_it_is(ledgers: OpenLedgers) -> None:
    file = ledgers.folder.file_of("acme")
    with pytest.raises(Unavailable):
        read(SharedFolder(ledgers))
    with pytest.raises(Unavailable), ledgers.reading("acme"):
        pass
    before = file.read_bytes()
    ledgers.close()
    assert file.read_bytes() == before
