"""SQL conditions and bound values of a query.

Each condition is a named statement, its column chosen from the filter's declaration.
"""

from typing import TYPE_CHECKING, Final

from botmeter.domain.period import day_of_us
from botmeter.domain.week_hours import HOURS_OF_WEEK, week_hour_of_text
from botmeter.ledger.statements import statements_of
from botmeter.reports.counts import distinct, members_of
from botmeter.reports.filters import FilterDeclaration, Filters, FilterTarget
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import Snapshot, Values
from botmeter.reports.wall_clock import wall_clock_of

if TYPE_CHECKING:
    from botmeter.metering.touchpoints import Touchpoint

sql = statements_of(__name__)


def values_of(query: UsageQuery, moment: Snapshot) -> Values:
    """Return the bound values of a query, with conditions for `sql`.

    For Python: `filters`, `members`, `clock`, `week_hours`, `is_in_usage` (usage can answer), `is_in_sessions`
    (sessions can, without their rows).
    """
    filters, touchpoints = query.filters, moment.touchpoints
    set_filters, week_hours = list(filters.set_filters()), _week_hours(filters)
    picked, excluded = _touchpoint_numbers(filters, touchpoints, target=FilterTarget.TOUCHPOINT)
    members = members_of(moment).matching(picked, excluded=excluded)
    footprints = None if picked is None and not excluded else distinct(members.footprint).tolist()
    further = [declared for declared, _, _ in set_filters if declared.target is not FilterTarget.TOUCHPOINT]
    values: Values = {
        **bounds_between(query.start_us, query.end_us),
        "preview": filters.preview,
        "touchpoints": picked,
        "excluded_touchpoints": excluded,
        "members": members,
        "footprints": footprints,
        # A conversation's touchpoints are among its session's, so exclusions apply to both.
        "part_footprints": None if picked is None else footprints,
        "opening_touchpoints": _opening_touchpoints(filters, touchpoints),
        "week_hours": week_hours,
        "clock": wall_clock_of(query.period) if week_hours is not None else None,
        "filters": filters,
        "is_in_usage": not further,
        "is_in_sessions": all(declared.target is FilterTarget.ROW and declared.is_of_session for declared in further),
    }
    for declared, picked_texts, excluded_texts in set_filters:
        values[declared.name] = _texts(picked_texts)
        values[f"not_{declared.name}"] = _texts(excluded_texts)
    return {
        **values,
        "row_conditions": _joined(_row_conditions(values)),
        "session_conditions": _joined(_column_conditions(filters, target=FilterTarget.ROW)),
        "ticket_conditions": _joined(_ticket_conditions(filters)),
    }


def bounds_between(start_us: int, end_us: int) -> Values:
    """Return half-open bounds in µs UTC, and the first and last UTC day."""
    return {
        "first_on": day_of_us(start_us),
        "last_on": day_of_us(end_us - 1),
        "start_us": start_us,
        "end_us": end_us,
    }


def of_customers(values: Values, customers: list[str]) -> Values:
    """Restrict the values to the rows of these customers."""
    condition = sql("row_is_one_of", values="of_customers", column="customer_id")
    return {**values, "row_conditions": _joined([values["row_conditions"], condition]), "of_customers": customers}


def with_search(values: Values, search: str, *, session_id: str | None) -> Values:
    """Restrict the values to rows with this start of a customer, conversation or ticket id, or of this session."""
    condition = sql("row_matches_search", ticket_conditions=values["ticket_conditions"])
    return {
        **values,
        "row_conditions": _joined([values["row_conditions"], condition]),
        "search": search,
        "searched_session": session_id,
        "is_in_usage": False,
        "is_in_sessions": False,
    }


def touchpoints_with(
    declared: FilterDeclaration, texts: tuple[str, ...], *, touchpoints: "list[Touchpoint]"
) -> set[int]:
    """Return the numbers of the touchpoints whose column has one of these values."""
    if declared.column == "bot_version":
        return _touchpoints_of_versions(texts, touchpoints)
    return {number for number, touchpoint in enumerate(touchpoints) if getattr(touchpoint, declared.column) in texts}


