"""A ledger of schema 5 opens, migrates, and knows erased events from those whose sender chose such ids.

`schema_5/acme.duckdb.xz` was written by that version: an import, a pull, an erased customer who shared a conversation,
senders' ids that begin like pseudonyms, and two live events that wait to be settled. `schema_5/expected.json` is what
it then had.
"""

import json
import lzma
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.support.ledgers import Event, append_events, event

from botmeter.domain.instant import us_from_text
from botmeter.ledger.event_rows import active_conversations, known_instants
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.settle import backlog, settle
from botmeter.ledger.tables import SCHEMA_VERSION, migrate, schema_version
from botmeter.ledger.verify import verify

pytestmark = pytest.mark.slow

FILES = Path(__file__).parent / "schema_5"
EXPECTED = json.loads((FILES / "expected.json").read_text(encoding="utf-8"))
NOW_US = us_from_text("2025-03-01T09:00:00Z")
OF_THE_ERASED = [
    event("e1", "2025-02-01T10:00", customer_id="ann", conversation_id="v-ann"),
    event("e4", "2025-02-02T10:05", customer_id="ann", conversation_id="v-both", channel="sms"),
]
BESIDE_THE_ERASED = event("e5", "2025-02-02T10:06", customer_id="ben", conversation_id="v-both", channel="sms")
SENT_ALIKE = [
    event("erased:000000000001:sent", "2025-02-04T10:00", customer_id="cem", conversation_id="erased-sent"),
    event("erased:2", "2025-02-05T11:00", customer_id="cem", conversation_id="v-cem", preview=True),
    event("e9", "2025-02-05T11:01", customer_id="cem", conversation_id="erased-sent"),
    event("erased:3", "2025-02-06T10:01", customer_id="dan", conversation_id="erased-4"),
]


@pytest.fixture(scope="module")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "acme.duckdb"
    file.write_bytes(lzma.decompress((FILES / "acme.duckdb.xz").read_bytes()))
    with closing(duckdb.connect(file)) as connection:
        assert migrate(connection, name="acme") == SCHEMA_VERSION - 5
        ledger = Ledger(connection)
        assert verify(ledger).is_clean
        assert settle(ledger, now_us=NOW_US) == 2
    return file


@pytest.fixture
def migrated(migrated_file: Path, tmp_path: Path) -> Iterator[Ledger]:
    """The ledger in the schema of today, settled."""
    with closing(duckdb.connect(shutil.copyfile(migrated_file, tmp_path / "acme.duckdb"))) as connection:
        yield Ledger(connection)


def rows_of(ledger: Ledger, query: str) -> list[list[Any]]:
    return [list(row) for row in ledger.connection.execute(query).fetchall()]


def outcome(ledger: Ledger, sent: Event) -> str:
    receipt = append_events(ledger, sent, now_us=NOW_US)
    counts = {"accepted": receipt.accepted, "duplicate": receipt.duplicates, "conflict": receipt.conflicts}
    (name,) = [name for name, count in counts.items() if count]
    return name


def test_sessions_and_usage_stay_as_they_were(migrated: Ledger) -> None:
    assert verify(migrated).is_clean
    sessions = rows_of(
        migrated,
        "SELECT session_id::VARCHAR, customer_id, conversation_id, source, opening_event_id, started_at, ended_at, "
        "last_event_at, event_count, closed_by, preview FROM session ORDER BY started_at, session_id",
    )
    assert sessions == EXPECTED["sessions"]
    usage = rows_of(
        migrated, "SELECT day::VARCHAR, sum(session_count)::BIGINT FROM session_usage GROUP BY 1 ORDER BY 1"
    )
    assert usage == EXPECTED["usage_by_day"]
    for table, count in EXPECTED["row_counts"].items():
        assert rows_of(migrated, f"SELECT count(*) FROM {table}") == [[count]], table


def test_erased_events_are_those_of_the_erased_customer(migrated: Ledger) -> None:
    query = "SELECT DISTINCT customer_id FROM event WHERE is_erased"
    assert rows_of(migrated, query) == [[EXPECTED["customer"]]]
    assert rows_of(migrated, "SELECT count(*) FROM event WHERE is_erased") == [[4]]
    assert rows_of(migrated, "SELECT event_id FROM event WHERE is_conversation_erased AND NOT is_erased") == [["e5"]]
    query = "SELECT count(*) FROM event WHERE is_erased IS NULL OR is_conversation_erased IS NULL"
    assert rows_of(migrated, query) == [[0]]


@pytest.mark.parametrize("sent", OF_THE_ERASED, ids=lambda sent: sent["event_id"])
def test_an_erased_event_sent_again_is_a_duplicate_whatever_is_in_it(migrated: Ledger, sent: Event) -> None:
    assert outcome(migrated, {**sent, "bot_id": "another"}) == "duplicate"
    assert list(known_instants(migrated, "s", event_ids=[sent["event_id"]])) == [sent["event_id"]]


def test_an_event_beside_an_erased_one_is_compared_without_its_conversation(migrated: Ledger) -> None:
    assert outcome(migrated, BESIDE_THE_ERASED) == "duplicate"
    assert outcome(migrated, {**BESIDE_THE_ERASED, "bot_id": "another"}) == "conflict"


@pytest.mark.parametrize("sent", SENT_ALIKE, ids=lambda sent: sent["event_id"])
def test_an_event_whose_sender_chose_such_an_id_is_compared_like_any_other(migrated: Ledger, sent: Event) -> None:
    assert outcome(migrated, sent) == "duplicate"
    assert outcome(migrated, {**sent, "bot_id": "another"}) == "conflict"
    assert outcome(migrated, {**sent, "conversation_id": "another"}) == "conflict"
    active = [conversation for conversation, _ in active_conversations(migrated, "s", first_us=sent["occurred_at"])]
    assert sent["conversation_id"] in active


def test_a_file_migrates_and_settles_when_its_account_is_opened(folder: Folder) -> None:
    folder.file_of("acme").parent.mkdir(parents=True, exist_ok=True)
    folder.file_of("acme").write_bytes(lzma.decompress((FILES / "acme.duckdb.xz").read_bytes()))
    with folder.ledger("acme") as ledger:
        assert schema_version(ledger.connection) == SCHEMA_VERSION
        assert backlog(ledger.connection).event_count == 0
        assert verify(ledger).is_clean
