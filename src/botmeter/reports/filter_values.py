"""Values of filters with sessions under the other filters."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from botmeter.domain.text import MASK
from botmeter.domain.week_hours import text_of_week_hour
from botmeter.ledger.statements import statements_of
from botmeter.reports.bot_names import BotNames, bot_names
from botmeter.reports.conditions import query_parameters, text_in_ledger, touchpoints_with
from botmeter.reports.cost_centres import cost_centre_counts
from botmeter.reports.counts import SplitCount, split
from botmeter.reports.facts import facts_of, session_groups
from botmeter.reports.filters import FilterDeclaration, FilterTarget
from botmeter.reports.hours import hour_counts
from botmeter.reports.matching import with_hour_steps
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import Snapshot, open_snapshot

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

sql = statements_of(__name__)

VALUES_MAX = 50
"""Most values in an answer, beside those that are chosen; to find others, people search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterValue:
    """One value; `session_count` is for this value alone, `label` a bot's name or the value."""

    value: str
    label: str
    session_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterValues:
    """Values of one filter, most sessions first, then by value, with all selected ones."""

    values: tuple[FilterValue, ...]
    is_cut: bool


def filter_values(
    ledger: "ReadableLedger",
    query: UsageQuery,
    *,
    declared: FilterDeclaration,
    search: str = "",
    is_excluded: bool = False,
) -> FilterValues:
    """Values of a filter under the query's other filters.

    Args:
        search: Text in the value or label, ignoring case; for customers and conversations an exact prefix,
            or beginning and end around `…`, as notes mask an id.
        is_excluded: List values for "is not", ignoring this filter; for "is", its "is not" still applies.
    """
    name, filters = declared.name, query.filters
    chosen = filters.excluded_values(name) if is_excluded else filters.values(name)
    others = replace(query, filters=filters.without(name) if is_excluded else filters.with_values(name, ()))
    with open_snapshot(ledger) as snapshot:
        known = _known_values(snapshot, others, declared=declared, chosen=chosen, search=search)
    matching = [one for one in known if declared.is_id or _contains(one, search.casefold())]
    listed = {one.value: one for one in sorted(matching, key=_most_first)[:VALUES_MAX]}
    value_of = {one.value: one for one in known}
    selected = {value: value_of.get(value, _value(value, 0)) for value in chosen}
    return FilterValues(
        values=tuple(sorted({**listed, **selected}.values(), key=_most_first)), is_cut=len(matching) > VALUES_MAX
    )


def bot_names_within(ledger: "ReadableLedger", query: UsageQuery) -> dict[str, str]:
    """Names of the query's bots, by id."""
    with open_snapshot(ledger) as snapshot:
        names = bot_names(snapshot)
        groups = session_groups(snapshot, query, parameters=query_parameters(query, snapshot))
        bots: list[SplitCount[str | None]] = split(groups, lambda touchpoint: touchpoint.bot_id)
        return {bot.key: names[bot.key] for bot in bots if bot.key is not None and bot.session_count}


def _known_values(
    snapshot: Snapshot, query: UsageQuery, *, declared: FilterDeclaration, chosen: tuple[str, ...], search: str
) -> list[FilterValue]:
    match declared.target:
        case FilterTarget.TOUCHPOINT | FilterTarget.OPENING:
            return _values_of_touchpoints(snapshot, query, declared=declared, chosen=chosen)
        case FilterTarget.PARTICIPATION:
            return _values_of_rows(snapshot, query, declared=declared, chosen=chosen, search=search)
        case FilterTarget.TICKET:
            return [_value(one.ticket_type, one.session_count) for one in facts_of(snapshot, query).tickets.by_type]
        case FilterTarget.COST_CENTRE:
            centres = cost_centre_counts(snapshot, query)
            return [_value(name, count) for name, count in centres.items() if name and count]
        case FilterTarget.HOUR:
            counts = hour_counts(snapshot, query).tolist()
            return [_value(text_of_week_hour(hour), count) for hour, count in enumerate(counts) if count]
        case _:
            assert_never(declared.target)


def _values_of_touchpoints(
    snapshot: Snapshot, query: UsageQuery, *, declared: FilterDeclaration, chosen: tuple[str, ...]
) -> list[FilterValue]:
    """All values, since they are few, and selected ones such as `orders/3.3`."""
    groups, touchpoints = (
        session_groups(snapshot, query, parameters=query_parameters(query, snapshot)),
        snapshot.touchpoints,
    )
    names = bot_names(snapshot) if declared.is_of_bots else BotNames()
    is_opening = declared.target is FilterTarget.OPENING
    by_value: list[SplitCount[str | None]] = split(groups, lambda touchpoint: getattr(touchpoint, declared.column))
    counts = {one.key: one.opened_count if is_opening else one.session_count for one in by_value}
    for text in set(chosen).difference(getattr(touchpoint, declared.column) for touchpoint in touchpoints):
        own = {touchpoints[number] for number in touchpoints_with(declared, (text,), touchpoints=touchpoints)}
        counts[text] = sum(one.session_count for one in split(groups, own.__contains__) if one.key)
    return [
        FilterValue(value=key, label=names[key], session_count=count)
        for key, count in counts.items()
        if key is not None and count
    ]


def _values_of_rows(
    snapshot: Snapshot, query: UsageQuery, *, declared: FilterDeclaration, chosen: tuple[str, ...], search: str
) -> list[FilterValue]:
    prefix, limit = (text_in_ledger(search), VALUES_MAX + 1) if declared.is_id else ("", None)
    if prefix is None:
        return []
    column, parameters = declared.column, query_parameters(query, snapshot)
    if column == "customer_id" and parameters["is_in_usage"]:
        statement = sql("ids_from_sessions", id=column)
    else:
        statement = sql("ids_from_rows", id=column, **parameters["conditions"])
        parameters = with_hour_steps(snapshot, parameters)
    texts = [value for value in chosen if text_in_ledger(value) is not None]
    head, _, tail = prefix.partition(MASK)
    searched = {"prefix": prefix, "head": head, "tail": tail, "among": None, "limit": limit}
    rows = snapshot.rows(statement, {**parameters, **searched})
    if texts:
        every = {"prefix": "", "head": "", "tail": "", "among": texts, "limit": len(texts)}
        rows += snapshot.rows(statement, {**parameters, **every})
    return [_value(value, count) for value, count in dict(rows).items()]


def _value(value: str, session_count: int) -> FilterValue:
    return FilterValue(value=value, label=value, session_count=session_count)


def _contains(one: FilterValue, text: str) -> bool:
    return text in one.value.casefold() or text in one.label.casefold()


def _most_first(one: FilterValue) -> tuple[int, str]:
    return -one.session_count, one.value
