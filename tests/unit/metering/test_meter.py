"""The meter on more events than one thread looks at."""

import numpy as np
import pyarrow as pa
import pytest

from botmeter.metering.meter import Metered, sessions_from_batches, sessions_from_events, sessions_with_members
from botmeter.metering.policy import FRESHCHAT, schedule_of
from botmeter.metering.schema import METER_SCHEMA
from botmeter.metering.touchpoints import Touchpoint, Touchpoints

HOUR_US = 3_600_000_000
EVENTS = 240_000
TOUCHPOINTS = Touchpoints([Touchpoint("b1", "v1", "web"), Touchpoint("b2", None, "web")])


def events(count: int = EVENTS) -> pa.Table:
    """Messages of a thousand customers to two bots, an hour and a bit apart, half of them answers."""
    number = np.arange(count)
    columns = {
        "source": pa.array(np.full(count, "s").tolist()).dictionary_encode(),
        "event_id": pa.array(np.char.add("e", number.astype(str)).tolist()),
        "occurred_at": pa.array(number * (HOUR_US // 900)),
        "conversation_id": pa.array(np.char.add("v", (number % 3_001).astype(str)).tolist()),
        "customer_id": pa.array(np.char.add("c", (number % 1_000).astype(str)).tolist()),
        "actor": pa.array((number // 1_000 % 2).astype(np.uint8)),
        "kind": pa.array(np.zeros(count, np.uint8)),
        "touchpoint": pa.array((number % 7 == 0).astype(np.int32)),
        "preview": pa.nulls(count, pa.bool_()),
        "attributes": pa.nulls(count, pa.string()),
    }
    return pa.table(columns, schema=METER_SCHEMA)


def metered(table: pa.Table) -> Metered:
    return sessions_from_events(table, schedule=schedule_of(FRESHCHAT), touchpoints=TOUCHPOINTS)


@pytest.mark.slow
def test_many_events_give_the_same_sessions_as_in_parts_of_whole_customers() -> None:
    table = events()
    whole = metered(table)
    customers = np.arange(EVENTS) % 1_000
    parts = [metered(table.filter(pa.array(customers // 250 == quarter))) for quarter in range(4)]
    together = pa.concat_tables([part.sessions for part in parts], promote_options="permissive")
    order = [("started_at", "ascending"), ("session_id", "ascending")]
    assert whole.sessions.to_pylist() == together.sort_by(order).to_pylist()
    assert len(whole.participations) == sum(len(part.participations) for part in parts)


@pytest.mark.slow
def test_each_of_many_events_belongs_to_a_session_of_its_customer_that_holds_it() -> None:
    table = events()
    whole, session_of_event = sessions_with_members(table, schedule=schedule_of(FRESHCHAT), touchpoints=TOUCHPOINTS)
    members = np.flatnonzero(session_of_event.is_valid().to_numpy(zero_copy_only=False))
    sessions = whole.sessions.take(session_of_event.take(pa.array(members)))
    own = table.take(pa.array(members))
    assert sessions["customer_id"].to_pylist() == own["customer_id"].to_pylist()
    at, start = own["occurred_at"].to_numpy(), sessions["started_at"].to_numpy()
    assert np.all((at >= start) & (at < start + 24 * HOUR_US))
    assert len(members) == sum(whole.sessions["event_count"].to_pylist())


def test_batches_in_encodings_of_their_own_give_the_sessions_of_one_table() -> None:
    table = events(3_000)
    encoded = table.slice(1_000, 1_000)
    for name in ("event_id", "customer_id"):
        column = encoded[name].cast(pa.large_string()).dictionary_encode()
        encoded = encoded.set_column(encoded.schema.get_field_index(name), name, column)
    batches = [table.slice(0, 1_000), encoded, table.slice(2_000)]
    together = sessions_from_batches(batches, schedule=schedule_of(FRESHCHAT), touchpoints=TOUCHPOINTS)
    assert together.sessions.equals(metered(table).sessions)
    assert together.participations.equals(metered(table).participations)
    nothing = sessions_from_batches([], schedule=schedule_of(FRESHCHAT), touchpoints=TOUCHPOINTS)
    assert len(nothing.sessions) == 0
