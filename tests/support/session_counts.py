"""How many sessions events give, found twice: by the oracle and by the meter."""

from typing import Any

from tests.support import oracle
from tests.support.event_forms import meter_table

from botmeter.metering.meter import sessions_from_events
from botmeter.metering.policy import Policy, schedule_of
from botmeter.metering.touchpoints import Touchpoints

Event = dict[str, Any]


def session_count(events: list[Event], policy: Policy) -> int:
    """The number of sessions that both find."""
    touchpoints = Touchpoints()
    table = meter_table(events, touchpoints)
    metered = sessions_from_events(table, schedule=schedule_of(policy), touchpoints=touchpoints)
    assert len(metered.sessions) == len(oracle.sessions(events, policy))
    return len(metered.sessions)
