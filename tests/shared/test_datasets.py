"""The two datasets beside the repository: every number and every session that is expected of them.

They stand in the folder that BOTMETER_SHARED names or in ../shared.
"""

import gzip
import json
import os
from collections.abc import Iterator
from csv import DictReader
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from botmeter.domain.account import Account
from botmeter.domain.instant import datetime_from_us, now_us, us_from_text
from botmeter.ledger.append import Submission, append
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.verify import verify
from botmeter.metering.policy import FRESHCHAT
from botmeter.metering.schema import EventBatch
from botmeter.reports.query import RequestedDays, usage_query
from botmeter.reports.report_json import UsageReport
from botmeter.reports.usage import usage_report
from botmeter.sources.reader import SourceFile, batches

SHARED = Path(os.environ.get("BOTMETER_SHARED", Path(__file__).parents[3] / "shared"))
DATASETS = ("convai2", "raku-irc-2016")

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not (SHARED / "data").is_dir(), reason=f"the datasets are not at {SHARED / 'data'}"),
]

PIECES = 50
Expected = dict[str, Any]


class Dataset:
    """One dataset: its events as they are read, and what is expected of them."""

    def __init__(self, name: str) -> None:
        self.folder = SHARED / "data" / name
        whole: Expected = json.loads((self.folder / "expected.json").read_text("utf-8"))
        self.about: Expected = whole
        self.expected: Expected = whole["by_key"]["customer"]
        self.first_on = date.fromisoformat(whole["first_event"][:10])
        self.last_on = date.fromisoformat(whole["last_event"][:10])

    @property
    def file(self) -> Path:
        return self.folder / "events.ndjson.gz"

    def sessions(self) -> list[dict[str, str]]:
        with gzip.open(self.folder / "expected_sessions.csv.gz", "rt", encoding="utf-8", newline="") as text:
            return list(DictReader(text))

    def lines(self) -> list[bytes]:
        return gzip.decompress(self.file.read_bytes()).splitlines(keepends=True)


@pytest.fixture(scope="module", params=DATASETS)
def dataset(request: pytest.FixtureRequest) -> Dataset:
    return Dataset(request.param)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folder]:
    with Folder.owned(tmp_path_factory.mktemp("datasets"), purpose="a test") as owned:
        yield owned


@pytest.fixture(scope="module")
def whole(folder: Folder, dataset: Dataset) -> Iterator[Ledger]:
    """The dataset imported in one go."""
    name = new_account(folder, f"whole-{dataset.folder.name}", dataset=dataset)
    with folder.ledger(name) as ledger:
        [receipt] = append(ledger, [submission(dataset.file)], now_us=now_us())
        assert (receipt.accepted, receipt.duplicates, receipt.rejected) == (dataset.about["events"], 0, 0)
        yield ledger


def new_account(folder: Folder, name: str, *, dataset: Dataset) -> str:
    account = Account(name=name, available_from=dataset.first_on)
    folder.create(account, policy=FRESHCHAT, now_us=now_us())
    return name


def submission(file: Path) -> Submission:
    given: Iterator[EventBatch] = batches(SourceFile(path=str(file)))
    return Submission(source="events", batches=given, label=file.name)


def report_of(ledger: Ledger, dataset: Dataset) -> UsageReport:
    days = RequestedDays(first_on=dataset.first_on, last_on=dataset.last_on)
    asked = usage_query(ledger.account, now_us=now_us(), days=days)
    return msgspec.structs.replace(usage_report(ledger, asked), account="either")


def session_ids(ledger: Ledger) -> list[str]:
    rows = ledger.connection.execute("SELECT session_id::VARCHAR FROM session ORDER BY 1").fetchall()
    return [name for (name,) in rows]


def one(ledger: Ledger, query: str) -> Any:
    return ledger.connection.execute(query).fetchall()[0][0]


def test_the_report_gives_the_total_the_days_and_the_months(whole: Ledger, dataset: Dataset) -> None:
    report, expected = report_of(whole, dataset), dataset.expected
    assert report.sessions_consumed == expected["sessions_total"]
    assert {day.on.isoformat(): day.session_count for day in report.trend if day.session_count} == expected[
        "sessions_by_utc_day"
    ]
    assert {month.month: month.session_count for month in report.by_month if month.session_count} == expected[
        "sessions_by_month"
    ]


def test_the_report_gives_the_sessions_that_each_bot_opened_and_took_part_in(whole: Ledger, dataset: Dataset) -> None:
    report, expected = report_of(whole, dataset), dataset.expected
    opened = {bot.bot_id: bot.opened_count for bot in report.by_bot if bot.opened_count}
    assert opened == expected["sessions_by_opening_bot"]
    assert {bot.bot_id: bot.session_count for bot in report.by_bot} == expected["sessions_in_which_bot_took_part"]


