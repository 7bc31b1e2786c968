"""What a filter can be set to, with how many sessions each value has under the other filters."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.http import Http404, QueryDict

from botmeter.domain import text
from botmeter.reports.filter_values import FilterField, FilterValue, filter_values
from botmeter.web.components import Choice, FilterMenu
from botmeter.web.layout import Frame
from botmeter.web.pages.report.answered import PageContext
from botmeter.web.pages.report.filter_bar import LABELS
from botmeter.web.question import Question

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_SEARCH_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoicesPage:
    """A filter's choices."""

    frame: Frame
    label: str
    filter: FilterMenu
    search: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which choices are asked for.

    Attributes:
        search: What they have to fit; empty for all.
        is_for_rows: What is chosen leads to the underlying data rather than to the report.
    """

    field: FilterField
    search: str
    is_for_rows: bool


def wanted_choices(name: str, given: QueryDict) -> Wanted:
    """What a request to `filters/<name>` asks for."""
    search = given.get("search", "")[:_SEARCH_LENGTH_MAX]
    return Wanted(field=field_named(name), search=search, is_for_rows=given.get("for") == "rows")


def field_named(name: str) -> FilterField:
    """The filter of that name; 404 for none."""
    try:
        return FilterField(name)
    except ValueError:
        raise Http404 from None


def choices_page(ledger: "ReadableLedger", question: Question, *, wanted: Wanted, stage: PageContext) -> ChoicesPage:
    """The choices that fit the search, those that are chosen among them.

    Of a filter that is limited to some values, these alone.
    """
    field, search, places = wanted.field, wanted.search, stage.places
    address = question.address
    chosen = getattr(address.filters, field.value)
    limited = stage.access.fixed_values(field.value)
    query = question.query
    if limited:
        # Chosen values are always found, however many others there are.
        query = replace(query, filters=replace(query.filters, **{field.value: limited}))  # type: ignore[arg-type]
    found = filter_values(ledger, query, field=field, search=search)
    label = LABELS[field]
    lead = places.rows if wanted.is_for_rows else places.report
    menu = FilterMenu(
        label=label,
        name=field.value,
        action=lead(replace(address, filters=type(address.filters)())).partition("?")[0],
        choices=tuple(
            Choice(
                value=one.value,
                label=one.label,
                count=text.count_text(one.session_count),
                is_chosen=one.value in chosen,
            )
            for one in found.values
            if not limited or (one.value in limited and (one.value in chosen or _fits(one, search)))
        ),
        kept=tuple(pair for pair in address.pairs() if pair[0] != field.value),
        remove_href=lead(address.only(field.value)) if chosen else "",
        search_label=f"Find a {label.lower()}",
        search_href=places.choices(field.value, address),
        is_cut=found.is_cut and not limited,
    )
    return ChoicesPage(frame=stage.frame, label=label, filter=menu, search=search)


def _fits(value: FilterValue, search: str) -> bool:
    return search.casefold() in f"{value.value} {value.label}".casefold()
