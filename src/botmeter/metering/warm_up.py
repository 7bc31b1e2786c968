"""Loading of the compiled kernel ahead of its first use."""

import pyarrow as pa

from botmeter.domain.event import Actor, Kind
from botmeter.metering.meter import sessions_from_events
from botmeter.metering.policy import FRESHCHAT, schedule_of
from botmeter.metering.schema import METER_SCHEMA
from botmeter.metering.touchpoints import Touchpoint, Touchpoints

_EVENT = {
    "source": "warm-up",
    "event_id": "1",
    "occurred_at": 0,
    "conversation_id": "1",
    "customer_id": "1",
    "actor": int(Actor.CUSTOMER),
    "kind": int(Kind.MESSAGE),
    "touchpoint": 0,
    "preview": None,
    "attributes": None,
}


def load_kernel() -> None:
    """Load the kernel by metering one made-up event."""
    events = pa.Table.from_pylist([_EVENT], schema=METER_SCHEMA)
    touchpoints = Touchpoints([Touchpoint("warm-up", None, "warm-up")])
    sessions_from_events(events, schedule=schedule_of(FRESHCHAT), touchpoints=touchpoints)
