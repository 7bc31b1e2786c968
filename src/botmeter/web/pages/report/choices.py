"""Choices of a filter, with session counts under the other filters."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from django.http import Http404, QueryDict

from botmeter.domain import text
from botmeter.reports.filter_values import FilterValue, filter_values
from botmeter.reports.filters import FilterDeclaration, filter_named
from botmeter.web.components import Choice, FilterMenu
from botmeter.web.layout import Frame
from botmeter.web.pages.report.contexts import PageContext
from botmeter.web.pages.report.filtered_page import FilteredPage, view_of_text
from botmeter.web.pages.report.widgets import widget_named
from botmeter.web.question import Question
from botmeter.web.report_address import EXCLUDE, MODE_SUFFIX

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_SEARCH_LENGTH_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoicesPage:
    """Filter's choices; `search_fields` are those of the form that searches them without scripts."""

    frame: Frame
    filter: FilterMenu
    search: str
    search_fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoicesRequest:
    """Requested choices.

    Attributes:
        widget: As in `FilteredPage`; so is `view`.
    """

    declared: FilterDeclaration
    is_excluded: bool
    search: str
    widget: str = ""
    view: tuple[tuple[str, str], ...] | None = None


def choices_request(name: str, parameters: QueryDict) -> ChoicesRequest:
    """Parse a request to `filters/<name>`; 404 for an unknown filter."""
    try:
        declared = filter_named(name)
    except KeyError:
        raise Http404 from None
    return ChoicesRequest(
        declared=declared,
        is_excluded=parameters.get("mode") == EXCLUDE,
        search=parameters.get("search", "")[:_SEARCH_LENGTH_MAX],
        widget=parameters.get("widget", ""),
        view=view_of_text(parameters.get("rows", "")),
    )


def choices_page(
    ledger: "ReadableLedger", question: Question, *, request: ChoicesRequest, page: PageContext
) -> ChoicesPage:
    """List chosen and matching values, for a restricted filter only allowed ones; 404 for an unknown widget."""
    if request.widget:
        widget_named(request.widget, page.access)
    declared, search, address = request.declared, request.search, question.address
    name, query = declared.name, question.query
    allowed = page.access.fixed_values(name)
    # Values that the page always excludes have no counts, so they are not offered.
    is_excluded = request.is_excluded and not page.access.is_fixed(name)
    if allowed:
        # Chosen values are always listed.
        query = replace(query, filters=query.filters.with_values(name, allowed))
    available = filter_values(ledger, query, declared=declared, search=search, is_excluded=is_excluded)
    picked, excluded = address.filters.values(name), address.filters.excluded_values(name)
    chosen, others = (excluded, picked) if is_excluded else (picked, excluded)
    parameter = declared.not_parameter if is_excluded else name
    here = FilteredPage(urls=page.urls, widget=request.widget, view=request.view)
    fields = tuple(pair for pair in address.pairs() if pair[0] != parameter)
    menu = FilterMenu(
        label=declared.label,
        # With both picked and excluded values, the form changes one kind and keeps the other.
        name=parameter if others else name,
        action=here.href(address.cleared()).partition("?")[0],
        choices=tuple(
            Choice(
                value=one.value,
                label=one.label,
                count=text.count_text(one.session_count),
                is_chosen=one.value in chosen,
            )
            for one in available.values
            if not allowed or (one.value in allowed and (one.value in chosen or _matches(one, search)))
        ),
        hidden_fields=(*fields, *here.form_fields),
        parameter=parameter,
        mode_name="" if others or allowed else name + MODE_SUFFIX,
        is_excluded=is_excluded,
        remove_href=here.href(address.removing(name, is_excluded=is_excluded)) if chosen else "",
        search_label=f"Search {declared.label.lower()}s",
        search_href=here.choices_href(name, address, is_excluded=is_excluded),
        is_cut=available.is_cut and not allowed,
    )
    return ChoicesPage(frame=page.frame, filter=menu, search=search, search_fields=(*fields, *here.choices_fields))


def _matches(value: FilterValue, search: str) -> bool:
    return search.casefold() in f"{value.value} {value.label}".casefold()
