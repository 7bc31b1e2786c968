"""The two datasets in a lake: under each policy, all tables are those of a ledger after each of five increments."""

from pathlib import Path

import pytest

from shared.test_datasets import DATASETS, SHARED, pytestmark  # noqa: F401 - of this module, too
from support.lake_equality import POLICIES, compare_after_each_increment, dataset_events

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", DATASETS)
def test_a_dataset_in_a_lake_has_the_tables_of_a_ledger_after_each_increment(
    tmp_path: Path, name: str, policy: str
) -> None:
    events = dataset_events(SHARED / "data" / name / "events.ndjson.gz")
    compare_after_each_increment(tmp_path, events, policy=POLICIES[policy], seed=f"{name} {policy}")
