"""Available values of filters: those with sessions under the other filters."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from botmeter.domain.week_hours import text_of_week_hour
from botmeter.ledger.statements import statements_of
from botmeter.reports.bot_names import bot_names
from botmeter.reports.conditions import text_in_ledger, touchpoints_with, values_of
from botmeter.reports.counts import split
from botmeter.reports.facts import facts_of, footprint_values, session_groups
from botmeter.reports.filters import FilterDeclaration, FilterTarget
from botmeter.reports.hours import hour_counts
from botmeter.reports.matching import with_hour_steps
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import Snapshot, snapshot

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger
    from botmeter.metering.touchpoints import Touchpoints

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
    """Return the values of a filter under the query's other filters.

    Args:
        search: Text in the value or label, ignoring case; for customers and conversations an exact prefix.
        is_excluded: List values for "is not", ignoring this filter; for "is", its "is not" still applies.
    """
    name, filters = declared.name, query.filters
    chosen = filters.excluded_values(name) if is_excluded else filters.values(name)
    others = replace(query, filters=filters.without(name) if is_excluded else filters.with_values(name, ()))
    with snapshot(ledger) as moment:
        listing = _Listing(
            moment=moment, query=others, touchpoints=ledger.touchpoints, declared=declared, chosen=chosen
        )
        found = listing.values(search)
    matching = [one for one in found if declared.target is FilterTarget.ROW or _contains(one, search.casefold())]
    shown = {one.value: one for one in sorted(matching, key=_most_first)[:VALUES_MAX]}
    known = {one.value: one for one in found}
    kept = {value: known.get(value, _value(value, 0)) for value in chosen}
    return FilterValues(
        values=tuple(sorted({**shown, **kept}.values(), key=_most_first)), is_cut=len(matching) > VALUES_MAX
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    moment: Snapshot
    query: UsageQuery
    touchpoints: "Touchpoints"
    declared: FilterDeclaration
    chosen: tuple[str, ...]

    def values(self, search: str) -> list[FilterValue]:
        match self.declared.target:
            case FilterTarget.TOUCHPOINT | FilterTarget.OPENING:
                return self._of_touchpoints()
            case FilterTarget.ROW:
                return self._of_rows(search)
            case FilterTarget.TICKET:
                tickets = facts_of(self.moment, self.query, touchpoints=self.touchpoints).tickets
                return [_value(ticket_type, session_count) for ticket_type, _, session_count in tickets.by_type]
            case FilterTarget.HOUR:
                counts = hour_counts(self.moment, self.query, touchpoints=self.touchpoints).tolist()
                return [_value(text_of_week_hour(hour), count) for hour, count in enumerate(counts) if count]
            case _:
                assert_never(self.declared.target)

    def _of_touchpoints(self) -> list[FilterValue]:
        """All values, since they are few, and selected ones such as `orders/3.3`."""
        declared, places = self.declared, self.touchpoints.all()
        groups = session_groups(self.moment, self.query, values=values_of(self.query, self.touchpoints))
        names = bot_names(self.moment) if declared.is_of_bots else {}
        keys: list[str | None] = [getattr(place, declared.column) for place in places]
        is_opening = declared.target is FilterTarget.OPENING
        counts = {one.key: one.opened_count if is_opening else one.session_count for one in split(groups, keys)}
        for text in set(self.chosen).difference(keys):
            numbers = touchpoints_with(declared, (text,), places=places)
            is_match = [number in numbers for number in range(len(places))]
            counts[text] = sum(one.session_count for one in split(groups, is_match) if one.key)
        return [
            FilterValue(value=key, label=names.get(key, key), session_count=count)
            for key, count in counts.items()
            if key is not None and count
        ]

    def _of_rows(self, search: str) -> list[FilterValue]:
        prefix, column = text_in_ledger(search), self.declared.column
        if prefix is None:
            return []
        values = values_of(self.query, self.touchpoints)
        if column == "customer_id" and not values["is_about_rows"]:
            statement, values = sql("ids_from_sessions", id=column), footprint_values(self.moment, values)
        else:
            statement = sql("ids_from_rows", id=column, row_conditions=values["row_conditions"])
            values = with_hour_steps(self.moment, values)
        texts = [value for value in self.chosen if text_in_ledger(value) is not None]
        rows = self.moment.rows(statement, {**values, "prefix": prefix, "among": None, "limit": VALUES_MAX + 1})
        if texts:
            rows += self.moment.rows(statement, {**values, "prefix": "", "among": texts, "limit": len(texts)})
        return [_value(value, count) for value, count in dict(rows).items()]


def _value(value: str, session_count: int) -> FilterValue:
    return FilterValue(value=value, label=value, session_count=session_count)


def _contains(one: FilterValue, text: str) -> bool:
    return text in one.value.casefold() or text in one.label.casefold()


def _most_first(one: FilterValue) -> tuple[int, str]:
    return -one.session_count, one.value
