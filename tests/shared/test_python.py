"""`botmeter.meter` on the datasets beside the repository: the bytes of the command, for tables of every library."""

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from tests.shared.test_datasets import DATASETS, SHARED, pytestmark  # noqa: F401 - the marks of this file

import botmeter
from botmeter.cli.main import exit_code
from botmeter.domain.instant import us_from_text
from botmeter.reports.export import Format, write_rows

POLICIES = ("freshchat.session", "dialogflow.session")
FORMS: dict[str, Callable[[pa.Table], Any]] = {
    "pyarrow": lambda table: table,
    "polars": pl.from_arrow,
    "pandas": pa.Table.to_pandas,
    "duckdb": lambda table: duckdb.connect().from_arrow(table),
}


@pytest.fixture(scope="module", params=DATASETS)
def file(request: pytest.FixtureRequest) -> Path:
    return SHARED / "data" / request.param / "events.ndjson.gz"


@pytest.fixture(scope="module")
def table(file: Path) -> pa.Table:
    rows = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    at = pa.array([us_from_text(row.pop("occurred_at")) for row in rows], pa.timestamp("us", "UTC"))
    return pa.Table.from_pylist(rows).append_column("occurred_at", at)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("written_as", ["csv", "ndjson", "parquet"])
def test_a_table_gives_the_bytes_of_the_command(
    file: Path, table: pa.Table, form: str, policy: str, written_as: Format, tmp_path: Path
) -> None:
    output = tmp_path / f"sessions.{written_as}"
    assert exit_code(["meter", str(file), "--policy", policy, "--output", str(output), "--format", "json"]) == 0
    out = io.BytesIO()
    write_rows(botmeter.meter(FORMS[form](table), policy).to_reader(), format=written_as, out=out)
    assert out.getvalue() == output.read_bytes()
