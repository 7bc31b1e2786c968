"""Live events settled beside others who take in, read and write; and what is left when a process is killed."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pytest
from tests.support.full_disk import largest_file
from tests.support.ledgers import ACME, NOW_US, append_events, event, raw_connection
from tests.support.live_batches import append_live, counts, live_batch
from tests.support.table_meaning import table_meaning

from botmeter.domain.errors import NotAllowed, Refused, Unavailable
from botmeter.ledger import checkpoints
from botmeter.ledger import settle as settling
from botmeter.ledger.backup import backup, restore
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger, LiveCommits
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.ledger.settings import set_available_from
from botmeter.ledger.settle import settle
from botmeter.ledger.statements import statements_of
from botmeter.ledger.verify import verify
from botmeter.reports.query import usage_query
from botmeter.reports.usage import usage_report
from support.meanwhile import STUCK_SECONDS, meanwhile

HOURS = [event(f"e{hour}", f"2026-05-20T{hour:02}:00") for hour in range(10, 20)]


def take_live(ledgers: OpenLedgers, *events: dict[str, object]) -> tuple[int, int, int, int]:
    with ledgers.appending_live("acme") as ledger:
        return counts(append_live(ledger, live_batch(list(events)))[0])


def settle_live(ledgers: OpenLedgers) -> int:
    with ledgers.settling("acme") as ledger:
        return settle(ledger, now_us=NOW_US)


def headline(ledger: Ledger) -> int:
    return usage_report(ledger, usage_query(ledger.account, now_us=NOW_US)).sessions_consumed


def event_count(ledger: Ledger) -> int:
    return int(ledger.connection.execute("SELECT count(*) FROM event").fetchall()[0][0])


def test_a_reader_sees_live_events_once_they_are_settled_and_the_version_grows_then_alone(ledgers: OpenLedgers) -> None:
    observed = []
    for step in (lambda: None, lambda: take_live(ledgers, *HOURS), lambda: settle_live(ledgers)):
        step()
        with ledgers.reading("acme") as reader:
            observed.append((reader.version, headline(reader)))
    assert [count for _, count in observed] == [0, 0, 1]
    assert observed[0][0] == observed[1][0] < observed[2][0]


def test_the_backlog_is_counted_and_a_closed_file_has_none(ledgers: OpenLedgers) -> None:
    assert ledgers.unsettled("acme").event_count == 0
    take_live(ledgers, *HOURS)
    waiting = ledgers.unsettled("acme")
    assert (waiting.event_count, waiting.oldest_received_us) == (10, NOW_US)
    ledgers.close_idle(0)
    assert ledgers.unsettled("acme").event_count == 0
    with ledgers.reading("acme") as reader:
        assert headline(reader) == 1


def test_live_events_are_appended_while_others_are_settled(ledgers: OpenLedgers) -> None:
    take_live(ledgers, *HOURS[:5])
    with ledgers.settling("acme") as writer:
        with writer.transaction(is_acknowledged=False) as connection:
            connection.execute("DELETE FROM arrival")
            with meanwhile(lambda: take_live(ledgers, *HOURS[5:])):
                pass
            connection.execute("INSERT INTO meta VALUES ('settled', 'yes')")
        left = connection.execute("SELECT event_id FROM arrival ORDER BY event_id").fetchall()
    assert [event_id for (event_id,) in left] == [f"e{hour}" for hour in range(15, 20)]


class _Ended(threading.Event):
    """A commit that ends when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        self.set()
        return True


def test_a_small_metering_run_waits_for_a_live_commit_and_a_large_one_does_not(
    ledgers: OpenLedgers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "GIVING_WAY_EVENTS_MAX", 5)
    for events, waits in ((HOURS[:6], []), (HOURS[6:], [settling.GIVING_WAY_SECONDS])):
        take_live(ledgers, *events)
        with ledgers.appending_live("acme") as live:
            ended = live.live_commits._none = _Ended()
            with live.live_commits.running():
                assert settle_live(ledgers) == len(events)
        assert ended.waits == waits
    commits = LiveCommits()
    with commits.running():
        assert commits.wait(0.001) == 0
    assert commits.wait(STUCK_SECONDS) == STUCK_SECONDS


