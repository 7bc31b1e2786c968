"""Every `ReadableLedger` keeps the same promises: an open file, a file opened to read from, and a reader's view."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest
from tests.support.ledgers import ACME, NOW_US, account_filled_by, append_events, event

from botmeter.domain.errors import Unavailable
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.ledger.readable import ReadableLedger
from botmeter.metering.policy import FRESHCHAT
from botmeter.metering.touchpoints import Touchpoint
from botmeter.reports.query import usage_query
from botmeter.reports.usage import usage_report

Open = Callable[[], AbstractContextManager[ReadableLedger]]

WEB = {"bot_id": "b1", "bot_version": "2", "channel": "web"}
APP = {"bot_id": "b1", "bot_version": "2", "channel": "app"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A way to open the ledger, and one to write to it while it is open; None: nobody can."""

    open: Open
    write: Callable[[ReadableLedger], AbstractContextManager[Ledger]] | None


class Itself:
    """The open ledger as its own writer."""

    def __init__(self, ledger: ReadableLedger) -> None:
        assert isinstance(ledger, Ledger)
        self._ledger = ledger

    def __enter__(self) -> Ledger:
        return self._ledger

    def __exit__(self, *_: object) -> None:
        pass


# A file opened for reading alone keeps every writer out.
WRITTEN_WHILE_OPEN = ("file", "reader's view")


def fill(ledger: Ledger) -> None:
    append_events(ledger, event("1", "2026-05-20T10:00", **WEB), event("2", "2026-05-20T11:00", **APP))


@pytest.fixture(params=["file to read from", *WRITTEN_WHILE_OPEN])
def port(request: pytest.FixtureRequest, folder: Folder) -> Iterator[Port]:
    """A ledger with one session on two channels."""
    name = account_filled_by(folder, fill)
    if request.param == "file":
        yield Port(open=lambda: folder.ledger(name), write=Itself)
    elif request.param == "file to read from":
        yield Port(open=lambda: folder.reading(name), write=None)
    else:
        ledgers = OpenLedgers(folder)
        yield Port(open=lambda: ledgers.reading(name), write=lambda _: ledgers.writing(name))
        ledgers.close()


def test_account_and_schedule_are_those_of_the_file(port: Port) -> None:
    with port.open() as ledger:
        assert ledger.account == ACME
        assert [term.policy for term in ledger.schedule] == [FRESHCHAT]


def test_touchpoints_and_footprints_have_the_numbers_that_the_rows_have(port: Port) -> None:
    with port.open() as ledger, ledger.read_transaction() as connection:
        assert ledger.touchpoints.all() == [Touchpoint("b1", "2", "web"), Touchpoint("b1", "2", "app")]
        assert ledger.footprints.all() == [(0, 1)]
        assert connection.execute("SELECT footprint FROM session").fetchall() == [(-1,)]


def test_its_connection_reads_the_last_commit(port: Port) -> None:
    with port.open() as ledger:
        assert ledger.connection.execute("SELECT count(*) FROM event").fetchall() == [(2,)]


def test_a_read_transaction_leaves_nothing_behind(port: Port) -> None:
    with port.open() as ledger:
        for _ in range(2):
            with ledger.read_transaction() as connection:
                connection.execute("CREATE TEMP TABLE matching AS SELECT 1 AS number")


def test_the_version_stays_while_nothing_is_committed(port: Port) -> None:
    with port.open() as ledger:
        before = ledger.version
        with ledger.read_transaction() as connection:
            connection.execute("SELECT count(*) FROM event").fetchall()
        assert ledger.version == before


def test_a_report_is_the_same_from_each(port: Port) -> None:
    with port.open() as ledger:
        report = usage_report(ledger, usage_query(ledger.account, now_us=NOW_US))
    assert (report.sessions_consumed, [one.channel for one in report.by_channel]) == (1, ["app", "web"])


@pytest.mark.parametrize("port", WRITTEN_WHILE_OPEN, indirect=True)
def test_a_read_transaction_sees_one_commit_and_the_next_one_sees_the_next(port: Port) -> None:
    assert port.write is not None
    with port.open() as ledger:
        with ledger.read_transaction() as connection:
            with port.write(ledger) as writer:
                append_events(writer, event("3", "2026-05-22T10:00", bot_id="b2"))
            assert connection.execute("SELECT count(*) FROM event").fetchall() == [(2,)]
        with ledger.read_transaction() as connection:
            assert connection.execute("SELECT count(*) FROM event").fetchall() == [(3,)]
            assert "b2" in [touchpoint.bot_id for touchpoint in ledger.touchpoints.all()]


def test_a_question_without_room_for_temporary_files_says_that_the_disk_is_full(folder: Folder, acme: str) -> None:
    with folder.ledger(acme) as ledger:
        ledger.connection.execute("SET memory_limit = '20MB'; SET max_temp_directory_size = '0B'")
        with pytest.raises(Unavailable, match="The disk is full") as full, ledger.read_transaction() as connection:
            connection.execute("SELECT range, repeat('x', 100) FROM range(3000000) ORDER BY hash(range)").fetchone()
    assert full.value.code == "disk_full"
