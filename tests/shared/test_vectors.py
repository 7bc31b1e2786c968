"""The worked examples of published rules, through the oracle and through the meter.

They stand beside the repository, in the folder that BOTMETER_SHARED names or in ../shared.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.support import oracle
from tests.support.event_forms import event_from_json, meter_table

from botmeter.metering.meter import sessions_from_events
from botmeter.metering.policy import schedule_of
from botmeter.metering.policy_text import policy_from_mapping
from botmeter.metering.touchpoints import Touchpoints

SHARED = Path(os.environ.get("BOTMETER_SHARED", Path(__file__).parents[3] / "shared"))
FILE = SHARED / "vectors" / "policies.json"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not FILE.is_file(), reason=f"the worked examples are not at {FILE}"),
]

VECTORS = json.loads(FILE.read_text("utf-8")) if FILE.is_file() else []


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_worked_example_gives_its_number_of_sessions(vector: dict[str, Any]) -> None:
    policy = policy_from_mapping(vector["policy"])
    events = [event_from_json(event) for event in vector["events"]]
    assert len(oracle.sessions(events, policy)) == vector["sessions"]
    touchpoints = Touchpoints()
    table = meter_table(events, touchpoints)
    metered = sessions_from_events(table, schedule=schedule_of(policy), touchpoints=touchpoints)
    assert len(metered.sessions) == vector["sessions"]
