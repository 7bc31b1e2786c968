"""The rows that match an ask, as a temporary table: by which statement they are found."""

import pyarrow as pa

from botmeter.ledger.statements import statements_of
from botmeter.reports.counts import ints_of
from botmeter.reports.snapshot import Snapshot, Values

sql = statements_of(__name__)

_NO_HOURS: Values = {"hour_origin_us": 0, "hour_step_us": 1, "hour_steps": None}


def run_matching(moment: Snapshot, values: Values) -> None:
    """Leaves in `matching` the rows that match, and hold what is searched for."""
    if is_narrowed(values) or values["search"] is not None:
        moment.run(sql("matching_narrowed"), {**values, **_hour_values(moment, values)})
    else:
        moment.run(sql("matching"), values)


def keep_matching_of(moment: Snapshot, session_ids: list[str]) -> None:
    """Leave in `matching` the rows of these sessions alone."""
    moment.run(sql("matching_of_page"), {"page_sessions": session_ids})


def session_steps(moment: Snapshot, values: Values) -> pa.Table:
    """How many sessions started in each step of a clock.

    Returns:
        One row per step, ascending: see the statement `session_steps`.
    """
    return moment.table(sql("session_steps"), values)


def is_narrowed(values: Values) -> bool:
    """Whether a filter is set that is about more than the rows themselves: openings, types of tickets, hours."""
    return any(values[name] is not None for name in ("opening_touchpoints", "ticket_types", "week_hours"))


def _hour_values(moment: Snapshot, values: Values) -> Values:
    """The steps of the clock in which sessions started, those of them that are in an hour asked for."""
    clock, wanted = values["clock"], values["week_hours"]
    if wanted is None:
        return _NO_HOURS
    steps = {"origin_us": clock.origin_us, "step_us": clock.step_us}
    found = ints_of(session_steps(moment, {**values, **steps, "footprints": None}), "step")
    hours = clock.week_hours(found)
    matching = [step for step, hour in zip(found.tolist(), hours.tolist(), strict=True) if hour in wanted]
    return {"hour_origin_us": clock.origin_us, "hour_step_us": clock.step_us, "hour_steps": matching}