def test_an_event_that_is_sent_again_while_it_is_being_settled_is_a_duplicate(ledgers: OpenLedgers) -> None:
    take_live(ledgers, *HOURS)
    with ledgers.settling("acme") as writer, writer.transaction(is_acknowledged=False) as connection:
        connection.execute("INSERT INTO event SELECT * EXCLUDE (received_at), false, false, false FROM arrival")
        connection.execute("DELETE FROM arrival")
        sent_again = []
        with meanwhile(lambda: sent_again.append(take_live(ledgers, *HOURS))):
            pass
    assert sent_again == [(0, 10, 0, 0)]
    assert take_live(ledgers, *HOURS) == (0, 10, 0, 0)


def test_a_bot_that_is_met_while_others_are_settled_is_known_to_readers_once_it_counts(
    ledgers: OpenLedgers,
) -> None:
    """Its number is on disk before its events count; a reader must not take its numbers for up to date."""
    take_live(ledgers, event("1", "2026-05-20T10:00", bot_id="first"))
    with ledgers.reading("acme") as reader:
        with ledgers.settling("acme") as writer:
            settle(writer, now_us=NOW_US)
            take_live(ledgers, event("2", "2026-05-20T11:00", bot_id="second", customer_id="c2"))
        with ledgers.reading("acme") as later:
            settle_live(ledgers)
            for each in (reader, later):
                report = usage_report(each, usage_query(each.account, now_us=NOW_US))
                assert [bot.bot_id for bot in report.by_bot] == ["first", "second"]


@pytest.mark.slow
def test_a_writer_finds_everything_settled_and_appends_after_it(ledgers: OpenLedgers) -> None:
    take_live(ledgers, HOURS[0], event("web", "2026-05-20T10:00", bot_id="b2"))
    with ledgers.writing("acme") as writer:
        assert event_count(writer) == 2
        assert counts(append_events(writer, *HOURS)) == (9, 1, 0, 0)
        append_events(writer, event("web2", "2026-05-20T10:00", bot_id="b2", channel="sms", customer_id="c2"))
        assert verify(writer).is_clean
    assert take_live(ledgers, *HOURS, event("web3", "2026-05-20T10:00", bot_id="b2", channel="sms")) == (1, 10, 0, 0)
    settle_live(ledgers)
    with ledgers.writing("acme") as writer:
        assert verify(writer).is_clean
        numbers = writer.connection.execute("SELECT append_no FROM receipt").fetchall()
    assert [number for (number,) in numbers] == [1, 2, 3, 4]


def test_an_import_that_fails_leaves_its_events_new_to_those_who_send_them_live(ledgers: OpenLedgers) -> None:
    take_live(ledgers, HOURS[0])

    def fail() -> None:
        with ledgers.writing("acme") as writer:
            writer.connection.execute("ALTER TABLE session RENAME TO hidden")
            append_events(writer, *HOURS)

    with pytest.raises(Unavailable):
        fail()
    with ledgers.writing("acme") as writer:
        writer.connection.execute("ALTER TABLE hidden RENAME TO session")
    assert take_live(ledgers, *HOURS) == (9, 1, 0, 0)


@pytest.mark.slow
def test_a_failed_settling_is_completed_by_the_next_attempt(ledgers: OpenLedgers) -> None:
    take_live(ledgers, *HOURS)
    with raw(ledgers) as connection:
        connection.execute("ALTER TABLE session RENAME TO hidden")
    with pytest.raises(Unavailable, match="nothing was changed"):
        settle_live(ledgers)
    with raw(ledgers) as connection:
        connection.execute("ALTER TABLE hidden RENAME TO session")
    assert take_live(ledgers, *HOURS) == (0, 10, 0, 0)
    assert settle_live(ledgers) == 10
    with ledgers.writing("acme") as writer:
        assert verify(writer).is_clean


@contextmanager
def raw(ledgers: OpenLedgers) -> Iterator[object]:
    with ledgers.appending_live("acme") as ledger, ledger.transaction() as connection:
        yield connection


def test_a_setting_that_a_writer_changed_holds_for_the_next_live_event(ledgers: OpenLedgers) -> None:
    assert take_live(ledgers, event("1", "2026-05-20T10:00")) == (1, 0, 0, 0)
    with ledgers.writing("acme") as writer:
        set_available_from(writer, ACME.available_from.replace(year=2026, month=5, day=10), now_us=NOW_US)
    assert take_live(ledgers, event("2", "2026-05-09T10:00")) == (0, 0, 0, 1)


