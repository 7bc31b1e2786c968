"""What a filter can be set to: the values that have sessions under all other filters, most first."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from botmeter.ledger.statements import statements_of
from botmeter.reports.bot_names import bot_names
from botmeter.reports.counts import split
from botmeter.reports.facts import footprint_values, is_about_rows, session_groups
from botmeter.reports.matching import is_narrowed, run_matching
from botmeter.reports.query import UsageQuery
from botmeter.reports.snapshot import Snapshot, Values, snapshot, text_in_ledger, values_of

sql = statements_of(__name__)

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger
    from botmeter.metering.touchpoints import Touchpoint, Touchpoints

VALUES_MAX = 50
"""How many values are given, beside those that are chosen; for more, people search."""


class FilterField(StrEnum):
    """A filter, named as in `Filters`."""

    BOT = "bot"
    BOT_VERSION = "bot_version"
    CHANNEL = "channel"
    CUSTOMER = "customer"
    CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterValue:
    """One value.

    Attributes:
        label: What it is called: a bot's name, else the value.
        session_count: Sessions of the period that match if this filter is set to it alone.
    """

    value: str
    label: str
    session_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterValues:
    """Values of one filter, most sessions first, then by value.

    Attributes:
        values: Those that are chosen are always there, whatever is searched for and how few sessions they have.
        is_cut: There are more.
    """

    values: tuple[FilterValue, ...]
    is_cut: bool


_OF_PLACE: "dict[FilterField, Callable[[Touchpoint], str | None]]" = {
    FilterField.BOT: lambda place: place.bot_id,
    FilterField.BOT_VERSION: lambda place: place.bot_version,
    FilterField.CHANNEL: lambda place: place.channel,
}
_ID_COLUMNS = {FilterField.CUSTOMER: "customer_id", FilterField.CONVERSATION: "conversation_id"}


def filter_values(ledger: "ReadableLedger", query: UsageQuery, *, field: FilterField, search: str = "") -> FilterValues:
    """What `field` can be set to, beside the other filters of `ask`.

    Args:
        search: Text in the value or its label, in either case; of customers and conversations the
            text, as it is written, that the value starts with. Empty: all.
    """
    chosen: tuple[str, ...] = getattr(query.filters, field.value)
    # The field alone is taken back; every other filter stays.
    others = replace(query, filters=replace(query.filters, **{field.value: ()}))  # type: ignore[arg-type]
    with snapshot(ledger) as moment:
        if field in _ID_COLUMNS:
            found = _ids(moment, values_of(others, ledger.touchpoints), field=field, sought=(search, chosen))
        else:
            found = _places(moment, others, touchpoints=ledger.touchpoints, field=field)
    sought = search.casefold()
    fitting = [
        one for one in found if field in _ID_COLUMNS or sought in one.value.casefold() or sought in one.label.casefold()
    ]
    shown = {one.value: one for one in sorted(fitting, key=_most_first)[:VALUES_MAX]}
    known = {one.value: one for one in found}
    kept = {value: known.get(value, FilterValue(value=value, label=value, session_count=0)) for value in chosen}
    return FilterValues(
        values=tuple(sorted({**shown, **kept}.values(), key=_most_first)), is_cut=len(fitting) > VALUES_MAX
    )


def _places(
    moment: Snapshot, query: UsageQuery, *, touchpoints: "Touchpoints", field: FilterField
) -> list[FilterValue]:
    """Bots, versions or channels: they are few, so all of them."""
    groups = session_groups(moment, query, values=values_of(query, touchpoints))
    names = bot_names(moment) if field is FilterField.BOT else {}
    return [
        FilterValue(value=one.key, label=names.get(one.key, one.key), session_count=one.session_count)
        for one in split(groups, [_OF_PLACE[field](place) for place in touchpoints.all()])
        if one.key is not None and one.session_count
    ]


def _ids(
    moment: Snapshot, values: Values, *, field: FilterField, sought: tuple[str, tuple[str, ...]]
) -> list[FilterValue]:
    """Customers or conversations: the first that start so, and the chosen ones."""
    search, chosen = sought
    prefix = text_in_ledger(search)
    if prefix is None:
        return []
    from_sessions = field is FilterField.CUSTOMER and not is_about_rows(values)
    name = "ids_from_sessions" if from_sessions else "ids_from_rows"
    if is_narrowed(values):
        name = "ids_from_matching"
        run_matching(moment, values)
    statement = sql(name, id=_ID_COLUMNS[field])
    values = {**(footprint_values(moment, values) if from_sessions else values), "limit": VALUES_MAX + 1}
    texts = [value for value in chosen if text_in_ledger(value) is not None]
    rows = moment.rows(statement, {**values, "prefix": prefix, "among": None})
    if texts:
        rows += moment.rows(statement, {**values, "prefix": "", "among": texts, "limit": len(texts)})
    return [FilterValue(value=value, label=value, session_count=count) for value, count in dict(rows).items()]


def _most_first(one: FilterValue) -> tuple[int, str]:
    return -one.session_count, one.value
