"""The guide's views in Spark give the rows that Botmeter reads."""

from pathlib import Path
from random import Random

from pyspark.sql import SparkSession
from tests.support.lake_views import VIEWS, files_by_guide
from tests.support.lakes import made_lake, random_increments, run, written_files

from botmeter.lake.lake_ledger import connection_to
from botmeter.lake.layout import REPLACED_BY
from botmeter.lake.spark import Spark
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT


def test_the_views_give_the_rows_that_count(tmp_path: Path, engine: Spark) -> None:
    root = made_lake(tmp_path / "lake", [(FRESHCHAT, ALWAYS_US)])
    for number, pieces in enumerate(random_increments(Random(9), count=400, increments=3)):
        record = run(root, written_files(tmp_path, f"{number}", *pieces)).record
    spark = SparkSession.getActiveSession()
    assert spark is not None
    files = files_by_guide(root.uri)
    for name in (f"{table}{suffix}" for table in REPLACED_BY for suffix in ("", "_new")):
        spark.read.parquet(*files[name]).createOrReplaceTempView(name)
    for name in {replacement.table for replacement in REPLACED_BY.values()}:
        spark.read.parquet(*files[name]).createOrReplaceTempView(name)
    with connection_to(root, record) as served:
        for table in REPLACED_BY:
            spark.sql(f"CREATE OR REPLACE TEMP VIEW current_{table} AS {VIEWS[f'current_{table}']}")
            found = sorted(map(repr, map(tuple, spark.sql(f"SELECT * FROM current_{table}").collect())))
            expected = sorted(map(repr, served.execute(f"SELECT * FROM lake_{table}").fetchall()))
            assert found == expected != []
