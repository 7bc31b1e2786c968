"""A ledger of schema 4 opens, migrates and gives the numbers that the version which wrote it gave.

`schema_4/acme.duckdb.xz` was written by that version: imports, live events, pulls, merged and erased customers, four
policies, quarantine, and eight live events that wait to be settled. `schema_4/expected.json` is what it then had.
"""

import json
import lzma
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.support.ledgers import append_events, raw_connection

from botmeter.domain.event import Actor, Kind
from botmeter.domain.instant import us_from_text
from botmeter.domain.session import ClosedBy
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.restatements import Cause, restatements
from botmeter.ledger.settle import backlog, settle
from botmeter.ledger.tables import SCHEMA_VERSION, migrate, schema_version
from botmeter.ledger.verify import verify

pytestmark = pytest.mark.slow

FILES = Path(__file__).parent / "schema_4"
EXPECTED = json.loads((FILES / "expected.json").read_text(encoding="utf-8"))
SETTLED_US = us_from_text("2025-02-12T09:00:00Z")
LATER_US = us_from_text("2025-02-13T09:00:00Z")
PULLED = {
    ("desk", "conversation:2:102:conversation_created"),
    *(("desk", f"message:00000000{number}") for number in (1002, 1004, 1006, 1010, 1011, 1012, 1013)),
    *(("fresh", f"fm-{number}") for number in (1, 2, 3)),
}
EVENT = """
    SELECT e.*, t.* EXCLUDE (touchpoint) FROM event AS e JOIN touchpoint AS t USING (touchpoint)
    WHERE e.source = ? AND e.event_id = ?
"""


@pytest.fixture
def migrated(tmp_path: Path) -> Iterator[Ledger]:
    """The ledger in the schema of today, not settled."""
    file = tmp_path / "acme.duckdb"
    file.write_bytes(lzma.decompress((FILES / "acme.duckdb.xz").read_bytes()))
    with closing(duckdb.connect(file)) as connection:
        assert migrate(connection, name="acme") == SCHEMA_VERSION - 4
        yield Ledger(connection)


def rows_of(ledger: Ledger, query: str) -> list[list[Any]]:
    return [list(row) for row in ledger.connection.execute(query).fetchall()]


def sent_again(ledger: Ledger, event_id: str, *, source: str, **changes: Any) -> dict[str, Any]:
    """The stored event as a sender would send it again, except for the changes."""
    recorded = ledger.connection.execute(EVENT, [source, event_id])
    names = [column[0] for column in recorded.description or ()]
    event = dict(zip(names, recorded.fetchall()[0], strict=True))
    event |= {"actor": Actor(event["actor"]).name.lower(), "kind": Kind(event["kind"]).name.lower()}
    event["customer_id"] = event["sent_customer_id"] or event["customer_id"]
    event["attributes"] = None if event["attributes"] is None else json.loads(event["attributes"])
    return event | changes


def test_a_migrated_file_verifies_and_waiting_events_settle_to_the_same_sessions_and_usage(migrated: Ledger) -> None:
    assert verify(migrated).is_clean
    assert backlog(migrated.connection).event_count == 8
    settle(migrated, now_us=SETTLED_US)
    assert verify(migrated).is_clean
    sessions = rows_of(
        migrated,
        "SELECT s.session_id::VARCHAR, p.label, s.customer_id, s.conversation_id, s.source, s.opening_event_id, "
        "s.started_at, s.ended_at, s.last_event_at, s.event_count, s.closed_by, s.preview "
        "FROM session AS s JOIN policy_term AS p ON p.position = s.policy ORDER BY s.started_at, s.session_id",
    )
    for session in sessions:
        session[10] = ClosedBy(session[10]).name.lower()
    assert sessions == EXPECTED["sessions"]
    usage = rows_of(
        migrated,
        "SELECT day::VARCHAR, sum(session_count)::BIGINT, "
        "coalesce(sum(session_count) FILTER (WHERE preview), 0)::BIGINT FROM session_usage GROUP BY day ORDER BY day",
    )
    assert usage == EXPECTED["usage_by_day"]
    for table, count in EXPECTED["row_counts"].items():
        assert rows_of(migrated, f"SELECT count(*) FROM {table}") == [[count]], table