def test_a_refused_live_append_leaves_the_queue_to_the_next(ledgers: OpenLedgers) -> None:
    def fail() -> None:
        with ledgers.appending_live("acme") as ledger:
            append_live(ledger, live_batch(HOURS[:1]))
            raise Refused("some_code", "It is refused.")

    with pytest.raises(Refused):
        fail()
    assert take_live(ledgers, *HOURS) == (9, 1, 0, 0)


def test_a_failed_settling_closes_no_other_connection(ledgers: OpenLedgers) -> None:
    with ledgers.appending_live("acme") as live, ledgers.reading("acme") as reader:
        with pytest.raises(RuntimeError), ledgers.settling("acme"):
            raise RuntimeError("the disk is full")
        assert live.connection.execute("SELECT 1").fetchall() == [(1,)]
        with reader.read_transaction() as connection:
            assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_live_events_wait_for_a_writer_and_a_settling_one_waits_too(hurried: OpenLedgers) -> None:
    take_live(hurried, HOURS[0])
    with hurried.writing("acme"):
        for work in (lambda: take_live(hurried, HOURS[1]), lambda: settle_live(hurried)):
            with pytest.raises(Unavailable, match="is in use"), meanwhile(work):
                pass
    with hurried.settling("acme"):
        assert take_live(hurried, HOURS[1]) == (1, 0, 0, 0)
        with pytest.raises(Unavailable, match="is in use"), hurried.writing("acme"):
            pass
    with hurried.appending_live("acme"), pytest.raises(Unavailable), hurried.writing("acme"):
        pass
    assert settle_live(hurried) == 1


def test_a_file_is_not_closed_while_live_events_are_appended(ledgers: OpenLedgers) -> None:
    with ledgers.appending_live("acme") as ledger:
        ledgers.close_idle(0)
        assert counts(append_live(ledger, live_batch(HOURS))[0]) == (10, 0, 0, 0)


def test_a_file_that_is_read_only_takes_no_live_events_until_it_can_be_written(
    ledgers: OpenLedgers, folder: Folder
) -> None:
    file = folder.file_of("acme")
    file.chmod(0o444)
    with ledgers.reading("acme"):
        pass
    for lane in (ledgers.appending_live, ledgers.settling):
        with pytest.raises(NotAllowed), lane("acme"):
            pass
    file.chmod(0o644)
    assert take_live(ledgers, *HOURS) == (10, 0, 0, 0)
    assert settle_live(ledgers) == 10


@pytest.mark.slow
@pytest.mark.parametrize("read_only", [True, False], ids=["to read", "to write"])
def test_the_backlog_of_a_killed_server_is_settled_when_the_file_is_opened(
    folder: Folder, acme: str, read_only: bool
) -> None:
    left_unsettled(folder)
    with (folder.reading if read_only else folder.ledger)(acme) as ledger:
        assert headline(ledger) == 1
        assert event_count(ledger) == 10
    with folder.ledger(acme) as ledger:
        assert verify(ledger).is_clean
        assert counts(append_live(ledger, live_batch(HOURS))[0]) == (0, 10, 0, 0)


def left_unsettled(folder: Folder) -> None:
    """The file and its log as they are on disk when a process is killed between taking in and settling."""
    file, copies = folder.file_of("acme"), folder.path / "kept"
    log = file.with_suffix(".duckdb.wal")
    copies.mkdir()
    ledger = folder.opened("acme")
    append_live(ledger, live_batch(HOURS))
    for each in (file, log):
        shutil.copy(each, copies)
    ledger.connection.close()
    for each in (file, log):
        shutil.copy(copies / each.name, each)


def test_a_file_that_may_not_be_written_is_read_as_far_as_it_is_settled(folder: Folder, acme: str) -> None:
    ledger = folder.opened(acme)
    append_live(ledger, live_batch(HOURS))
    ledger.connection.close()
    folder.file_of(acme).chmod(0o444)
    with folder.reading(acme) as ledger:
        assert headline(ledger) == 0


@pytest.mark.slow
def test_a_backup_and_its_restored_account_have_the_live_events(ledgers: OpenLedgers, folder: Folder) -> None:
    shared = SharedFolder(ledgers)
    take_live(ledgers, *HOURS)
    saved = folder.path.parent / "saved.tar"
    backup(shared, "acme", path=saved)
    take_live(ledgers, event("later", "2026-05-25T10:00"))
    restore(shared, saved, replace=True)
    assert take_live(ledgers, *HOURS, event("later", "2026-05-25T10:00")) == (1, 10, 0, 0)


