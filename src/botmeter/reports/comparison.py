"""Comparison of two policies over the same events, with reasons."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.session import ClosedBy
from botmeter.ledger.statements import statements_of
from botmeter.metering.arrange import scope_codes
from botmeter.metering.meter import Metered, sessions_with_members
from botmeter.metering.policy import Policy, schedule_of
from botmeter.metering.touchpoints import Touchpoints
from botmeter.reports.counts import Ints, integers
from botmeter.reports.matching import run_matching
from botmeter.reports.snapshot import Parameters, Snapshot

sql = statements_of(__name__)

# Reasons beside the limits of `ClosedBy`.
SCOPE, NO_PART, NO_MATCH = "scope", "taking_part", "filters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metering:
    """Sessions that one policy makes of some events.

    Attributes:
        session_of_event: -1 for none.
        counted: Rows of the sessions that start in the period and match.
        openings: `event_names` of the opening events.
    """

    policy: Policy
    touchpoints: Touchpoints
    sessions: pa.Table
    session_of_event: Ints
    counted: Ints
    openings: pa.ChunkedArray


def metering(
    snapshot: Snapshot, events: pa.Table, *, policy: Policy, touchpoints: Touchpoints, parameters: Parameters
) -> Metering:
    """Meter the events as if the policy had always been in force; `participation` then is this one."""
    metered, session_of_event = sessions_with_members(events, schedule=schedule_of(policy), touchpoints=touchpoints)
    return Metering(
        policy=policy,
        touchpoints=touchpoints,
        sessions=metered.sessions,
        session_of_event=session_of_event.fill_null(-1).to_numpy(),
        counted=_matching(snapshot, metered, parameters=parameters),
        openings=event_names(metered.sessions["source"], metered.sessions["opening_event_id"]),
    )


def event_names(sources: pa.ChunkedArray, event_ids: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return (source, event id) of each event as one text."""
    return pc.binary_join_element_wise(sources.cast(pa.string()), event_ids, "\0")


def only_in(this: Metering, other: Metering, *, names: pa.ChunkedArray) -> Counter[str]:
    """Count, by reason, the sessions of `this` whose opening event opens no counted session of `other`.

    The reason is the limit that closed the previous session; else SCOPE if another session runs under `other`,
    NO_PART if the event is in none, NO_MATCH if its session does not match. `names`: `event_names` of all events.
    """
    own = this.openings.take(pa.array(this.counted))
    is_shared = pc.is_in(own, value_set=other.openings.take(pa.array(other.counted)))
    rows = this.counted[~_mask(is_shared)]
    openings = this.openings.take(pa.array(rows))
    opens_other = _mask(pc.is_in(openings, value_set=other.openings))
    closed_by_before = _closed_by_before(this)[rows]
    is_inside = _are_inside(openings, other, names=names)
    reasons: Counter[str] = Counter()
    for opens, inside, before in zip(opens_other, is_inside, closed_by_before.tolist(), strict=True):
        if opens:
            reasons[NO_MATCH] += 1
        elif not inside:
            reasons[NO_PART] += 1
        else:
            reasons[SCOPE if before < 0 else ClosedBy(before).name.lower()] += 1
    return reasons


def _matching(snapshot: Snapshot, metered: Metered, *, parameters: Parameters) -> Ints:
    session_rows = pa.array(np.arange(len(metered.sessions)))
    snapshot.connection.register("simulated_session", metered.sessions.append_column("session_row", session_rows))
    snapshot.connection.register("simulated_part", metered.participations)
    snapshot.run(sql("simulated_participation"), {})
    run_matching(snapshot, parameters)
    return integers(snapshot.table(sql("matching_sessions"), {}), "session_row")


def _closed_by_before(metered: Metering) -> Ints:
    """Limits that closed the previous session of each scope key; -1: none."""
    sessions = metered.sessions
    touchpoints = metered.touchpoints.all()
    keys = [
        scope_codes(sessions, name, touchpoint_column="opening_touchpoint", touchpoints=touchpoints)[0]
        for name in metered.policy.scope
    ]
    order = np.lexsort((np.arange(len(sessions)), *keys))
    closed_by = sessions["closed_by"].to_numpy().astype(np.int64)
    before = np.full(len(sessions), -1, np.int64)
    same = np.ones(max(0, len(order) - 1), np.bool_)
    for key in keys:
        same &= key[order][1:] == key[order][:-1]
    before[order[1:][same]] = closed_by[order[:-1][same]]
    return before


def _are_inside(openings: pa.ChunkedArray, other: Metering, *, names: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    opening = pc.index_in(names, value_set=openings)
    rows = np.flatnonzero(_mask(opening.is_valid()))
    is_inside = np.zeros(len(openings), np.bool_)
    is_inside[opening.take(pa.array(rows)).to_numpy()] = other.session_of_event[rows] >= 0
    return is_inside


def _mask(flags: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    mask: npt.NDArray[np.bool_] = np.asarray(flags.to_numpy(zero_copy_only=False), np.bool_)
    return mask
