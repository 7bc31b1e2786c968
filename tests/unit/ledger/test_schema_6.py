"""A ledger of schema 6 opens, migrates, and lists its earlier imports, which can be undone.

`schema_6/acme.duckdb.xz` was written by that version: two imports, a pull, a retry of quarantine, and live events, of
which one waits to be settled. `schema_6/expected.json` is what it then had.
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

from botmeter.domain.instant import us_from_text
from botmeter.ledger.import_undo import undo_import
from botmeter.ledger.imports import imports
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.quarantine import quarantined
from botmeter.ledger.settle import settle
from botmeter.ledger.tables import SCHEMA_VERSION, migrate
from botmeter.ledger.verify import verify

FILES = Path(__file__).parent / "schema_6"
EXPECTED = json.loads((FILES / "expected.json").read_text(encoding="utf-8"))
NOW_US = us_from_text("2025-03-02T09:00:00Z")


@pytest.fixture(scope="module")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "acme.duckdb"
    file.write_bytes(lzma.decompress((FILES / "acme.duckdb.xz").read_bytes()))
    with closing(duckdb.connect(file)) as connection:
        assert migrate(connection, name="acme") == SCHEMA_VERSION - 6
    return file


@pytest.fixture
def migrated(migrated_file: Path, tmp_path: Path) -> Iterator[Ledger]:
    """The ledger in the schema of today, with an event that waits to be settled."""
    with closing(duckdb.connect(shutil.copyfile(migrated_file, tmp_path / "acme.duckdb"))) as connection:
        yield Ledger(connection)


def rows_of(ledger: Ledger, query: str) -> list[list[Any]]:
    return [list(row) for row in ledger.connection.execute(query).fetchall()]


def test_what_it_had_stays_as_it_was(migrated: Ledger) -> None:
    assert verify(migrated).is_clean
    sessions = rows_of(
        migrated,
        "SELECT session_id::VARCHAR, customer_id, conversation_id, source, opening_event_id, started_at, ended_at, "
        "last_event_at, event_count, closed_by, preview FROM session ORDER BY started_at, session_id",
    )
    assert sessions == EXPECTED["sessions"]
    query = "SELECT append_no, label, accepted, duplicates, conflicts, rejected FROM receipt ORDER BY append_no"
    assert rows_of(migrated, query) == EXPECTED["receipts"]
    waiting = [[each.number, each.append_no, each.source, each.event_id, each.code] for each in quarantined(migrated)]
    assert waiting == EXPECTED["quarantine"]
    for table, count in EXPECTED["row_counts"].items():
        assert rows_of(migrated, f"SELECT count(*) FROM {table}") == [[count]], table
    assert settle(migrated, now_us=NOW_US) == 1


def test_its_imports_are_listed_without_pulls_retries_and_live_events(migrated: Ledger) -> None:
    listed = [(each.number, each.append_no, each.file_name, each.accepted) for each in imports(migrated)]
    assert listed == [(2, 4, "february.csv", 2), (1, 1, "january.csv", 2)]


@pytest.mark.slow
def test_an_import_of_then_can_be_undone(migrated: Ledger) -> None:
    undone = undo_import(migrated, 1, reason="twice", now_us=NOW_US)
    assert (undone.event_count, undone.discarded_count) == (2, 1)
    assert verify(migrated).is_clean
    ids = {event_id for (event_id,) in migrated.connection.execute("SELECT event_id FROM event").fetchall()}
    assert ids == {"p1", "l1", "l2", "b1", "b2", "early"}
