"""The guide's views and Python, in DuckDB, give the rows that Botmeter reads."""

from pathlib import Path
from random import Random

import duckdb
import pytest
from tests.support.lake_views import VIEWS, files_by_guide, query_of_guide
from tests.support.lakes import made_lake, random_increments, run, written_files
from tests.support.ledgers import NOW_US

from botmeter.lake.compact import compact
from botmeter.lake.engine import Here
from botmeter.lake.lake_ledger import connection_to
from botmeter.lake.layout import REPLACED_BY, SCHEMAS
from botmeter.lake.record import LakeRecord
from botmeter.lake.root import LakeRoot
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")
pytestmark = pytest.mark.slow


def test_the_guide_has_a_view_of_each_table_whose_rows_are_replaced() -> None:
    assert set(VIEWS) == {f"current_{table}" for table in REPLACED_BY}


def test_the_views_give_the_rows_that_count_before_and_after_compaction(tmp_path: Path) -> None:
    root = made_lake(tmp_path / "lake", [(FRESHCHAT, ALWAYS_US)])
    for number, pieces in enumerate(random_increments(Random(8), count=400, increments=4)):
        record = run(root, written_files(tmp_path, f"{number}", *pieces)).record
        with by_guide(root) as database:
            check(database, root, record=record)
    assert files_by_guide(root.uri)["session_replaced"]
    with by_guide(root) as database:
        monthly = database.execute(query_of_guide("SELECT date_trunc")).fetchall()
        check(database, root, record=compact(root, engine=Here(), now_us=NOW_US))
    with by_guide(root) as database:
        for table in REPLACED_BY:
            assert rows(database, f"SELECT * FROM current_{table}") == rows(database, f"SELECT * FROM {table}")
        assert sum(count for _, count in monthly) == database.execute("SELECT count(*) FROM session").fetchall()[0][0]


def by_guide(root: LakeRoot) -> duckdb.DuckDBPyConnection:
    """The lake as another program reads it."""
    database = duckdb.connect()
    for name, files in files_by_guide(root.uri).items():
        if files:
            database.read_parquet(files).create_view(name)
        else:
            database.from_arrow(SCHEMAS[name].empty_table()).create_view(name)
    for name, query in VIEWS.items():
        database.execute(f"CREATE TEMP VIEW {name} AS {query}")
    return database


def check(database: duckdb.DuckDBPyConnection, root: LakeRoot, *, record: LakeRecord) -> None:
    with connection_to(root, record) as served:
        for table in REPLACED_BY:
            expected = rows(served, f"SELECT * FROM lake_{table}")
            assert rows(database, f"SELECT * FROM current_{table}") == expected != []


def rows(database: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    """Rows without the run that wrote them, which a compaction keeps."""
    return sorted(map(repr, database.execute(f"SELECT * EXCLUDE (run) FROM ({query})").fetchall()))
