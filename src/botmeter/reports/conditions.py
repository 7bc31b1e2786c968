"""SQL conditions and bound values of a query.

Each condition is a named statement, its column chosen from the filter's declaration.
"""

from typing import TYPE_CHECKING, Final

from botmeter.domain.period import day_of_us
from botmeter.domain.week_hours import HOURS_OF_WEEK, week_hour_of_text
from botmeter.ledger.statements import statements_of
from botmeter.reports.cost_centre_spans import cost_centre_parameters
from botmeter.reports.counts import distinct, members_of
from botmeter.reports.filters import FilterDeclaration, Filters, FilterTarget
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import Parameters, Snapshot
from botmeter.reports.wall_clock import wall_clock_of

if TYPE_CHECKING:
    from botmeter.metering.touchpoints import Touchpoint

sql = statements_of(__name__)


def query_parameters(query: UsageQuery, snapshot: Snapshot) -> Parameters:
    """Bound values of a query.

    For `sql`: `conditions`. For Python: `filters`, `members`, `clock`, `week_hours`, `is_in_usage` (usage can answer),
    `is_in_sessions` (sessions can, without their rows), `is_by_session` (beside touchpoints, no filter tells the rows
    of a session apart).
    """
    filters, touchpoints = query.filters, snapshot.touchpoints
    set_filters, week_hours = list(filters.set_filters()), _week_hours(filters)
    selected, excluded = _touchpoint_numbers(filters, touchpoints, target=FilterTarget.TOUCHPOINT)
    members = members_of(snapshot).matching(selected, excluded=excluded)
    footprints = None if selected is None and not excluded else distinct(members.footprint).tolist()
    further = [declared for declared, _, _ in set_filters if declared.target is not FilterTarget.TOUCHPOINT]
    of_centres = cost_centre_parameters(filters, snapshot, start_us=query.start_us, end_us=query.end_us)
    parameters: Parameters = {
        **bounds_between(query.start_us, query.end_us),
        **of_centres,
        "preview": filters.preview,
        "touchpoints": selected,
        "excluded_touchpoints": excluded,
        "members": members,
        "footprints": footprints,
        # A conversation's touchpoints are among its session's, so exclusions apply to both.
        "part_footprints": None if selected is None else footprints,
        "opening_touchpoints": _opening_touchpoints(filters, touchpoints, of_centres=of_centres["centre_openings"]),
        "week_hours": week_hours,
        "clock": wall_clock_of(query.period) if week_hours is not None else None,
        "filters": filters,
        "is_in_usage": not further,
        "is_in_sessions": all(
            declared.target is FilterTarget.PARTICIPATION and declared.is_of_session for declared in further
        ),
        "is_by_session": not any(
            selected_texts and (declared.target is FilterTarget.TICKET or not declared.is_of_session)
            for declared, selected_texts, _ in set_filters
            if declared.target is not FilterTarget.TOUCHPOINT
        ),
    }
    for declared, selected_texts, excluded_texts in set_filters:
        parameters[f"selected_{declared.name}"] = _texts(selected_texts)
        parameters[f"excluded_{declared.name}"] = _texts(excluded_texts)
    conditions = {
        "row_conditions": _row_conditions(parameters),
        "session_conditions": _session_conditions(parameters),
        "ticket_conditions": _ticket_conditions(filters),
    }
    return {**parameters, "conditions": {name: _joined(texts) for name, texts in conditions.items()}}


def bounds_between(start_us: int, end_us: int) -> Parameters:
    """Half-open bounds in µs UTC, and the first and last UTC day."""
    return {
        "first_on": day_of_us(start_us),
        "last_on": day_of_us(end_us - 1),
        "start_us": start_us,
        "end_us": end_us,
    }


def of_customers(parameters: Parameters, customers: list[str]) -> Parameters:
    """Restrict the parameters to these customers."""
    condition = sql("row_is_one_of", values="of_customers", column="customer_id")
    return {**_with_row_condition(parameters, condition), "of_customers": customers}


def of_sessions(parameters: Parameters, session_ids: list[str], *, others_since_us: int | None = None) -> Parameters:
    """Restrict the parameters to these sessions, or to others that start from an instant on (µs UTC)."""
    condition = sql("session_is_one_of" if others_since_us is None else "session_is_another_since")
    own = parameters["conditions"]["session_conditions"]
    restricted = _with_row_condition(parameters, condition)
    return {
        **restricted,
        "conditions": {**restricted["conditions"], "session_conditions": _joined([own, condition])},
        "picked_sessions": session_ids,
        "since_us": others_since_us,
        "is_in_usage": False,
    }


def with_search(parameters: Parameters, search: str, *, session_id: str | None) -> Parameters:
    """Restrict the parameters to rows with this session, or start of another id."""
    return {
        **_with_row_condition(parameters, sql("row_matches_search", **parameters["conditions"])),
        "search": search,
        "searched_session": session_id,
        "is_in_usage": False,
        "is_in_sessions": False,
        "is_by_session": False,
    }


def _with_row_condition(parameters: Parameters, condition: str) -> Parameters:
    conditions = parameters["conditions"]
    row_conditions = _joined([conditions["row_conditions"], condition])
    return {**parameters, "conditions": {**conditions, "row_conditions": row_conditions}}