@pytest.mark.slow
def test_many_threads_that_take_in_settle_write_and_read_lose_and_double_nothing(ledgers: OpenLedgers) -> None:
    """Each event is sent three times, and every number that a reader sees agrees with the rows behind it."""
    days = [event(f"{n}", f"2026-05-{1 + n % 28:02}T{n % 24:02}:00", customer_id=f"c{n % 7}") for n in range(120)]
    pieces = [days[start : start + 8] for start in range(0, 120, 8)] * 3
    is_over = threading.Event()

    def send() -> None:
        for piece in pieces:
            take_live(ledgers, *piece)
        is_over.set()

    def settle_on() -> None:
        while not is_over.is_set():
            settle_live(ledgers)

    def write() -> None:
        for number in range(3):
            with ledgers.writing("acme") as writer:
                append_events(writer, *days[number * 40 : number * 40 + 3])

    def read() -> None:
        while not is_over.is_set():
            with ledgers.reading("acme") as reader, reader.read_transaction() as connection:
                stored, counted = connection.execute(statements_of("botmeter.ledger.remeter")("balance")).fetchall()[0]
                assert stored == counted

    with meanwhile(send), meanwhile(settle_on), meanwhile(write), meanwhile(read):
        pass
    with ledgers.writing("acme") as writer:
        assert event_count(writer) == 120
        assert verify(writer).is_clean
        appended_both_ways = table_meaning(writer)
    with ledgers.exclusively("acme"), raw_connection(ledgers.folder.file_of("acme")) as connection:
        assert connection.execute("SELECT count(*) FROM arrival").fetchall() == [(0,)]
    assert len(appended_both_ways["event"]) == 120


@pytest.mark.slow
def test_the_log_of_changes_is_brought_into_the_file_while_others_write(
    ledgers: OpenLedgers, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each second time nobody else may write meanwhile; what is deleted is given back then."""
    monkeypatch.setattr(checkpoints, "DUE_BYTES", 1)
    monkeypatch.setattr(checkpoints, "ALONE_EVERY", 2)
    log = folder.file_of("acme").with_suffix(".duckdb.wal")
    for each in HOURS[:4]:
        take_live(ledgers, each)
        assert log.stat().st_size > 0
        settle_live(ledgers)
        assert not log.exists()
    with ledgers.writing("acme") as writer:
        assert verify(writer).is_clean
        facts = writer.connection.execute("SELECT name FROM meta").fetchall()
    assert ("checkpoint",) not in facts


@contextmanager
def full_disk(folder: Folder) -> Iterator[None]:
    """No file may become larger than the largest one is, which the system refuses as it does on a full disk."""
    size_bytes = max(file.stat().st_size for file in (folder.path / "accounts").iterdir())
    with largest_file(size_bytes):
        yield


@pytest.mark.slow
def test_a_full_disk_loses_and_doubles_nothing_on_either_lane(ledgers: OpenLedgers, folder: Folder) -> None:
    many = [event(f"{n}", "2026-05-20T10:00", attributes={"text": f"{n} " * 50}) for n in range(20_000)]
    assert take_live(ledgers, *many[:5_000]) == (5_000, 0, 0, 0)
    with full_disk(folder):
        with pytest.raises(Unavailable) as taking:
            take_live(ledgers, *many)
        with pytest.raises(Unavailable) as settling:
            settle_live(ledgers)
    assert {taking.value.code, settling.value.code} <= {"disk_full", "ledger_failed"}
    assert take_live(ledgers, *many) == (15_000, 5_000, 0, 0)
    settle_live(ledgers)
    with ledgers.writing("acme") as writer:
        assert event_count(writer) == 20_000
        assert verify(writer).is_clean


def test_a_file_that_duckdb_gave_up_on_is_opened_again(ledgers: OpenLedgers, folder: Folder) -> None:
    take_live(ledgers, *HOURS)
    with full_disk(folder), ledgers.reading("acme") as reader:
        # As the server does beside its writers; the failure is known to nobody else.
        with pytest.raises(duckdb.FatalException):
            reader.connection.execute("CHECKPOINT")
        with pytest.raises(Unavailable) as refused, ledgers.reading("acme") as other:
            other.connection.execute("SELECT count(*) FROM event")
    assert refused.value.code == "disk_full"
    with pytest.raises(Unavailable):
        ledgers.unsettled("acme")
    with ledgers.writing("acme") as writer:
        assert event_count(writer) == len(HOURS)
        assert verify(writer).is_clean
    assert ledgers.unsettled("acme").event_count == 0
