"""Matching rows of a query, as the temporary table `matching`."""

import numpy as np
import pyarrow as pa

from botmeter.ledger.statements import statements_of
from botmeter.reports.counts import integers
from botmeter.reports.snapshot import Parameters, Snapshot

sql = statements_of(__name__)


def run_matching(snapshot: Snapshot, parameters: Parameters) -> None:
    """Fill `matching`."""
    snapshot.run(sql("matching", **parameters["conditions"]), with_hour_steps(snapshot, parameters))


def filter_matching(snapshot: Snapshot, session_ids: list[str]) -> None:
    """Keep only these sessions in `matching`."""
    snapshot.run(sql("matching_of_page"), {"page_sessions": session_ids})


def matching_session_count(snapshot: Snapshot) -> int:
    """Count the sessions in `matching`."""
    return int(snapshot.rows(sql("matching_session_count"), {})[0][0])


def session_steps(snapshot: Snapshot, parameters: Parameters) -> pa.Table:
    """Count session starts by step of a clock; one row per step, ascending."""
    return snapshot.table(sql("session_steps"), parameters)


def session_steps_from_rows(snapshot: Snapshot, parameters: Parameters) -> pa.Table:
    """Count session starts in `matching` as `session_steps`, in any order."""
    return snapshot.table(sql("session_steps_from_rows"), parameters)


def with_hour_steps(snapshot: Snapshot, parameters: Parameters) -> Parameters:
    """Add the clock's steps of the filtered hours, once."""
    clock, hours = parameters["clock"], parameters["week_hours"]
    if hours is None or "hour_steps" in parameters:
        return parameters
    steps = {"origin_us": clock.origin_us, "step_us": clock.step_us}
    started = integers(session_steps(snapshot, {**parameters, **steps, "footprints": None}), "step")
    is_match = np.isin(clock.week_hours(started), list(hours))
    return {
        **parameters,
        "hour_origin_us": clock.origin_us,
        "hour_step_us": clock.step_us,
        "hour_steps": started[is_match].tolist(),
    }
