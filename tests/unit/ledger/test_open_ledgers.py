"""Ledgers that many threads share: readers see whole commits, writers queue, a file is replaced by one who is alone."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest
from tests.support.ledgers import ACME, NOW_US, append_events, batch, event, made_account, raw_connection

from botmeter.domain.account import Account
from botmeter.domain.errors import Conflict, Missing, NotAllowed, Unavailable
from botmeter.ledger.append import Submission, append
from botmeter.ledger.backup import backup, restore
from botmeter.ledger.erase import erase
from botmeter.ledger.folder import Folder
from botmeter.ledger.interruption import Interruption
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.ledger.policies import set_policy
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.verify import verify
from botmeter.metering.policy import FRESHCHAT, Policy
from botmeter.metering.schema import EventBatch
from botmeter.reports.query import usage_query
from botmeter.reports.usage import usage_report
from support.meanwhile import STUCK_SECONDS, meanwhile


def event_count(ledger: ReadableLedger) -> int:
    with ledger.read_transaction() as connection:
        return connection.execute("SELECT count(*) FROM event").fetchall()[0][0]


def headline(ledger: ReadableLedger) -> int:
    return usage_report(ledger, usage_query(ledger.account, now_us=NOW_US)).sessions_consumed


def test_a_reader_sees_commits_and_nothing_uncommitted(ledgers: OpenLedgers) -> None:
    with ledgers.writing("acme") as writer:
        append_events(writer, event("1", "2026-05-20T10:00"))
        with writer.transaction() as connection, ledgers.reading("acme") as reader:
            connection.execute("DELETE FROM event")
            assert event_count(reader) == 1
    with ledgers.reading("acme") as reader:
        assert event_count(reader) == 0


@pytest.mark.slow
def test_a_version_is_another_one_after_each_commit_and_the_same_between_them(ledgers: OpenLedgers) -> None:
    seen = []
    for number in range(3):
        with ledgers.writing("acme") as writer:
            append_events(writer, event(f"{number}", "2026-05-20T10:00"))
        for _ in range(2):
            with ledgers.reading("acme") as reader:
                seen.append(reader.version)
    assert seen[0] == seen[1] < seen[2] == seen[3] < seen[4] == seen[5]


def test_a_version_never_repeats_when_the_file_is_opened_again(ledgers: OpenLedgers) -> None:
    with ledgers.reading("acme") as reader:
        before = reader.version
    ledgers.close_idle(0)
    with ledgers.reading("acme") as reader:
        assert reader.version > before


@pytest.mark.slow
def test_a_moment_that_begins_after_a_commit_knows_the_bots_of_that_commit(ledgers: OpenLedgers) -> None:
    """A reader that was there before keeps its numbers in step with the rows that it sees."""
    with ledgers.reading("acme") as reader:
        assert headline(reader) == 0
        with ledgers.writing("acme") as writer:
            append_events(writer, event("1", "2026-05-20T10:00", bot_id="new bot"))
            report = usage_report(reader, usage_query(reader.account, now_us=NOW_US))
    assert [bot.bot_id for bot in report.by_bot] == ["new bot"]


def test_rolled_back_numbers_are_never_mistaken_for_later_ones(ledgers: OpenLedgers) -> None:
    def fail() -> None:
        with ledgers.writing("acme") as writer, writer.transaction():
            writer.touchpoints.numbers(batch([event("1", "2026-05-20T10:00", bot_id="undone")]).events)
            writer.insert_numbers()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with ledgers.writing("acme") as writer:
        append_events(writer, event("2", "2026-05-20T10:00", bot_id="kept"))
    with ledgers.reading("acme") as reader:
        assert [place.bot_id for place in reader.touchpoints.all()] == ["kept"]


@pytest.mark.slow
def test_readers_of_a_busy_ledger_never_see_half_of_an_append(ledgers: OpenLedgers) -> None:
    """Each append brings one session, and one bot of its own: a number without its name would show."""
    count, ended = 25, threading.Event()

    def write() -> None:
        try:
            for number in range(count):
                customer = {"customer_id": f"c{number}", "bot_id": f"b{number}", "conversation_id": f"v{number}"}
                with ledgers.writing("acme") as writer:
                    append_events(
                        writer, *(event(f"{number}-{each}", "2026-05-20T10:00", **customer) for each in range(3))
                    )
        finally:
            ended.set()

    def read() -> list[int]:
        seen = []
        while not ended.is_set():
            with ledgers.reading("acme") as reader:
                report = usage_report(reader, usage_query(reader.account, now_us=NOW_US))
                assert {bot.session_count for bot in report.by_bot} <= {1}
                assert len(report.by_bot) == report.sessions_consumed
                with reader.read_transaction() as connection:
                    assert connection.execute("SELECT count(*) % 3 FROM event").fetchall() == [(0,)]
                seen.append(report.sessions_consumed)
        return seen

    with ThreadPoolExecutor(max_workers=4) as threads:
        writing, *reading = [threads.submit(write), *(threads.submit(read) for _ in range(3))]
        writing.result(STUCK_SECONDS)
        for each in reading:
            assert each.result(STUCK_SECONDS) == sorted(each.result())
    with ledgers.reading("acme") as reader:
        assert headline(reader) == count


@pytest.mark.slow
def test_writers_come_one_at_a_time_and_in_their_order(ledgers: OpenLedgers) -> None:
    entered: list[str] = []

    def write(name: str) -> None:
        with ledgers.writing("acme") as writer:
            entered.append(name)
            append_events(writer, event(name, "2026-05-20T10:00"))
            entered.append(name)

    with ThreadPoolExecutor(max_workers=8) as threads:
        list(threads.map(write, [f"w{number}" for number in range(8)]))
    assert entered[::2] == entered[1::2]
    with ledgers.reading("acme") as reader:
        assert event_count(reader) == 8


def test_waiting_too_long_for_a_writer_is_refused_as_busy(hurried: OpenLedgers) -> None:
    with hurried.writing("acme"):
        with (
            pytest.raises(Unavailable, match="in use; it was not free within 0 seconds") as busy,
            hurried.writing("acme"),
        ):
            pass
        with hurried.reading("acme") as reader:
            assert event_count(reader) == 0
    assert busy.value.code == "ledger_busy"
    with hurried.writing("acme") as writer:
        assert append_events(writer, event("1", "2026-05-20T10:00")).accepted == 1


def test_exclusive_use_waits_for_readers_and_readers_wait_for_it(hurried: OpenLedgers) -> None:
    with hurried.reading("acme"), pytest.raises(Unavailable) as busy, hurried.exclusively("acme"):
        pass
    assert busy.value.code == "ledger_busy"
    with hurried.exclusively("acme"), pytest.raises(Unavailable), hurried.reading("acme"):
        pass
    with hurried.reading("acme") as reader:
        assert event_count(reader) == 0


def test_exclusive_use_begins_when_the_last_reader_leaves(ledgers: OpenLedgers) -> None:
    reading, done = threading.Event(), threading.Event()

    def read() -> None:
        with ledgers.reading("acme") as reader:
            reading.set()
            assert done.wait(STUCK_SECONDS)
            assert event_count(reader) == 0

    with meanwhile(read):
        assert reading.wait(STUCK_SECONDS)
        done.set()
        with ledgers.exclusively("acme"), raw_connection(ledgers.folder.file_of("acme")) as connection:
            connection.execute("DELETE FROM receipt")


def test_a_stop_ends_the_waiting(ledgers: OpenLedgers) -> None:
    stop = Interruption()

    def wait() -> None:
        with pytest.raises(KeyboardInterrupt), ledgers.writing("acme", interruption=stop):
            pass

    with ledgers.writing("acme"), meanwhile(wait):
        stop.set()


def test_an_interruption_ends_a_statement_and_undoes_its_transaction(ledgers: OpenLedgers) -> None:
    stop, running = Interruption(), threading.Event()
    endless = "SELECT count(*) FROM range(1000000000) AS a, range(1000000000) AS b WHERE hash(a, b) = 0"

    def work() -> None:
        with ledgers.writing("acme", interruption=stop) as writer, writer.transaction() as connection:
            connection.execute("INSERT INTO meta VALUES ('half', 'done')")
            running.set()
            connection.execute(endless)

    with ThreadPoolExecutor(max_workers=1) as thread:
        working = thread.submit(work)
        assert running.wait(STUCK_SECONDS)
        while not working.done():
            stop.set()
        with pytest.raises(Unavailable, match="INTERRUPT"):
            working.result()
    with ledgers.reading("acme") as reader, reader.read_transaction() as connection:
        assert connection.execute("SELECT count(*) FROM meta WHERE name = 'half'").fetchall() == [(0,)]


def test_an_idle_ledger_is_closed_and_opened_again_by_the_next_user(ledgers: OpenLedgers) -> None:
    file = ledgers.folder.file_of("acme")
    with ledgers.writing("acme") as writer:
        append_events(writer, event("1", "2026-05-20T10:00"))
    ledgers.close_idle(3_600)
    with pytest.raises(duckdb.Error, match="different configuration"):
        duckdb.connect(str(file))
    ledgers.close_idle(0)
    assert not file.with_name("acme.duckdb.wal").exists()
    with raw_connection(file) as connection:
        connection.execute("INSERT INTO meta VALUES ('from', 'outside')")
    with ledgers.reading("acme") as reader:
        assert event_count(reader) == 1


def test_a_ledger_in_use_is_not_idle(ledgers: OpenLedgers) -> None:
    with ledgers.reading("acme") as reader:
        ledgers.close_idle(0)
        assert event_count(reader) == 0
    with ledgers.writing("acme") as writer:
        ledgers.close_idle(0)
        assert append_events(writer, event("1", "2026-05-20T10:00")).accepted == 1


def test_after_closing_everyone_is_refused_and_the_log_is_in_the_file(folder: Folder, acme: str) -> None:
    ledgers = OpenLedgers(folder)
    with ledgers.writing("acme") as writer:
        append_events(writer, event("1", "2026-05-20T10:00"))
    ledgers.close()
    assert not folder.file_of("acme").with_name("acme.duckdb.wal").exists()
    with pytest.raises(Unavailable) as refused, ledgers.reading("acme"):
        pass
    assert refused.value.code == "server_stopping"


def test_unknown_accounts_and_read_only_files_are_refused(ledgers: OpenLedgers) -> None:
    with pytest.raises(Missing, match="Unknown account nobody"), ledgers.reading("nobody"):
        pass
    file = ledgers.folder.file_of("acme")
    file.chmod(0o444)
    with pytest.raises(NotAllowed) as refused, ledgers.writing("acme"):
        pass
    assert refused.value.code == "ledger_read_only"
    ledgers.close_idle(0)
    with ledgers.reading("acme") as reader:
        assert event_count(reader) == 0
    file.chmod(0o644)
    with ledgers.writing("acme") as writer:
        assert append_events(writer, event("1", "2026-05-20T10:00")).accepted == 1


def test_a_ledger_that_is_opened_to_read_from_has_no_transaction_to_write_in(ledgers: OpenLedgers) -> None:
    with ledgers.reading("acme") as reader:
        assert not hasattr(reader, "transaction")


def test_a_policy_that_was_set_is_known_to_the_next_reader(ledgers: OpenLedgers) -> None:
    with ledgers.reading("acme") as before, ledgers.writing("acme") as writer:
        set_policy(writer, Policy(name="other"), from_on=None, now_us=NOW_US)
        with before.read_transaction():
            assert [term.policy.name for term in before.schedule] == ["other"]
    with ledgers.reading("acme") as reader:
        assert [term.policy.name for term in reader.schedule] == ["other"]


@pytest.mark.slow
def test_a_shared_folder_supports_everything_that_a_folder_does(ledgers: OpenLedgers, tmp_path: Path) -> None:
    shared = SharedFolder(ledgers)
    shared.create(Account(name="zeta"), policy=FRESHCHAT, now_us=NOW_US)
    with pytest.raises(Conflict):
        shared.create(Account(name="zeta"), policy=FRESHCHAT, now_us=NOW_US)
    assert shared.accounts() == ["acme", "zeta"]
    with shared.ledger("acme") as ledger:
        append_events(ledger, event("1", "2026-05-20T10:00"), event("2", "2026-05-21T09:00", customer_id="c2"))
    made = backup(shared, "acme", path=tmp_path / "acme.botmeter")
    assert (made.event_count, made.session_count) == (2, 2)
    assert erase(shared, "acme", customer_id="c2").event_count == 1
    with shared.ledger("acme") as ledger:
        assert append_events(ledger, event("3", "2026-05-22T10:00")).accepted == 1
        assert verify(ledger).is_clean
    restore(shared, tmp_path / "acme.botmeter", replace=True)
    restore(shared, tmp_path / "acme.botmeter", name="other")
    for name in ("acme", "other"):
        with shared.reading(name) as ledger:
            assert event_count(ledger) == 2
    shared.remove("other")
    assert shared.accounts() == ["acme", "zeta"]


def test_an_account_is_made_once_however_many_ask_for_it(ledgers: OpenLedgers) -> None:
    shared, made = SharedFolder(ledgers), []

    def make(_: int) -> None:
        try:
            shared.create(Account(name="new"), policy=FRESHCHAT, now_us=NOW_US)
            made.append(1)
        except Conflict:
            pass

    with ThreadPoolExecutor(max_workers=8) as threads:
        list(threads.map(make, range(8)))
    assert made == [1]


@pytest.mark.slow
def test_erasing_during_a_read_says_how_to_finish_it(hurried: OpenLedgers) -> None:
    shared = SharedFolder(hurried)
    with shared.ledger("acme") as ledger:
        append_events(ledger, event("1", "2026-05-20T10:00"), event("2", "2026-05-20T10:00", customer_id="c2"))
    with hurried.reading("acme"), pytest.raises(Unavailable) as unfinished:
        erase(shared, "acme", customer_id="c2")
    assert unfinished.value.code == "erase_unfinished"
    with pytest.raises(Missing):
        erase(shared, "acme", customer_id="c2")
    with shared.reading("acme") as ledger, ledger.read_transaction() as connection:
        assert connection.execute("SELECT count(*) FROM meta WHERE name = 'rewrite_due'").fetchall() == [(0,)]


def test_a_writer_whose_work_failed_leaves_the_ledger_usable(ledgers: OpenLedgers) -> None:
    bad = Submission(source="s", batches=iter([1]), label="no batch")  # type: ignore[arg-type]
    with pytest.raises(AttributeError), ledgers.writing("acme") as writer:
        append(writer, [bad], now_us=NOW_US)
    with ledgers.writing(ACME.name) as writer:
        assert append_events(writer, event("1", "2026-05-20T10:00")).accepted == 1
        assert verify(writer).is_clean


def test_accounts_are_written_to_side_by_side(ledgers: OpenLedgers) -> None:
    made_account(ledgers.folder, Account(name="zeta"))
    with ledgers.writing("acme") as one, ledgers.writing("zeta") as other:
        assert append_events(one, event("1", "2026-05-20T10:00")).accepted == 1
        assert append_events(other, event("1", "2026-05-20T10:00")).accepted == 1


def _open_names(ledgers: OpenLedgers) -> set[str]:
    return {name for name, account in ledgers._accounts.items() if account.is_open}


@pytest.fixture
def five(tmp_path: Path) -> Iterator[OpenLedgers]:
    """Ledgers of five accounts, of which two are open at once."""
    with Folder.owned(tmp_path / "five", purpose="a test") as folder:
        for name in "abcde":
            folder.create(Account(name=name), policy=FRESHCHAT, now_us=NOW_US)
        opened = OpenLedgers(folder, open_max=2)
        yield opened
        opened.close()


def test_the_least_recently_used_files_are_closed_when_too_many_are_open(five: OpenLedgers) -> None:
    for name in "abacde":
        with five.reading(name) as ledger:
            assert event_count(ledger) == 0
            assert len(_open_names(five)) <= 2
    assert _open_names(five) == {"d", "e"}


def test_files_in_use_stay_open_however_many_they_are(five: OpenLedgers) -> None:
    with five.reading("a") as first, five.appending_live("b"), five.reading("c") as third:
        assert _open_names(five) == {"a", "b", "c"}
        assert (event_count(first), event_count(third)) == (0, 0)
    with five.reading("d"):
        assert _open_names(five) == {"a", "d"}


def test_unused_files_are_closed_when_their_pages_take_too_much_memory(five: OpenLedgers) -> None:
    with five.reading("a"), five.reading("b"):
        five.close_beyond(0)
        assert _open_names(five) == {"a", "b"}
    size_bytes = sum(five.account(name).buffer_bytes() for name in "ab")
    five.close_beyond(size_bytes)
    assert _open_names(five) == {"a", "b"}
    five.close_beyond(size_bytes - 1)
    assert len(_open_names(five)) == 1
    five.close_beyond(0)
    assert not _open_names(five)


def test_an_open_file_takes_one_thread_for_each_further_core_only(five: OpenLedgers) -> None:
    def threads() -> int:
        return sum(1 for _ in Path("/proc/self/task").iterdir())

    before = threads()
    with five.reading("a"):
        assert threads() - before < min(len(os.sched_getaffinity(0)), 8)


def test_a_large_append_takes_no_memory_from_the_readers_of_a_server(
    ledgers: OpenLedgers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def batches() -> Iterator[EventBatch]:
        yield batch([event(f"{number}", "2026-05-20T10:00") for number in range(4)])
        with ledgers.reading("acme") as reader:
            limits.append(reader.connection.execute(limit).fetchall())
        yield batch([event("last", "2026-05-20T11:00")], first=4)

    monkeypatch.setattr("botmeter.ledger.append.FLUSH_ROWS", 4)
    limit, limits = "SELECT current_setting('memory_limit')", list[object]()
    with ledgers.writing("acme") as writer:
        limits.append(writer.connection.execute(limit).fetchall())
        append(writer, [Submission(source="s", batches=batches(), label="large")], now_us=NOW_US)
        assert event_count(writer) == 5
    assert limits[0] == limits[1]


def test_a_reader_for_whom_the_memory_is_full_is_refused_and_the_next_one_answered(ledgers: OpenLedgers) -> None:
    with ledgers.reading("acme") as reader:
        reader.connection.execute("SET memory_limit = '40MB'")
    with pytest.raises(Unavailable) as refused, ledgers.reading("acme") as reader:
        reader.connection.execute("SELECT list(range) FROM range(20000000)")
    assert refused.value.code == "memory_full"
    with ledgers.reading("acme") as reader:
        assert event_count(reader) == 0
