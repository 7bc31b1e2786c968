from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("pyspark", reason="make spark installs it")

from botmeter.lake.spark import Spark, spark_engine
from support.bucket_server import BucketServer
from support.spark_cluster import cluster, environment


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.spark)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory, bucket_store: BucketServer) -> Iterator[Spark]:
    """The engine of a driver on a cluster of two workers, which all tests share and whose workers reach the buckets."""
    folder = tmp_path_factory.mktemp("cluster")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**environment(folder), **bucket_store.variables}.items():
            patch.setenv(name, value)
        with cluster(folder) as master, spark_engine(master) as started:
            yield started
