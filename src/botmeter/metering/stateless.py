"""Sessions from events without an account, for the `meter` command and Python."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.receipt import REJECTIONS_SHOWN_MAX, Rejection
from botmeter.domain.session import ClosedBy
from botmeter.metering.admission import Outcome, admission
from botmeter.metering.columns import Mask, repeated_text
from botmeter.metering.meter import sessions_from_events
from botmeter.metering.policy import Policy, schedule_of
from botmeter.metering.reading import allocating_from, metering_pool, read_ahead
from botmeter.metering.schema import EVENTS_SCHEMA, METER_SCHEMA, EventBatch
from botmeter.metering.text_column import TextColumn
from botmeter.metering.touchpoints import Touchpoints

_INSTANT = pa.timestamp("us", tz="UTC")
# The column that shows a part of the scope; customer_id is always there.
_SCOPE_COLUMNS = {"bot": "bot_id", "channel": "channel", "conversation": "conversation_id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterResult:
    """Sessions of events without an account.

    Attributes:
        sessions: One row per session, by start, with the columns of the contract.
        counts: By name: events (accepted), sessions, previews, customers, conversations, duplicates, conflicts,
            rejected.
        rejections: The first thousand.
    """

    sessions: pa.Table
    counts: dict[str, int]
    rejections: tuple[Rejection, ...]


def metered_files(files: Iterable[Iterable[EventBatch]], *, policy: Policy, source: str) -> MeterResult:
    """Meter all files together, each event once."""
    with allocating_from(metering_pool()):
        return _metered_files(files, policy=policy, source=source)


def _metered_files(files: Iterable[Iterable[EventBatch]], *, policy: Policy, source: str) -> MeterResult:
    touchpoints = Touchpoints()
    tables = [_compact(EVENTS_SCHEMA.empty_table(), touchpoints)]
    rejections: list[Rejection] = []
    rejected = 0
    for batch in read_ahead(batch for file in files for batch in file):
        tables.append(_compact(batch.events, touchpoints))
        rejected += len(batch.rejections)
        rejections += batch.rejections[: REJECTIONS_SHOWN_MAX - len(rejections)]
    events = pa.concat_tables(tables)
    tables.clear()
    events = events.append_column("source", repeated_text(source, len(events)))
    repeated = _may_repeat(events["event_id"])
    admitted = admission(events.unify_dictionaries() if repeated.any() else events, repeated=repeated)
    once = events if admitted.is_accepted.all() else events.filter(pa.array(admitted.is_accepted))
    table = once.select(METER_SCHEMA.names)
    metered = sessions_from_events(table, schedule=schedule_of(policy), touchpoints=touchpoints)
    counts = {
        "events": len(once),
        "sessions": len(metered.sessions),
        "previews": pc.sum(metered.sessions["preview"]).as_py() or 0,
        "customers": _distinct_count(once["customer_id"]),
        "conversations": _distinct_count(once["conversation_id"]),
        "duplicates": admitted.count(Outcome.DUPLICATE),
        "conflicts": admitted.count(Outcome.CONFLICT),
        "rejected": rejected,
    }
    sessions = _sessions_of_contract(metered.sessions, policy=policy, touchpoints=touchpoints)
    return MeterResult(sessions=sessions, counts=counts, rejections=tuple(rejections))


def _compact(events: pa.Table, touchpoints: Touchpoints) -> pa.Table:
    # Also numbers their touchpoints. A dictionary for each batch takes a third of the memory of plain ids.
    for name in ("conversation_id", "customer_id"):
        events = events.set_column(events.schema.get_field_index(name), name, events[name].dictionary_encode())
    return events.append_column("touchpoint", pa.array(touchpoints.numbers(events)))


def _may_repeat(event_ids: pa.ChunkedArray) -> Mask:
    # By hash, which takes a third of the time of numbering all texts; equal hashes are then compared by text.
    hashes = TextColumn(event_ids).hashes()
    ordered = np.sort(hashes)
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    return np.isin(hashes, repeated) if len(repeated) else np.zeros(len(hashes), np.bool_)


def _distinct_count(column: pa.ChunkedArray) -> int:
    codes, entries = TextColumn(column).codes()
    occurs = np.zeros(len(entries), np.bool_)
    occurs[codes] = True
    return int(occurs.sum())


def _sessions_of_contract(sessions: pa.Table, *, policy: Policy, touchpoints: Touchpoints) -> pa.Table:
    numbers = sessions["opening_touchpoint"]
    bots, channels = (
        pa.array([getattr(touchpoint, name) for touchpoint in touchpoints.all()], pa.string()).take(
            numbers.combine_chunks()
        )
        for name in ("bot_id", "channel")
    )
    closed_by = pa.array([reason.name.lower() for reason in ClosedBy])
    by_scope = {"bot": bots, "channel": channels, "conversation": sessions["conversation_id"]}
    columns = {"session_id": sessions["session_id"]}
    columns |= {_SCOPE_COLUMNS[part]: by_scope[part] for part in policy.scope if part in by_scope}
    columns |= {
        "customer_id": sessions["customer_id"],
        **{name: sessions[name].cast(_INSTANT) for name in ("started_at", "ended_at", "last_event_at")},
        "opening_event_id": sessions["opening_event_id"],
        "opening_bot_id": bots,
        "opening_channel": channels,
        "events": sessions["event_count"],
        "closed_by": closed_by.take(sessions["closed_by"].combine_chunks()),
    }
    return pa.table(columns)
