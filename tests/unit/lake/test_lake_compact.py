"""Compaction changes no number, and leaves tables that are right without their companions."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from tests.support.event_strategies import START_US
from tests.support.facts import event
from tests.support.lake_views import VIEWS
from tests.support.lakes import append_files, lake_meaning, made_lake, random_increments, run, written_files
from tests.support.ledgers import NOW_US, ledger_in_memory
from tests.support.table_meaning import whole_meaning

from botmeter.domain.instant import DAY_US
from botmeter.lake.compact import COMPACTED_FROM_SHARE, CompactTask, compact
from botmeter.lake.engine import Here
from botmeter.lake.layout import LOOKUP_COLUMNS, SCHEMAS
from botmeter.lake.record import LakeRecord, tables_at
from botmeter.lake.root import LakeRoot
from botmeter.lake.task_database import create_view
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")
pytestmark = pytest.mark.slow

SCHEDULE = [(FRESHCHAT, ALWAYS_US)]


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
            current = rows_of(
                root, before, query=f"SELECT session_id, run FROM ({VIEWS['current_session']}) ORDER BY ALL"
            )
            compacted = compact(root, engine=Here(), now_us=NOW_US)
            assert compacted.number == before.number + 1
            assert rows_of(root, compacted, query="SELECT session_id, run FROM session ORDER BY ALL") == current
            assert not any(
                table.files()
                for name, table in tables_at(root, compacted.versions).items()
                if name.endswith(("_new", "_replaced"))
            )
            assert lake_meaning(root, compacted) == lake_meaning(root, before) == whole_meaning(ledger)
            assert compact(root, engine=Here(), now_us=NOW_US) == compacted
    assert lake_meaning(root, compact(root, engine=Here(), now_us=NOW_US)) == whole_meaning(ledger)


def test_the_files_of_a_first_run_are_compacted_by_month(tmp_path: Path) -> None:
    root = made_lake(tmp_path / "lake", SCHEDULE)
    events = [
        event(f"e{month}", START_US + month * 31 * DAY_US, conversation_id="v", customer_id="c", actor="customer")
        for month in range(3)
    ]
    before = run(root, written_files(tmp_path, "a", events)).record
    compacted = compact(root, engine=Here(), now_us=NOW_US)
    assert len(tables_at(root, before.versions)["session"].files()) == 1
    assert len(tables_at(root, compacted.versions)["session"].files()) == 3
    assert lake_meaning(root, compacted) == lake_meaning(root, before)
    assert compact(root, engine=Here(), now_us=NOW_US) == compacted


def test_a_large_month_is_compacted_in_parts_of_few_buckets(tmp_path: Path) -> None:
    root = made_lake(tmp_path / "lake", SCHEDULE)
    for number, pieces in enumerate(random_increments(Random(6), count=600, increments=3)):
        before = run(root, written_files(tmp_path, f"{number}", *pieces)).record
    tasks: list[CompactTask] = []

    class Watching(Here):
        def run(self, function: Callable[[Any], Any], tasks_of_run: Sequence[Any]) -> list[Any]:
            tasks.extend(tasks_of_run)
            return super().run(function, tasks_of_run)

    compacted = compact(root, engine=Watching(), now_us=NOW_US, rows_max=20)
    months = defaultdict(list)
    for task in tasks:
        months[task.first_day, task.last_day] += task.buckets.numbers
    assert all(buckets == [*range(before.buckets)] for buckets in months.values())
    assert len(tasks) > len(months)
    assert all(file.row_count <= 20 for file in tables_at(root, compacted.versions)["session"].files())
    assert lake_meaning(root, compacted) == lake_meaning(root, before)
    assert compact(root, engine=Here(), now_us=NOW_US, rows_max=20) == compacted


def test_columns_of_lookups_have_bloom_filters(tmp_path: Path) -> None:
    root = made_lake(tmp_path / "lake", SCHEDULE)
    for name, pieces in zip("ab", random_increments(Random(5), count=100, increments=2), strict=True):
        run(root, written_files(tmp_path, name, *pieces))
    statement = (
        "SELECT DISTINCT path_in_schema FROM parquet_metadata(?) WHERE bloom_filter_offset IS NOT NULL ORDER BY 1"
    )
    with duckdb.connect() as connection:
        for table, columns in LOOKUP_COLUMNS.items():
            rows = connection.execute(statement, [f"{root.uri}/{table}/*.parquet"]).fetchall()
            assert [name for (name,) in rows] == sorted(columns)


def test_a_lake_with_few_changes_is_not_compacted(tmp_path: Path) -> None:
    root = made_lake(tmp_path / "lake", SCHEDULE)
    first, second = random_increments(Random(4), count=300, increments=2)
    run(root, written_files(tmp_path, "a", *first))
    record = run(root, written_files(tmp_path, "b", second[0][:30])).record
    assert compact(root, engine=Here(), now_us=NOW_US, from_share=3.0) == record
    assert compact(root, engine=Here(), now_us=NOW_US, from_share=0.0) != record


def test_added_sessions_alone_are_no_reason_to_compact(tmp_path: Path) -> None:
    root = made_lake(tmp_path / "lake", SCHEDULE)
    for number in range(2):
        others = [event(f"{number}-{each}", START_US, conversation_id=f"{number}-{each}") for each in range(30)]
        for each in others:
            each["customer_id"] = each["conversation_id"]
        record = run(root, written_files(tmp_path, f"{number}", others)).record
    assert tables_at(root, record.versions)["session_new"].files()
    assert compact(root, engine=Here(), now_us=NOW_US, from_share=COMPACTED_FROM_SHARE) == record