def touchpoints_with(
    declared: FilterDeclaration, texts: tuple[str, ...], *, touchpoints: "list[Touchpoint]"
) -> set[int]:
    """Numbers of touchpoints by values of the column."""
    if declared.column == "bot_version":
        return _touchpoints_of_versions(texts, touchpoints)
    return {number for number, touchpoint in enumerate(touchpoints) if getattr(touchpoint, declared.column) in texts}


def _touchpoints_of_versions(texts: tuple[str, ...], touchpoints: "list[Touchpoint]") -> set[int]:
    """A known version matches any bot; else the longest known bot before `/` qualifies it, or none after it."""
    versions, bots = {each.bot_version for each in touchpoints}, {each.bot_id for each in touchpoints}
    qualified = {_qualified(text, bots) for text in texts if text not in versions}
    return {
        number
        for number, touchpoint in enumerate(touchpoints)
        if touchpoint.bot_version in texts or (touchpoint.bot_id, touchpoint.bot_version) in qualified
    }


def _qualified(text: str, bots: set[str | None]) -> tuple[str, str | None] | None:
    ends = [index for index, letter in enumerate(text) if letter == "/" and text[:index] in bots]
    return (text[: ends[-1]], text[ends[-1] + 1 :] or None) if ends else None


def _touchpoint_numbers(
    filters: Filters, touchpoints: "list[Touchpoint]", *, target: FilterTarget
) -> tuple[list[int] | None, list[int]]:
    own = list(filters.set_filters(target))
    selected = [touchpoints_with(declared, texts, touchpoints=touchpoints) for declared, texts, _ in own if texts]
    excluded = [touchpoints_with(declared, texts, touchpoints=touchpoints) for declared, _, texts in own]
    return sorted(set.intersection(*selected)) if selected else None, sorted(set().union(*excluded))


def _opening_touchpoints(
    filters: Filters, touchpoints: "list[Touchpoint]", *, of_centres: set[int] | None
) -> list[int] | None:
    selected, excluded = _touchpoint_numbers(filters, touchpoints, target=FilterTarget.OPENING)
    if selected is None and not excluded and of_centres is None:
        return None
    every = set(range(len(touchpoints)))
    picked = every if selected is None else set(selected)
    return sorted((picked & (every if of_centres is None else of_centres)).difference(excluded))


def _week_hours(filters: Filters) -> set[int] | None:
    if not filters.hour and not filters.excluded_values("hour"):
        return None
    selected = {week_hour_of_text(text) for text in filters.hour} or set(range(HOURS_OF_WEEK))
    return selected - {week_hour_of_text(text) for text in filters.excluded_values("hour")}


def _row_conditions(parameters: Parameters) -> list[str]:
    is_set = {
        "touchpoint_is_one_of": parameters["touchpoints"] is not None,
        "session_has_no_touchpoint": parameters["excluded_touchpoints"],
        "session_is_opened_at": parameters["opening_touchpoints"] is not None,
        "session_is_of_cost_centre": parameters["has_centre_spans"],
        "session_starts_in": parameters["week_hours"] is not None,
    }
    filters = parameters["filters"]
    return [
        *(sql(name) for name in is_set if is_set[name]),
        *_column_conditions(filters, target=FilterTarget.TICKET),
        *_column_conditions(filters, target=FilterTarget.PARTICIPATION),
    ]


def _session_conditions(parameters: Parameters) -> list[str]:
    """Conditions on sessions, which are all of them where `is_by_session`."""
    is_set = {
        "session_opens_at": parameters["opening_touchpoints"] is not None,
        "session_is_of_cost_centre": parameters["has_centre_spans"],
        "session_starts_in": parameters["week_hours"] is not None,
    }
    filters = parameters["filters"]
    return [
        *(sql(name) for name in is_set if is_set[name]),
        *_column_conditions(filters, target=FilterTarget.TICKET),
        *_column_conditions(filters, target=FilterTarget.PARTICIPATION),
    ]


# Conditions on a column: for its values, and for excluded ones.
_COLUMN_STATEMENTS: Final = {
    FilterTarget.PARTICIPATION: ("row_is_one_of", "session_has_no_row"),
    FilterTarget.TICKET: ("row_has_ticket", "session_has_no_ticket"),
}


def _column_conditions(filters: Filters, *, target: FilterTarget) -> list[str]:
    with_value, without_value = _COLUMN_STATEMENTS[target]
    conditions = []
    for declared, selected, excluded in filters.set_filters(target):
        if selected:
            conditions.append(sql(with_value, values=f"selected_{declared.name}", column=declared.column))
        if excluded:
            name = "row_is_none_of" if declared.is_of_session else without_value
            conditions.append(sql(name, values=f"excluded_{declared.name}", column=declared.column))
    return conditions


def _ticket_conditions(filters: Filters) -> list[str]:
    return [
        sql("row_is_one_of", values=f"selected_{declared.name}", column=declared.column)
        for declared, selected, _ in filters.set_filters(FilterTarget.TICKET)
        if selected
    ]


def _joined(conditions: list[str]) -> str:
    return "\n    AND ".join(conditions) or "TRUE"


def _texts(texts: tuple[str, ...]) -> list[str]:
    return [text for text in texts if text_in_ledger(text) is not None]


def text_in_ledger(text: str) -> str | None:
    """Text, or None for a lone surrogate, which a command line can have and no event has."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return None
    return text