def test_the_report_gives_the_sessions_of_each_channel(whole: Ledger, dataset: Dataset) -> None:
    report, expected = report_of(whole, dataset), dataset.expected
    opened = {each.channel: each.opened_count for each in report.by_channel if each.opened_count}
    assert opened == expected["sessions_by_opening_channel"]
    took_part = {each.channel: each.session_count for each in report.by_channel}
    assert took_part == expected["sessions_in_which_channel_took_part"]


def test_every_bot_has_its_sessions_of_every_month(whole: Ledger, dataset: Dataset) -> None:
    query = """
        SELECT p.bot_id || '|' || strftime(u.day, '%Y-%m'), sum(u.session_count)::BIGINT
        FROM session_usage AS u JOIN touchpoint AS p ON p.touchpoint = u.opening_touchpoint GROUP BY 1
    """
    found = dict(whole.connection.execute(query).fetchall())
    assert found == dataset.expected["sessions_by_opening_bot_and_month"]


def test_the_events_are_all_there_inside_sessions_and_outside(whole: Ledger, dataset: Dataset) -> None:
    about, expected = dataset.about, dataset.expected
    assert one(whole, "SELECT count(*) FROM event") == about["events"]
    for actor, count in about["events_by_actor"].items():
        number = {"customer": 0, "bot": 1, "agent": 2}[actor]
        assert one(whole, f"SELECT count(*) FROM event WHERE actor = {number}") == count
    for name in ("customer", "conversation", "ticket"):
        assert one(whole, f"SELECT count(DISTINCT {name}_id) FROM event") == about[f"{name}s"]
    inside = one(whole, "SELECT sum(event_count)::BIGINT FROM session")
    assert inside == one(whole, "SELECT sum(event_count)::BIGINT FROM participation") == expected["events_in_sessions"]
    assert about["events"] - inside == sum(expected["orphan_events_by_actor"].values())
    assert one(whole, "SELECT max(event_count) FROM session") == expected["largest_session_events"]


def test_every_session_is_the_one_that_is_expected(whole: Ledger, dataset: Dataset) -> None:
    query = """
        SELECT s.customer_id, s.started_at, s.opening_event_id, p.bot_id, p.channel, s.event_count, s.last_event_at
        FROM session AS s JOIN touchpoint AS p ON p.touchpoint = s.opening_touchpoint
    """
    found = {tuple(row) for row in whole.connection.execute(query).fetchall()}
    wanted = {
        (
            row["customer_id"],
            us_from_text(row["start"]),
            row["opening_event_id"],
            row["opening_bot"],
            row["opening_channel"],
            int(row["events"]),
            us_from_text(row["last_event"]),
        )
        for row in dataset.sessions()
    }
    assert len(wanted) == dataset.expected["sessions_total"]
    assert found == wanted
    earliest = min(row[1] for row in wanted)
    assert datetime_from_us(earliest).date() >= dataset.first_on


def test_metering_everything_again_finds_no_difference(whole: Ledger) -> None:
    found = verify(whole)
    assert found.is_clean, "\n".join(map(str, found.differences))


def test_imported_three_times_over_it_is_the_same(whole: Ledger, dataset: Dataset) -> None:
    before, ids = report_of(whole, dataset), session_ids(whole)
    for _ in range(2):
        [receipt] = append(whole, [submission(dataset.file)], now_us=now_us())
        assert (receipt.accepted, receipt.duplicates) == (0, dataset.about["events"])
    assert session_ids(whole) == ids
    assert report_of(whole, dataset) == before
    assert verify(whole).is_clean


def test_imported_in_fifty_shuffled_overlapping_pieces_it_is_the_same(
    whole: Ledger, folder: Folder, dataset: Dataset, tmp_path: Path
) -> None:
    random = Random(20_261_122)
    lines = dataset.lines()
    random.shuffle(lines)
    size = len(lines) // PIECES + 1
    starts = list(range(0, len(lines), size))
    random.shuffle(starts)
    name = new_account(folder, f"pieces-{dataset.folder.name}", dataset=dataset)
    accepted = 0
    with folder.ledger(name) as ledger:
        for start in starts:
            # Each piece also holds the first tenth of the next one.
            piece = tmp_path / "piece.ndjson"
            piece.write_bytes(b"".join(lines[start : start + size + size // 10]))
            [receipt] = append(ledger, [submission(piece)], now_us=now_us())
            accepted += receipt.accepted
            assert receipt.conflicts == receipt.rejected == 0
        assert accepted == dataset.about["events"]
        assert session_ids(ledger) == session_ids(whole)
        assert report_of(ledger, dataset) == report_of(whole, dataset)
        assert verify(ledger).is_clean
