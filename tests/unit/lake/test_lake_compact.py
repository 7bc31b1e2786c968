"""Compaction changes no number, and leaves tables that are right without their companions."""

from pathlib import Path
from random import Random

import duckdb
import pytest
from tests.support.lakes import append_files, lake_meaning, made_lake, random_increments, run, written_files
from tests.support.ledgers import NOW_US, ledger_in_memory
from tests.support.table_meaning import table_meaning

from botmeter.lake.compact import compact
from botmeter.lake.engine import Here
from botmeter.lake.layout import SCHEMAS
from botmeter.lake.record import LakeRecord, tables_at
from botmeter.lake.root import LakeRoot
from botmeter.lake.task_database import create_view
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")
pytestmark = pytest.mark.slow

SCHEDULE = [(FRESHCHAT, ALWAYS_US)]
GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "lake.md"


def rows_of(root: LakeRoot, record: LakeRecord, *, query: str) -> list[tuple[object, ...]]:
    """Rows of a query on the lake's tables, as another program reads them."""
    with duckdb.connect() as connection:
        for name, table in tables_at(root, record.versions).items():
            create_view(connection, name, files=table.files(), schema=SCHEMAS[name], root=root)
        return connection.execute(query).fetchall()


def test_a_compacted_lake_has_the_same_rows_and_goes_on(tmp_path: Path) -> None:
    ledger, root = ledger_in_memory(SCHEDULE), made_lake(tmp_path / "lake", SCHEDULE)
    for number, pieces in enumerate(random_increments(Random(3), count=300, increments=3)):
        files = written_files(tmp_path, f"{number}", *pieces)
        before = run(root, files).record
        append_files(ledger, files)
        if number == 1:
            view = GUIDE.read_text(encoding="utf-8").partition("```sql\n")[2].partition("```")[0]
            current = rows_of(root, before, query=f"SELECT session_id, run FROM ({view}) ORDER BY ALL")
            compacted = compact(root, engine=Here(), now_us=NOW_US)
            assert compacted.number == before.number + 1
            assert rows_of(root, compacted, query="SELECT session_id, run FROM session ORDER BY ALL") == current
            assert not any(
                table.files()
                for name, table in tables_at(root, compacted.versions).items()
                if name.endswith(("_new", "_replaced"))
            )
            assert lake_meaning(root, compacted) == lake_meaning(root, before) == table_meaning(ledger)
            assert compact(root, engine=Here(), now_us=NOW_US) == compacted
    assert lake_meaning(root, compact(root, engine=Here(), now_us=NOW_US)) == table_meaning(ledger)


def test_a_lake_with_few_changes_is_not_compacted(tmp_path: Path) -> None:
    root = made_lake(tmp_path / "lake", SCHEDULE)
    first, second = random_increments(Random(4), count=300, increments=2)
    run(root, written_files(tmp_path, "a", *first))
    record = run(root, written_files(tmp_path, "b", second[0][:30])).record
    assert compact(root, engine=Here(), now_us=NOW_US, from_share=3.0) == record
    assert compact(root, engine=Here(), now_us=NOW_US, from_share=0.0) != record
