"""Refusals of the engine spark: without Java or pyspark, with workers that differ."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from botmeter.domain.errors import Unavailable
from botmeter.lake.spark import Spark
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT
from support.full_disk import largest_file
from support.lakes import made_lake, random_increments, run, written_files
from support.spark_cluster import cluster, environment

EVENT = {
    "event_id": "e1", "occurred_at": "2026-03-01T10:00:00Z", "conversation_id": "v1", "customer_id": "c1",
    "actor": "customer", "bot_id": "b1",
}  # fmt: skip


EVENT_LINE = json.dumps(EVENT) + "\n"


def botmeter(folder: Path, *, master: str = "local[1]", **variables: str) -> subprocess.CompletedProcess[str]:
    (folder / "events.ndjson").write_text(EVENT_LINE)
    command = "lake run events.ndjson --lake lake --account acme --engine spark --master"
    return subprocess.run(
        [sys.executable, "-m", "botmeter", *command.split(), master],
        cwd=folder,
        env={**environment(folder), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_java_it_is_named(tmp_path: Path) -> None:
    """The code is java_missing."""
    done = botmeter(tmp_path, JAVA_HOME=str(tmp_path))
    assert (done.returncode, "it needs Java 17 or newer" in done.stderr) == (1, True), done.stderr
    assert "Traceback" not in done.stderr


def test_a_local_master_meters(tmp_path: Path) -> None:
    done = botmeter(tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-4:] == ["1", "0", "0", "0"]


def test_a_worker_that_differs_is_refused(tmp_path: Path) -> None:
    """The code is worker_differs."""
    package = tmp_path / "other" / "botmeter" / "__init__.py"
    package.parent.mkdir(parents=True)
    with cluster(tmp_path, workers=1, python_path=tmp_path / "other") as master:
        for content, sentence in (
            ('__version__ = "0.0.1"', "A worker of Spark has Botmeter 0.0.1"),
            ("raise ImportError", "A worker of Spark has no Botmeter"),
        ):
            package.write_text(content)
            done = botmeter(tmp_path, master=master)
            assert (done.returncode, sentence in done.stderr) == (1, True), done.stderr


def test_without_pyspark_the_extra_is_named() -> None:
    program = (
        "import sys; sys.modules['pyspark.errors'] = None\n"
        "from botmeter.lake.spark import spark_engine\n"
        "from botmeter.domain.errors import Refused\n"
        "try:\n    with spark_engine(None): pass\n"
        "except Refused as refusal: print(refusal.code, refusal.message)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("extra_missing The engine spark needs the package pyspark.")
    assert "pip install 'botmeter[spark]'" in done.stdout


def test_a_master_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The code is spark_failed."""
    done = botmeter(tmp_path, master="spark:/nowhere")
    assert (done.returncode, "Spark could not" in done.stderr) == (1, True), done.stderr
    assert "Traceback" not in done.stderr


class RowsHere:
    """Rows of a context of Spark, whose functions run in this process."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self.rows = rows

    def parallelize(self, rows: Sequence[Any], count: int) -> "RowsHere":
        assert len(rows) == count
        return RowsHere(rows)

    def map(self, function: Callable[[Any], Any]) -> "RowsHere":
        return RowsHere([function(row) for row in self.rows])

    def collect(self) -> Sequence[Any]:
        return self.rows


def test_a_full_disk_of_a_worker_is_the_same_sentence(tmp_path: Path) -> None:
    root = made_lake(tmp_path / "lake", [(FRESHCHAT, ALWAYS_US)])
    (pieces,) = random_increments(Random(9), count=60, increments=1)
    session: Any = SimpleNamespace(sparkContext=RowsHere([]))
    files = written_files(tmp_path, "a", *pieces)
    with (
        pytest.raises(Unavailable, match="The disk is full; nothing was recorded") as refusal,
        largest_file(500),
    ):
        run(root, files, engine=Spark(session))
    assert refusal.value.code == "disk_full"
