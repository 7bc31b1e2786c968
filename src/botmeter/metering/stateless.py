"""Events from files straight to sessions, with no account: what `meter` does.

The same meter as everywhere; what a ledger does beside (once and only once) is done here in memory.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.receipt import REJECTIONS_SHOWN_MAX, Rejection
from botmeter.domain.session import ClosedBy
from botmeter.metering.columns import codes_of
from botmeter.metering.meter import sessions_from_events
from botmeter.metering.policy import Policy, schedule_of
from botmeter.metering.schema import EVENTS_SCHEMA, METER_SCHEMA, EventBatch
from botmeter.metering.touchpoints import Touchpoints

Rows = npt.NDArray[np.int64]

_INSTANT = pa.timestamp("us", tz="UTC")
# The column that shows a part of the scope; customer_id is always there.
_SCOPE_COLUMNS = {"bot": "bot_id", "channel": "channel", "conversation": "conversation_id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredFiles:
    """What became of the events of some files.

    Attributes:
        sessions: One row per session, in order of its start, with the columns of the contract.
        counts: By name: events (each once), sessions, previews, customers, conversations,
            duplicates, conflicts, rejected.
        rejections: Why events were refused; the first thousand.
    """

    sessions: pa.Table
    counts: dict[str, int]
    rejections: tuple[Rejection, ...]


def metered_files(files: Iterable[Iterable[EventBatch]], *, policy: Policy, source: str) -> MeteredFiles:
    """The sessions of all events of `files` under `policy`.

    An event id seen again is a duplicate, with another content a conflict; the first one counts.
    """
    tables: list[pa.Table] = []
    rejections: list[Rejection] = []
    rejected = 0
    for batch in (batch for file in files for batch in file):
        tables.append(batch.events)
        rejected += len(batch.rejections)
        rejections += batch.rejections[: REJECTIONS_SHOWN_MAX - len(rejections)]
    events = pa.concat_tables([EVENTS_SCHEMA.empty_table(), *tables]).unify_dictionaries()
    tables.clear()
    once, repeated, conflicts = _once(events)
    touchpoints = Touchpoints()
    table = _meter_table(once, source=source, touchpoints=touchpoints)
    metered = sessions_from_events(table, schedule=schedule_of(policy), touchpoints=touchpoints)
    counts = {
        "events": len(once),
        "sessions": len(metered.sessions),
        "previews": pc.sum(metered.sessions["preview"]).as_py() or 0,
        "customers": pc.count_distinct(once["customer_id"]).as_py(),
        "conversations": pc.count_distinct(once["conversation_id"]).as_py(),
        "duplicates": repeated - conflicts,
        "conflicts": conflicts,
        "rejected": rejected,
    }
    sessions = _sessions_of_contract(metered.sessions, policy=policy, touchpoints=touchpoints)
    return MeteredFiles(sessions=sessions, counts=counts, rejections=tuple(rejections))


def _once(events: pa.Table) -> tuple[pa.Table, int, int]:
    """The first event of each id, how many were repeated, and how many of those say something else."""
    codes, _ = codes_of(events["event_id"])
    # Ids are numbered as first seen, so an event is the first of its id where the number is a new one.
    is_first = np.ones(len(codes), np.bool_)
    is_first[1:] = codes[1:] > np.maximum.accumulate(codes)[:-1]
    if is_first.all():
        return events, 0, 0
    first, again = np.flatnonzero(is_first), np.flatnonzero(~is_first)
    return events.take(pa.array(first)), len(again), _different_count(events, again, others=first[codes[again]])


def _different_count(events: pa.Table, rows: Rows, *, others: Rows) -> int:
    """How many of `rows` differ from the row at the same place of `others`."""
    different = np.zeros(len(rows), np.bool_)
    for name in events.column_names:
        these, those = (_plain(events[name].take(pa.array(which))) for which in (rows, others))
        unequal = pc.fill_null(pc.not_equal(these, those), False)
        one_is_null = pc.not_equal(pc.is_null(these), pc.is_null(those))
        different |= pc.or_(unequal, one_is_null).to_numpy(zero_copy_only=False)
    return int(different.sum())


def _plain(column: pa.ChunkedArray) -> pa.Array:
    found = column.combine_chunks()
    return found.dictionary_decode() if pa.types.is_dictionary(found.type) else found


def _meter_table(events: pa.Table, *, source: str, touchpoints: Touchpoints) -> pa.Table:
    zeros = pa.array(np.zeros(len(events), np.int32))
    made = {
        "source": pa.DictionaryArray.from_arrays(zeros, pa.array([source])),
        "touchpoint": pa.array(touchpoints.numbers(events)),
    }
    columns = [made[name] if name in made else events[name] for name in METER_SCHEMA.names]
    return pa.Table.from_arrays(columns, schema=METER_SCHEMA)


def _sessions_of_contract(sessions: pa.Table, *, policy: Policy, touchpoints: Touchpoints) -> pa.Table:
    places = sessions["opening_touchpoint"]
    bots, channels = (
        pa.array([getattr(place, name) for place in touchpoints.all()], pa.string()).take(places.combine_chunks())
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
