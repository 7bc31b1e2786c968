"""Events in the forms of the oracle and the meter."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from botmeter.domain.event import ACTOR_BY_NAME, KIND_BY_NAME
from botmeter.domain.instant import us_from_text
from botmeter.metering.schema import METER_SCHEMA
from botmeter.metering.touchpoints import Touchpoint, Touchpoints

Event = dict[str, Any]

_DEFAULTS: Event = {
    "source": "test",
    "conversation_id": "v",
    "customer_id": "c",
    "actor": "customer",
    "kind": "message",
    "bot_id": None,
    "bot_version": None,
    "channel": "unknown",
    "preview": None,
    "attributes": None,
}


def event_from_json(written: Mapping[str, Any]) -> Event:
    """Event of the contract in the oracle's form, with defaults."""
    event = {**_DEFAULTS, **written}
    event["occurred_at"] = us_from_text(event["occurred_at"])
    return event


def meter_table(events: Iterable[Event], touchpoints: Touchpoints) -> pa.Table:
    """The events as a `METER_SCHEMA` table, in order."""
    rows = [
        {
            **{name: event[name] for name in ("source", "event_id", "occurred_at", "conversation_id", "customer_id")},
            "actor": int(ACTOR_BY_NAME[event["actor"]]),
            "kind": int(KIND_BY_NAME[event["kind"]]),
            "touchpoint": touchpoints.number(Touchpoint(event["bot_id"], event["bot_version"], event["channel"])),
            "preview": event["preview"],
            "attributes": None if event["attributes"] is None else json.dumps(event["attributes"]),
        }
        for event in events
    ]
    return pa.Table.from_pylist(rows, schema=METER_SCHEMA)
