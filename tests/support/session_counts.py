"""Sessions of events, by the oracle and by the meter."""

from typing import Any

from tests.support import oracle
from tests.support.event_forms import meter_table

from botmeter.domain.session import ClosedBy
from botmeter.metering.meter import sessions_from_events
from botmeter.metering.policy import InForce, Policy
from botmeter.metering.touchpoints import Touchpoints

Event = dict[str, Any]


def session_count(events: list[Event], policy: Policy) -> int:
    """Number of sessions, equal for both."""
    return len(sessions_drawn(events, [(policy, -(2**62))]))


def sessions_drawn(events: list[Event], schedule: list[tuple[Policy, int]]) -> list[str]:
    """Each session as `<opening event>+<number of events> <closed by>`, such as `e001+3 idle`."""
    touchpoints = Touchpoints()
    table = meter_table(events, touchpoints)
    in_force = tuple(InForce(policy=policy, from_us=from_us) for policy, from_us in schedule)
    rows = sessions_from_events(table, schedule=in_force, touchpoints=touchpoints).sessions.to_pylist()
    drawn = [
        f"{row['opening_event_id']}+{row['event_count']} {ClosedBy(row['closed_by']).name.lower()}" for row in rows
    ]
    assert drawn == [
        f"{found.opening['event_id']}+{len(found.members)} {found.closed_by}"
        for found in oracle.sessions(events, schedule)
    ]
    return drawn
