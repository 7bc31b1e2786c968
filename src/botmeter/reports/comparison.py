"""Comparison of two policies over the same events, with reasons."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.session import ClosedBy
from botmeter.metering.columns import codes_of
from botmeter.metering.meter import sessions_from_events
from botmeter.metering.policy import Policy, schedule_of
from botmeter.metering.touchpoints import Touchpoints
from botmeter.reports.filters import FilterTarget
from botmeter.reports.snapshot import Parameters

Ints = npt.NDArray[np.int64]

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


def metering(events: pa.Table, policy: Policy, *, touchpoints: Touchpoints, parameters: Parameters) -> Metering:
    """Meter the events as if the policy had always been in force."""
    metered = sessions_from_events(events, schedule=schedule_of(policy), touchpoints=touchpoints)
    return Metering(
        policy=policy,
        touchpoints=touchpoints,
        sessions=metered.sessions,
        session_of_event=metered.session_of_event.fill_null(-1).to_numpy(),
        counted=np.flatnonzero(_matching(metered.sessions, metered.participations, parameters=parameters)),
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


def _matching(sessions: pa.Table, participations: pa.Table, *, parameters: Parameters) -> npt.NDArray[np.bool_]:
    session_of_row = participations["session_row"].to_numpy()
    touchpoint_of_row = participations["touchpoint"].to_numpy()
    is_selected = np.ones(len(participations), np.bool_)
    is_excluded = np.isin(touchpoint_of_row, np.array(parameters["excluded_touchpoints"], np.int32))
    if parameters["touchpoints"] is not None:
        is_selected &= np.isin(touchpoint_of_row, np.array(parameters["touchpoints"], np.int32))
    for declared, selected, excluded in parameters["filters"].set_filters(FilterTarget.PARTICIPATION):
        if declared.is_of_session:
            column = sessions[declared.column].take(pa.array(session_of_row))
        else:
            column = participations[declared.column]
        if selected:
            is_selected &= _is_one_of(column, parameters[f"selected_{declared.name}"])
        is_excluded |= _is_one_of(column, parameters[f"excluded_{declared.name}"]) if excluded else False
    is_counted = _has_row(session_of_row, is_selected, session_count=len(sessions))
    is_counted &= ~_has_row(session_of_row, is_excluded, session_count=len(sessions))
    if parameters["preview"] is not None:
        is_counted &= _mask(sessions["preview"]) == parameters["preview"]
    started_at = sessions["started_at"].to_numpy()
    is_counted &= (started_at >= parameters["start_us"]) & (started_at < parameters["end_us"])
    return is_counted


def _is_one_of(column: pa.ChunkedArray, texts: list[str]) -> npt.NDArray[np.bool_]:
    return _mask(pc.is_in(column, value_set=pa.array(texts, pa.string())))


def _has_row(session_of_row: Ints, rows: npt.NDArray[np.bool_], *, session_count: int) -> npt.NDArray[np.bool_]:
    has_row = np.zeros(session_count, np.bool_)
    has_row[session_of_row[rows]] = True
    return has_row


def _closed_by_before(metered: Metering) -> Ints:
    """Limits that closed the previous session of each scope key; -1 for none."""
    sessions = metered.sessions
    keys = [_key_codes(metered, name) for name in metered.policy.scope]
    order = np.lexsort((np.arange(len(sessions)), *keys))
    closed_by = sessions["closed_by"].to_numpy().astype(np.int64)
    before = np.full(len(sessions), -1, np.int64)
    same = np.ones(max(0, len(order) - 1), np.bool_)
    for key in keys:
        same &= key[order][1:] == key[order][:-1]
    before[order[1:][same]] = closed_by[order[:-1][same]]
    return before


def _key_codes(metered: Metering, name: str) -> Ints:
    if name in ("customer", "conversation"):
        return codes_of(metered.sessions[f"{name}_id"])[0]
    values = [each.bot_id if name == "bot" else each.channel for each in metered.touchpoints.all()]
    number_of = {value: number for number, value in enumerate(dict.fromkeys(values))}
    codes = np.array([number_of[value] for value in values], np.int64)
    of_session: Ints = codes[metered.sessions["opening_touchpoint"].to_numpy()]
    return of_session


def _are_inside(openings: pa.ChunkedArray, other: Metering, *, names: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    opening = pc.index_in(names, value_set=openings)
    rows = np.flatnonzero(_mask(opening.is_valid()))
    is_inside = np.zeros(len(openings), np.bool_)
    is_inside[opening.take(pa.array(rows)).to_numpy()] = other.session_of_event[rows] >= 0
    return is_inside


def _mask(flags: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    mask: npt.NDArray[np.bool_] = np.asarray(flags.to_numpy(zero_copy_only=False), np.bool_)
    return mask