def test_migrated_restatements_have_their_causes_and_the_numbers_that_exports_had(migrated: Ledger) -> None:
    settle(migrated, now_us=SETTLED_US)
    recorded = restatements(migrated)
    assert [
        [
            each.append_no, each.recorded_at, str(each.day), each.before_count, each.after_count,
            list(each.removed), list(each.added), list(each.because), each.because_count,
        ]
        for each in recorded
    ] == EXPECTED["restatements"]  # fmt: skip
    causes = [each.cause for each in recorded if each.append_no <= 0]
    assert causes == [Cause.CUSTOMER_CHANGE] * 5 + [Cause.POLICY_CHANGE]
    assert {each.label for each in recorded if each.cause is Cause.CUSTOMER_CHANGE} == {
        "customers changed, change 1",
        "customers merged, change 2",
        "customers merged, change 4",
        "a merge undone, change 5",
        "customers merged, change 6",
    }


def test_the_quarantine_stays_as_it_was(migrated: Ledger) -> None:
    query = (
        "SELECT quarantine_no, append_no, recorded_at, source, position, event_id, code, detail FROM waiting ORDER BY 1"
    )
    assert rows_of(migrated, query) == EXPECTED["quarantine"]
    assert rows_of(migrated, "SELECT count(*) FROM quarantine WHERE is_pulled") == [[0]]


def test_pulled_events_are_those_of_pulled_sources_and_not_of_senders_who_claim_it(migrated: Ledger) -> None:
    assert {
        (source, event_id)
        for source, event_id in rows_of(migrated, "SELECT source, event_id FROM event WHERE is_pulled")
    } == PULLED
    alike = rows_of(migrated, "SELECT event_id FROM event WHERE contains(attributes, 'told_by') AND NOT is_pulled")
    assert sorted(name for (name,) in alike) == ["e024", "e025", "e026"]


@pytest.mark.slow
def test_webhooks_of_pulled_events_are_still_duplicates(migrated: Ledger) -> None:
    for source, event_id in sorted(PULLED):
        event = sent_again(migrated, event_id, source=source, attributes=None, bot_id="another", ticket_id="T-100")
        event["occurred_at"] += 250_000
        receipt = append_events(migrated, event, now_us=LATER_US)
        assert (receipt.accepted, receipt.duplicates, receipt.conflicts) == (0, 1, 0), event_id
    assert verify(migrated).is_clean


@pytest.mark.parametrize("event_id", ["e024", "e025"])
def test_a_sender_s_own_text_about_a_pull_makes_no_conflict_a_duplicate(migrated: Ledger, event_id: str) -> None:
    same = sent_again(migrated, event_id, source="default")
    assert append_events(migrated, same, now_us=LATER_US).duplicates == 1
    assert append_events(migrated, {**same, "channel": "another"}, now_us=LATER_US).conflicts == 1


def test_a_file_migrates_and_settles_when_its_account_is_opened(folder: Folder) -> None:
    folder.file_of("acme").parent.mkdir(parents=True, exist_ok=True)
    folder.file_of("acme").write_bytes(lzma.decompress((FILES / "acme.duckdb.xz").read_bytes()))
    with folder.ledger("acme") as ledger:
        assert schema_version(ledger.connection) == SCHEMA_VERSION
        assert backlog(ledger.connection).event_count == 0
        assert verify(ledger).is_clean
    with raw_connection(folder.file_of("acme")) as connection:
        assert connection.execute("SELECT count(*) FROM event").fetchall() == [(EXPECTED["row_counts"]["event"],)]
