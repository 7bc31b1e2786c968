"""A ledger of schema 7 opens, migrates, and can then keep facts of billing.

`schema_7/acme.duckdb.xz` was written by that version: two imports, one of them undone, a ticket, a preview, and a
customer who was erased. `schema_7/expected.json` is what it then had.
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

from botmeter.ledger.ledger import Ledger
from botmeter.ledger.tables import SCHEMA_VERSION, migrate
from botmeter.ledger.verify import verify

FILES = Path(__file__).parent / "schema_7"
EXPECTED = json.loads((FILES / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "acme.duckdb"
    file.write_bytes(lzma.decompress((FILES / "acme.duckdb.xz").read_bytes()))
    with closing(duckdb.connect(file)) as connection:
        assert migrate(connection, name="acme") == SCHEMA_VERSION - 7
    return file


@pytest.fixture
def migrated(migrated_file: Path, tmp_path: Path) -> Iterator[Ledger]:
    with closing(duckdb.connect(shutil.copyfile(migrated_file, tmp_path / "acme.duckdb"))) as connection:
        yield Ledger(connection)


def rows_of(ledger: Ledger, query: str) -> list[list[Any]]:
    return [list(row) for row in ledger.connection.execute(query).fetchall()]


def test_what_it_had_stays_as_it_was(migrated: Ledger) -> None:
    assert verify(migrated).is_clean
    sessions = rows_of(
        migrated,
        "SELECT session_id::VARCHAR, source, opening_event_id, started_at, ended_at, last_event_at, event_count, "
        "closed_by, preview FROM session ORDER BY started_at, session_id",
    )
    assert sessions == EXPECTED["sessions"]
    query = "SELECT import_no, file_name, imported_by, undone_by, undone_for FROM file_import ORDER BY 1"
    assert rows_of(migrated, query) == EXPECTED["imports"]
    for table, count in EXPECTED["row_counts"].items():
        assert rows_of(migrated, f"SELECT count(*) FROM {table}") == [[count]], table
