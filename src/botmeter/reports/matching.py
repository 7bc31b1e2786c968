"""Matching rows of a query, as the temporary table `matching`."""

import numpy as np
import pyarrow as pa

from botmeter.ledger.statements import statements_of
from botmeter.reports.counts import ints_of
from botmeter.reports.snapshot import Snapshot, Values

sql = statements_of(__name__)


def run_matching(moment: Snapshot, values: Values) -> None:
    """Fill `matching` with the matching rows."""
    moment.run(sql("matching", row_conditions=values["row_conditions"]), with_hour_steps(moment, values))


def keep_matching_of(moment: Snapshot, session_ids: list[str]) -> None:
    """Keep only these sessions in `matching`."""
    moment.run(sql("matching_of_page"), {"page_sessions": session_ids})


def session_steps(moment: Snapshot, values: Values) -> pa.Table:
    """Count session starts by step of a clock; one row per step, ascending."""
    return moment.table(sql("session_steps"), values)


def with_hour_steps(moment: Snapshot, values: Values) -> Values:
    """Add the clock's steps of the filtered hours."""
    clock, hours = values["clock"], values["week_hours"]
    if hours is None:
        return values
    steps = {"origin_us": clock.origin_us, "step_us": clock.step_us}
    started = ints_of(session_steps(moment, {**values, **steps, "footprints": None}), "step")
    is_match = np.isin(clock.week_hours(started), list(hours))
    return {
        **values,
        "hour_origin_us": clock.origin_us,
        "hour_step_us": clock.step_us,
        "hour_steps": started[is_match].tolist(),
    }
