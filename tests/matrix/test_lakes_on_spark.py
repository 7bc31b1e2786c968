"""Every kind of events under each policy in five increments, on a cluster of two workers and by local[2].

Takes about a quarter of an hour, so `make matrix` runs it before a release. Shared datasets that are not beside the
repository are left out.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.lake_equality import (
    POLICIES,
    compare_after_each_increment,
    dataset_events,
    demo_events,
    shuffled_events,
)
from tests.support.lakes import Event

from shared.test_datasets import SHARED

pytest.importorskip("pyspark", reason="make spark installs it")

from botmeter.lake.spark import Spark, spark_engine
from support.spark_cluster import cluster, environment

_DATA: dict[str, Callable[[], list[Event]]] = {
    "demo": lambda: demo_events(20_000),
    "shuffled": lambda: shuffled_events(5_000, seed="matrix"),
    "convai2": lambda: dataset_events(_file_of("convai2")),
    "raku-irc-2016": lambda: dataset_events(_file_of("raku-irc-2016")),
}


@pytest.fixture(scope="module", params=["a cluster", "local[2]"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    """The engine of a driver, which all tests share."""
    folder = tmp_path_factory.mktemp("cluster")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(folder).items():
            patch.setenv(name, value)
        if request.param == "local[2]":
            with spark_engine(request.param) as started:
                yield started
        else:
            with cluster(folder) as master, spark_engine(master) as started:
                yield started


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("data", _DATA)
def test_every_table_equals_the_ledgers_after_each_increment(
    tmp_path: Path, engine: Spark, data: str, policy: str
) -> None:
    compare_after_each_increment(
        tmp_path, _DATA[data](), policy=POLICIES[policy], seed=f"{data} {policy}", engine=engine
    )


def _file_of(name: str) -> Path:
    file = SHARED / "data" / name / "events.ndjson.gz"
    if not file.exists():
        pytest.skip(f"{file} is not there")
    return file
