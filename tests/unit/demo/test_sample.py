"""Sample data of a new account."""

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from botmeter.demo import DEMO_SEED, demo_batches, sample_batches
from botmeter.domain.instant import DAY_US
from botmeter.domain.period import day_start_us

pytestmark = pytest.mark.slow

NOW_US = day_start_us(date(2024, 6, 12)) + 10 * 3_600_000_000
FIRST_US = NOW_US - 30 * DAY_US


def test_sample_data_is_the_end_of_the_demo_numbered_from_its_first_event() -> None:
    sample = list(sample_batches(first_us=FIRST_US, now_us=NOW_US))
    demo = pa.concat_tables(batch.events for batch in demo_batches(seed=DEMO_SEED, now_us=NOW_US, events=200_000))
    events = pa.concat_tables(batch.events for batch in sample)
    assert events.equals(demo.filter(pc.greater_equal(demo["occurred_at"], FIRST_US)))
    assert len(events) > 1_000
    positions = [position for batch in sample for position in batch.positions.to_pylist()]
    assert positions == list(range(len(events)))
