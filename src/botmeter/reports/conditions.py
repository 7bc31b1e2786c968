"""SQL conditions and bound values of a query.

Each condition is a named statement, its column chosen from the filter's declaration.
"""

from typing import TYPE_CHECKING

from botmeter.domain.period import day_of_us
from botmeter.domain.week_hours import HOURS_OF_WEEK, week_hour_of_text
from botmeter.ledger.statements import statements_of
from botmeter.reports.filters import FilterDeclaration, Filters, FilterTarget
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import Values
from botmeter.reports.wall_clock import wall_clock_of

if TYPE_CHECKING:
    from botmeter.metering.touchpoints import Touchpoint, Touchpoints

sql = statements_of(__name__)

_ALL = "TRUE"


def values_of(query: UsageQuery, touchpoints: "Touchpoints") -> Values:
    """Return the bound values of a query, with conditions for `sql`.

    For Python: `filters`, `clock`, `week_hours`, `is_about_rows` (usage can't answer), `is_about_parts` (nor can
    sessions).
    """
    filters, places = query.filters, touchpoints.all()
    set_filters, week_hours = list(filters.set_filters()), _week_hours(filters)
    values: Values = {
        **bounds_between(query.start_us, query.end_us),
        "preview": filters.preview,
        "touchpoints": _picked_touchpoints(filters, places, target=FilterTarget.TOUCHPOINT),
        "excluded_touchpoints": sorted(_excluded_touchpoints(filters, places, target=FilterTarget.TOUCHPOINT)),
        "opening_touchpoints": _opening_touchpoints(filters, places),
        "week_hours": week_hours,
        "clock": wall_clock_of(query.period) if week_hours is not None else None,
        "filters": filters,
        "is_about_rows": any(declared.target is not FilterTarget.TOUCHPOINT for declared, _, _ in set_filters),
        "is_about_parts": any(
            declared.target is not FilterTarget.TOUCHPOINT and not _is_column_of_session(declared)
            for declared, _, _ in set_filters
        ),
    }
    for declared, picked, excluded in set_filters:
        values[declared.name], values[f"not_{declared.name}"] = _texts(picked), _texts(excluded)
    return {
        **values,
        "row_conditions": _joined(_row_conditions(values)),
        "session_conditions": _joined(_column_conditions(values, of_sessions=True)),
        "ticket_conditions": _joined(_ticket_conditions(values)),
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
    condition = sql("row_is_found", ticket_conditions=values["ticket_conditions"])
    return {
        **values,
        "row_conditions": _joined([values["row_conditions"], condition]),
        "search": search,
        "searched_session": session_id,
        "is_about_rows": True,
        "is_about_parts": True,
    }


def touchpoints_with(declared: FilterDeclaration, texts: tuple[str, ...], *, places: "list[Touchpoint]") -> set[int]:
    """Return the touchpoints whose column has one of these values."""
    if declared.column == "bot_version":
        return _touchpoints_of_versions(texts, places)
    return {number for number, place in enumerate(places) if getattr(place, declared.column) in texts}


def _touchpoints_of_versions(texts: tuple[str, ...], places: "list[Touchpoint]") -> set[int]:
    """A known version matches any bot; else the longest known bot before `/` qualifies the rest."""
    versions, bots = {place.bot_version for place in places}, {place.bot_id for place in places}
    qualified = {_qualified(text, bots) for text in texts if text not in versions}
    return {
        number
        for number, place in enumerate(places)
        if place.bot_version in texts or (place.bot_id, place.bot_version) in qualified
    }


def _qualified(text: str, bots: set[str | None]) -> tuple[str, str] | None:
    ends = [place for place, letter in enumerate(text) if letter == "/" and text[:place] in bots]
    return (text[: ends[-1]], text[ends[-1] + 1 :]) if ends else None


def _picked_touchpoints(filters: Filters, places: "list[Touchpoint]", *, target: FilterTarget) -> list[int] | None:
    """Touchpoints that match all filters of the target; None if none is set."""
    picked = [
        touchpoints_with(declared, texts, places=places)
        for declared, texts, _ in filters.set_filters()
        if declared.target is target and texts
    ]
    return sorted(set.intersection(*picked)) if picked else None


def _excluded_touchpoints(filters: Filters, places: "list[Touchpoint]", *, target: FilterTarget) -> set[int]:
    return {
        number
        for declared, _, texts in filters.set_filters()
        if declared.target is target
        for number in touchpoints_with(declared, texts, places=places)
    }


def _opening_touchpoints(filters: Filters, places: "list[Touchpoint]") -> list[int] | None:
    """Touchpoints of matching openings; None for any."""
    picked = _picked_touchpoints(filters, places, target=FilterTarget.OPENING)
    excluded = _excluded_touchpoints(filters, places, target=FilterTarget.OPENING)
    if picked is None and not excluded:
        return None
    return sorted(set(range(len(places)) if picked is None else picked) - excluded)


def _week_hours(filters: Filters) -> set[int] | None:
    """Filtered hours of the week; None for any."""
    if not filters.hour and not filters.excluded_values("hour"):
        return None
    picked = {week_hour_of_text(text) for text in filters.hour} or set(range(HOURS_OF_WEEK))
    return picked - {week_hour_of_text(text) for text in filters.excluded_values("hour")}


def _row_conditions(values: Values) -> list[str]:
    conditions = []
    if values["touchpoints"] is not None:
        conditions.append(sql("touchpoint_is_one_of"))
    if values["excluded_touchpoints"]:
        conditions.append(sql("session_has_no_touchpoint"))
    if values["opening_touchpoints"] is not None:
        conditions.append(sql("session_is_opened_at"))
    if values["week_hours"] is not None:
        conditions.append(sql("session_starts_in"))
    for declared, picked, excluded in values["filters"].set_filters():
        if declared.target is FilterTarget.TICKET:
            chosen = {"column": declared.column}
            conditions += [sql("row_has_ticket", values=declared.name, **chosen)] if picked else []
            conditions += [sql("session_has_no_ticket", values=f"not_{declared.name}", **chosen)] if excluded else []
    return [*conditions, *_column_conditions(values, of_sessions=False)]


def _column_conditions(values: Values, *, of_sessions: bool) -> list[str]:
    conditions = []
    for declared, picked, excluded in values["filters"].set_filters():
        if declared.target is not FilterTarget.ROW or (of_sessions and not _is_column_of_session(declared)):
            continue
        if picked:
            conditions.append(sql("row_is_one_of", values=declared.name, column=declared.column))
        if excluded:
            name = "row_is_none_of" if declared.is_of_session else "session_has_no_row"
            conditions.append(sql(name, values=f"not_{declared.name}", column=declared.column))
    return conditions


def _ticket_conditions(values: Values) -> list[str]:
    return [
        sql("row_is_one_of", values=declared.name, column=declared.column)
        for declared, picked, _ in values["filters"].set_filters()
        if declared.target is FilterTarget.TICKET and picked
    ]


def _is_column_of_session(declared: FilterDeclaration) -> bool:
    return declared.target is FilterTarget.ROW and declared.is_of_session


def _joined(conditions: list[str]) -> str:
    return "\n    AND ".join(conditions) or _ALL


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