def _touchpoints_of_versions(texts: tuple[str, ...], touchpoints: "list[Touchpoint]") -> set[int]:
    """A known version matches any bot; else the longest known bot before `/` qualifies the rest."""
    versions, bots = {each.bot_version for each in touchpoints}, {each.bot_id for each in touchpoints}
    qualified = {_qualified(text, bots) for text in texts if text not in versions}
    return {
        number
        for number, touchpoint in enumerate(touchpoints)
        if touchpoint.bot_version in texts or (touchpoint.bot_id, touchpoint.bot_version) in qualified
    }


def _qualified(text: str, bots: set[str | None]) -> tuple[str, str] | None:
    ends = [index for index, letter in enumerate(text) if letter == "/" and text[:index] in bots]
    return (text[: ends[-1]], text[ends[-1] + 1 :]) if ends else None


def _touchpoint_numbers(
    filters: Filters, touchpoints: "list[Touchpoint]", *, target: FilterTarget
) -> tuple[list[int] | None, list[int]]:
    """Touchpoints that match all filters of the target (None: none is set), and those that it excludes."""
    own = list(filters.set_filters(target))
    picked = [touchpoints_with(declared, texts, touchpoints=touchpoints) for declared, texts, _ in own if texts]
    excluded = [touchpoints_with(declared, texts, touchpoints=touchpoints) for declared, _, texts in own]
    return sorted(set.intersection(*picked)) if picked else None, sorted(set().union(*excluded))


def _opening_touchpoints(filters: Filters, touchpoints: "list[Touchpoint]") -> list[int] | None:
    """Touchpoints of matching openings; None for any."""
    picked, excluded = _touchpoint_numbers(filters, touchpoints, target=FilterTarget.OPENING)
    if picked is None and not excluded:
        return None
    return sorted(set(range(len(touchpoints)) if picked is None else picked).difference(excluded))


def _week_hours(filters: Filters) -> set[int] | None:
    """Filtered hours of the week; None for any."""
    if not filters.hour and not filters.excluded_values("hour"):
        return None
    picked = {week_hour_of_text(text) for text in filters.hour} or set(range(HOURS_OF_WEEK))
    return picked - {week_hour_of_text(text) for text in filters.excluded_values("hour")}


def _row_conditions(values: Values) -> list[str]:
    is_set = {
        "touchpoint_is_one_of": values["touchpoints"] is not None,
        "session_has_no_touchpoint": values["excluded_touchpoints"],
        "session_is_opened_at": values["opening_touchpoints"] is not None,
        "session_starts_in": values["week_hours"] is not None,
    }
    filters = values["filters"]
    return [
        *(sql(name) for name in is_set if is_set[name]),
        *_column_conditions(filters, target=FilterTarget.TICKET),
        *_column_conditions(filters, target=FilterTarget.ROW),
    ]


# Conditions on a column: for its values, and for excluded ones.
_COLUMN_STATEMENTS: Final = {
    FilterTarget.ROW: ("row_is_one_of", "session_has_no_row"),
    FilterTarget.TICKET: ("row_has_ticket", "session_has_no_ticket"),
}


def _column_conditions(filters: Filters, *, target: FilterTarget) -> list[str]:
    with_value, without_value = _COLUMN_STATEMENTS[target]
    conditions = []
    for declared, picked, excluded in filters.set_filters(target):
        if picked:
            conditions.append(sql(with_value, values=declared.name, column=declared.column))
        if excluded:
            name = "row_is_none_of" if declared.is_of_session else without_value
            conditions.append(sql(name, values=f"not_{declared.name}", column=declared.column))
    return conditions


def _ticket_conditions(filters: Filters) -> list[str]:
    return [
        sql("row_is_one_of", values=declared.name, column=declared.column)
        for declared, picked, _ in filters.set_filters(FilterTarget.TICKET)
        if picked
    ]


def _joined(conditions: list[str]) -> str:
    return "\n    AND ".join(conditions) or "TRUE"


def _texts(texts: tuple[str, ...]) -> list[str]:
    return [text for text in texts if text_in_ledger(text) is not None]


def text_in_ledger(text: str) -> str | None:
    """Return the text, or None for a lone surrogate, which no event has.

    A command line that is not UTF-8 can have one.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return None
    return text
